"""How many cyclic frames are on the bus, and when: the kernel's and those of the thread alike."""

from __future__ import annotations

from copy import copy
from time import time_ns
from typing import NamedTuple

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, receive
from tests.kernel.cyclic import (
    ENGINES,
    MS,
    ROOM,
    OpenBus,
    by_id,
    frame,
    frames_since,
    gaps_ns,
    number_in,
    receive_of,
)

FOREVER = 1000.0  # seconds; what does not come at once does not come in the time of a test


def _sequence(frames: int) -> tuple[can.Message, ...]:
    """Frames that carry their numbers."""
    return tuple(can.Message(data=number.to_bytes(2, "big")) for number in range(frames))


def _fd(frames: int, size: int) -> tuple[can.Message, ...]:
    return tuple(
        can.Message(is_fd=True, data=bytes(size - 2) + number.to_bytes(2, "big"))
        for number in range(frames)
    )


def _content(msg: can.Message) -> tuple[object, ...]:
    return bytes(msg.data), msg.dlc, msg.is_fd, msg.is_remote_frame


class Plan(NamedTuple):
    """What is asked for, and how many frames that is, counted by hand."""

    frames: int
    period: float
    duration: float | None = None
    limit: int | None = None
    messages: tuple[can.Message, ...] = (can.Message(data=bytes(2)),)


PLANS = [
    Plan(3, 0.1, 0.3),
    Plan(3, 0.2, 0.6),
    Plan(3, 0.4, 1.2),
    Plan(7, 0.1, 0.7),
    Plan(1, 0.1, 0.1),
    Plan(1, 0.1, 0.05),
    Plan(1, 0.1, 1e-9),
    Plan(1, 0.001, 0.001),
    Plan(50, 0.001, 0.05),
    Plan(100, 0.001, 0.1),
    Plan(11, 0.01, 0.105),
    Plan(20, 0.01, 0.2),
    Plan(10, 0.03, 0.3),
    Plan(7, 0.07, 0.49),
    Plan(4, 0.0333, 0.1),
    Plan(1, 0.001, limit=1),
    Plan(1, FOREVER, limit=1),
    Plan(2, 0.001, limit=2),
    Plan(257, 0.001, limit=257),
    Plan(100, 0.0001, limit=100),
    Plan(10, 0.01, limit=10, messages=_sequence(3)),
    Plan(2, 0.01, limit=2, messages=_sequence(3)),
    Plan(6, 0.01, 0.06, messages=_sequence(3)),
    Plan(300, 0.001, limit=300, messages=_sequence(256)),
    Plan(20, 0.005, limit=20, messages=_fd(1, 64)),
    Plan(5, 0.02, 0.1, messages=_fd(1, 8)),
    Plan(5, 0.02, limit=5, messages=_fd(2, 12)),
    Plan(300, 0.001, limit=300, messages=_fd(256, 64)),
    Plan(3, 0.01, limit=3, messages=(can.Message(is_remote_frame=True, dlc=4),)),
    Plan(3, 0.01, limit=3, messages=(can.Message(),)),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_number_of_frames_is_exact_and_exact_again(open_bus: OpenBus, engine: str) -> None:
    assert len(PLANS) == 30
    sender, listener = open_bus(fd=True), open_bus(fd=True, rcvbuf=ROOM)
    tasks = []
    for place, plan in enumerate(PLANS):
        messages = [copy(msg) for msg in plan.messages]
        for msg in messages:
            msg.arbitration_id = 0x1000 + place
        tasks.append(
            sender.send_periodic(
                messages,
                plan.period,
                plan.duration,
                count=plan.limit,
                engine=engine,
                autostart=False,
            )
        )
    for _ in range(2):
        for task in tasks:
            task.start()
        for task in tasks:
            assert task.wait(PATIENCE), task
            assert (task.engine, task.done, task.error) == (engine, True, None)
        came = by_id(frames_since(sender, listener))
        for place, plan in enumerate(PLANS):
            sent = plan.messages
            wanted = [sent[number % len(sent)] for number in range(plan.frames)]
            got = came.pop(0x1000 + place)
            assert len(got) == plan.frames, plan
            assert [_content(msg) for msg in got] == [_content(msg) for msg in wanted]
        assert not came


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("count", [1, 4])
def test_a_task_of_two_rates_changes_after_its_count(
    open_bus: OpenBus, engine: str, count: int
) -> None:
    sender, listener = open_bus(), open_bus()
    before = time_ns()
    task = sender.send_periodic(frame(), 0.05, count=count, subsequent_period=0.002, engine=engine)
    got = [receive(listener) for _ in range(count + 50)]
    assert not task.done
    late = [msg.timestamp_ns - before for msg in got]
    assert late[count - 1] >= (count - 1) * 50 * MS
    assert all(now >= (count - 1) * 50 * MS + n * 2 * MS for n, now in enumerate(late[count - 1 :]))
    assert late[-1] - late[count - 1] < 50 * 50 * MS  # at the first rate it would be that


@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_frame_comes_at_once_and_none_before_its_time(
    open_bus: OpenBus, engine: str
) -> None:
    sender, listener = open_bus(), open_bus()
    slow = sender.send_periodic(frame(7), FOREVER, engine=engine)
    assert number_in(receive(listener)) == 7
    slow.stop()
    before = time_ns()
    task = sender.send_periodic(frame(), 0.01, count=30, engine=engine)
    assert task.wait(PATIENCE)
    got = frames_since(sender, listener)
    late = [msg.timestamp_ns - before for msg in got]
    assert all(now >= number * 10 * MS for number, now in enumerate(late))
    assert late[-1] < 5 * 290 * MS
    if engine == "bcm":  # which never catches up
        assert min(gaps_ns(got)) >= 10 * MS


@pytest.mark.parametrize("engine", ENGINES)
def test_two_tasks_send_the_same_id_and_one_stops(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus()
    one, two = (sender.send_periodic(frame(n), 0.002, engine=engine) for n in (1, 2))
    receive_of(listener, 1, 3)
    receive_of(listener, 2, 3)
    one.stop()
    frames_since(sender, listener)
    assert {number_in(receive(listener)) for _ in range(5)} == {2}
    assert (one.done, two.done) == (True, False)


@pytest.mark.parametrize("engine", ENGINES)
def test_starting_and_stopping_any_number_of_times(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus()
    task = sender.send_periodic(frame(), FOREVER, engine=engine, autostart=False)
    task.stop()
    assert task.wait(0)
    assert frames_since(sender, listener) == []
    for _ in range(3):
        task.start()
        task.start()
        receive(listener)
        assert not task.done
        task.stop()
        task.stop()
        assert (task.done, task.error) == (True, None)
        assert frames_since(sender, listener) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_new_data_neither_sends_a_frame_nor_moves_the_next(open_bus: OpenBus, engine: str) -> None:
    """If it did move it, no frame would ever come here: each would be put off."""
    sender, listener = open_bus(), open_bus()
    before = time_ns()
    task = sender.send_periodic(frame(0), 0.2, engine=engine)
    got, changes = [receive(listener)], 0
    while len(got) < 5:
        assert changes < PATIENCE / 0.02
        changes += 1
        task.modify_data(frame(changes))
        msg = listener.recv(0.02)
        if msg is not None:
            assert number_in(msg) in (changes - 1, changes)
            got.append(msg)
    assert changes > 5
    assert all(msg.timestamp_ns - before >= n * 200 * MS for n, msg in enumerate(got))


@pytest.mark.parametrize("engine", ENGINES)
def test_new_data_goes_on_where_a_sequence_was(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus()
    task = sender.send_periodic([frame(n) for n in range(3)], 0.05, engine=engine)
    assert [number_in(receive(listener)) for _ in range(2)] == [0, 1]
    task.modify_data([frame(n) for n in range(10, 13)])
    got = [number_in(receive(listener)) for _ in range(6)]
    assert [number % 10 for number in got] == [2, 0, 1, 2, 0, 1]
    assert got[-5:] == [10, 11, 12, 10, 11]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_period_begins_after_the_frame_that_is_due(open_bus: OpenBus, engine: str) -> None:
    sender, listener = open_bus(), open_bus()
    before = time_ns()
    task = sender.send_periodic(frame(), 0.3, count=50, engine=engine)
    first = receive(listener)
    task.modify_period(0.001)
    assert task.wait(PATIENCE)
    got = [first, *frames_since(sender, listener)]
    assert len(got) == 1 + 50  # all of the count anew
    late = [msg.timestamp_ns - before for msg in got]
    assert late[1] >= 300 * MS
    assert late[-1] - late[1] < 50 * 300 * MS / 5
    assert (task.period, task.error) == (0.001, None)
