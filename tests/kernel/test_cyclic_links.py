"""Cyclic tasks on links that are down, come up, vanish and come back; on a bus of all links."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

import canbus as can
from canbus.links import create_vcan, delete_link, set_down, set_up
from canbus.testing.support import PATIENCE, receive
from tests.kernel.cyclic import ENGINES, OpenBus, frame, frames_since, number_in

pytestmark = pytest.mark.parametrize("engine", ENGINES)


@pytest.fixture
def link(vcan: str) -> Iterator[str]:
    """A link that the test may remove, up."""
    name = f"{vcan}e"
    create_vcan(name)
    yield name
    subprocess.run(["ip", "link", "del", name], check=False, capture_output=True)


def test_a_link_that_is_down_is_said_at_the_call(link: str, open_bus: OpenBus, engine: str) -> None:
    bus = open_bus(link)
    task = bus.send_periodic(frame(), 0.001, engine=engine, autostart=False)
    set_down(link)
    for _ in range(2):
        with pytest.raises(can.CanLinkDownError, match=link) as caught:
            bus.send_periodic(frame(), 0.001, engine=engine)
        assert caught.value.hint
        with pytest.raises(can.CanLinkDownError):
            task.start()
        assert task.done
    set_up(link)
    listener = open_bus(link)
    task.start()
    assert number_in(receive(listener)) == 0


def test_tasks_go_on_when_the_link_is_up_again_and_say_so_once(
    link: str, open_bus: OpenBus, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    bus = open_bus(link)
    tasks = [bus.send_periodic(frame(number), 0.005, engine=engine) for number in range(3)]
    with caplog.at_level(logging.WARNING, logger="canbus"):
        for rounds in (1, 2):
            set_down(link)
            deadline = monotonic() + PATIENCE
            while len(caplog.records) < rounds:
                assert monotonic() < deadline
                assert not tasks[0].wait(0.01)
            assert not tasks[0].wait(0.1)  # twenty periods, and nothing more is said
            set_up(link)
            listener = open_bus(link)
            seen: set[int] = set()
            while seen != {0, 1, 2}:
                seen.add(number_in(receive(listener)))
            told = [record.getMessage() for record in caplog.records]
            assert len(told) == rounds, told
            assert "is down" in told[-1]
            assert link in told[-1]
    assert all(not task.done for task in tasks)


@pytest.mark.parametrize("goes_on", [True, False])
def test_on_error_is_told_of_a_link_that_is_down_and_decides(
    link: str, open_bus: OpenBus, engine: str, goes_on: bool
) -> None:
    bus = open_bus(link)
    told: list[Exception] = []
    is_told = threading.Event()

    def decide(exc: Exception) -> bool:
        told.append(exc)
        is_told.set()
        return goes_on

    task = bus.send_periodic(frame(), 0.01, engine=engine, on_error=decide)
    set_down(link)
    assert is_told.wait(PATIENCE)
    if goes_on:
        assert not task.wait(0.05)
        set_up(link)
        receive(open_bus(link))
        assert not task.done
    else:
        assert task.wait(PATIENCE)
        assert task.error is told[0]
        set_up(link)
        listener = open_bus(link)
        assert listener.recv(0.05) is None
        assert len(told) == 1
        task.start()
        receive(listener)
        assert task.error is None
    assert all(isinstance(exc, can.CanLinkDownError) and link in str(exc) for exc in told)


def test_an_error_in_on_error_ends_the_task_with_it(
    link: str, open_bus: OpenBus, engine: str
) -> None:
    def fail(exc: Exception) -> bool:
        raise KeyError(f"{exc}")

    bus = open_bus(link)
    task = bus.send_periodic(frame(), 0.01, engine=engine, on_error=fail)
    other = bus.send_periodic(frame(1), 0.01, engine=engine)
    set_down(link)
    assert task.wait(PATIENCE)
    assert isinstance(task.error, KeyError)
    set_up(link)
    listener = open_bus(link)
    assert {number_in(receive(listener)) for _ in range(5)} == {1}
    assert not other.done


def test_a_link_that_is_removed_ends_its_tasks_until_the_bus_is_opened_anew(
    link: str, open_bus: OpenBus, engine: str
) -> None:
    bus = open_bus(link)
    tasks = [bus.send_periodic(frame(number), 0.005, engine=engine) for number in range(3)]
    for _ in range(2):
        delete_link(link)
        for task in tasks:
            assert task.wait(PATIENCE)
            assert isinstance(task.error, can.CanChannelNotFoundError)
            assert link in str(task.error)
            with pytest.raises(can.CanChannelNotFoundError):
                task.start()
        with pytest.raises(can.CanChannelNotFoundError):
            bus.send_periodic(frame(), 0.005, engine=engine)
        create_vcan(link)
        with pytest.raises(can.CanChannelNotFoundError):
            tasks[0].start()
        bus.reopen()
        listener = open_bus(link)
        assert listener.recv(0.02) is None
        for task in tasks:
            task.start()
            assert task.error is None
        seen: set[int] = set()
        while seen != {0, 1, 2}:
            seen.add(number_in(receive(listener)))


def test_tasks_outlive_that_their_bus_is_opened_anew(open_bus: OpenBus, engine: str) -> None:
    bus, listener = open_bus(), open_bus()
    task = bus.send_periodic(frame(), 0.002, engine=engine)
    for _ in range(10):
        receive(listener)
        bus.reopen()
    frames_since(bus, listener)
    receive(listener)
    assert not task.done
    task.stop()
    frames_since(bus, listener)
    assert listener.recv(0.02) is None


def test_a_bus_of_all_links_sends_where_the_frame_says(
    vcan: str, link: str, open_bus: OpenBus, engine: str
) -> None:
    bus = open_bus("")
    listeners = {name: open_bus(name) for name in (vcan, link)}
    with pytest.raises(can.CanConfigError, match="does not say which"):
        bus.send_periodic(frame(), 0.001, engine=engine)
    messages = {name: frame(number) for number, name in enumerate(listeners, 1)}
    for name, msg in messages.items():
        msg.channel = name
    tasks = [bus.send_periodic(msg, 0.002, engine=engine) for msg in messages.values()]
    assert {task.engine for task in tasks} == {engine}
    for number, listener in enumerate(listeners.values(), 1):
        assert {number_in(receive(listener)) for _ in range(20)} == {number}
    tasks[0].stop()
    send_to, other = open_bus(vcan), open_bus(link)
    frames_since(send_to, listeners[vcan])
    assert listeners[vcan].recv(0.02) is None
    frames_since(other, listeners[link])
    assert number_in(receive(listeners[link])) == 2

    nowhere = frame()
    nowhere.channel = "nosuchlink"
    with pytest.raises(can.CanChannelNotFoundError, match="nosuchlink"):
        bus.send_periodic(nowhere, 0.001, engine=engine)
    delete_link(link)
    assert tasks[1].wait(PATIENCE)
    assert isinstance(tasks[1].error, can.CanChannelNotFoundError)
    tasks[0].start()
    assert number_in(receive(listeners[vcan])) == 1


def test_frames_of_one_task_cannot_go_to_two_links(
    vcan: str, link: str, open_bus: OpenBus, engine: str
) -> None:
    bus, listener = open_bus(""), open_bus(vcan)
    one, two = frame(1), frame(2)
    one.channel, two.channel = vcan, link
    with pytest.raises(can.CanConfigError, match="same channel"):
        bus.send_periodic([one, two], 0.001, engine=engine)
    bus.send_periodic(one, 0.002, engine=engine)
    assert number_in(receive(listener)) == 1
