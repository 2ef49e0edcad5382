"""Cyclic tasks and watches where an interface is renamed, and another one has its name."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import canbus as can
from canbus.links import create_vcan, delete_link, set_down, set_up
from canbus.testing.support import PATIENCE, receive
from tests.kernel.cyclic import ENGINES, OpenBus, frame, frames_since, number_in


@pytest.fixture
def link(vcan: str) -> Iterator[str]:
    """A link that the test may rename and remove, up; so are those beside it that it makes."""
    name = f"{vcan[:8]}x"
    create_vcan(name)
    yield name
    for one in (name, f"{name}r"):
        subprocess.run(["ip", "link", "del", one], check=False, capture_output=True)


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _rename(link: str) -> str:
    """Give a link another name, and make a new one of the old; returns the other name."""
    set_down(link)
    subprocess.run(["ip", "link", "set", link, "name", f"{link}r"], check=True)
    set_up(f"{link}r")
    create_vcan(link)
    return f"{link}r"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bus_on_one_interface_stays_there(link: str, open_bus: OpenBus, engine: str) -> None:
    bus = open_bus(link)
    bus.send_periodic(frame(1), 100, engine=engine).stop()
    renamed = _rename(link)
    listener, stranger = open_bus(renamed), open_bus(link)
    bus.send_periodic(frame(2), 100, engine=engine)
    assert number_in(receive(listener)) == 2
    assert frames_since(open_bus(link), stranger) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bus_on_all_goes_by_the_name(link: str, open_bus: OpenBus, engine: str) -> None:
    bus = open_bus("")
    msg = frame(1)
    msg.channel = link
    bus.send_periodic(msg, 100, engine=engine).stop()
    renamed = _rename(link)
    listener, stranger = open_bus(link), open_bus(renamed)
    task = bus.send_periodic(msg, 100, engine=engine)
    assert number_in(receive(listener)) == 1
    assert frames_since(open_bus(renamed), stranger) == []
    task.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bus_that_is_opened_anew_goes_by_the_name(
    link: str, open_bus: OpenBus, engine: str
) -> None:
    bus = open_bus(link)
    bus.send_periodic(frame(1), 100, engine=engine).stop()
    renamed = _rename(link)
    bus.reopen()
    listener, stranger = open_bus(link), open_bus(renamed)
    bus.send_periodic(frame(2), 100, engine=engine)
    assert number_in(receive(listener)) == 2
    assert frames_since(open_bus(renamed), stranger) == []


def test_watches_of_a_renamed_interface_share_a_socket(link: str, open_bus: OpenBus) -> None:
    bus = open_bus(link)
    bus.watch(1).stop()
    renamed = _rename(link)
    sender = open_bus(renamed)
    before = _descriptors(), threading.active_count()
    for _ in range(30):
        with bus.watch(0x123) as watch:
            sender.send(frame(3))
            event = watch.get(PATIENCE)
            assert event is not None
            assert event.kind is can.WatchKind.FIRST
    assert _descriptors() <= before[0] + 2
    assert threading.active_count() <= before[1] + 1
    delete_link(renamed)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_link_that_just_went_down_is_noticed_beside_a_busy_thread(
    link: str, open_bus: OpenBus, engine: str
) -> None:
    """The thread that is told has no chance to run before; the task asks itself."""
    bus = open_bus(link)
    task = bus.send_periodic(frame(), 0.001, count=1, engine=engine)
    assert task.wait(PATIENCE)
    busy = threading.Event()

    def compute() -> None:
        while not busy.is_set():
            pass

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        for _ in range(10):
            set_down(link)
            with pytest.raises(can.CanLinkDownError):
                task.start()
            set_up(link)
            task.start()
            assert task.wait(PATIENCE)
            assert task.error is None
    finally:
        busy.set()
        thread.join()
