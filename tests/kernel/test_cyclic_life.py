"""Cyclic tasks by the thousand, and the ends that they come to: none outlives its bus."""

from __future__ import annotations

import random
import socket
import struct
import threading
from pathlib import Path
from time import monotonic, time_ns
from typing import Any

import pytest

import canbus as can
from canbus.backends.socketcan import constants as c
from canbus.links import set_down, set_up
from canbus.testing.support import PATIENCE, Worker, receive
from tests.kernel.cyclic import ENGINES, MS, ROOM, OpenBus, by_id, frame, frames_since, number_in
from tests.scale import SOAK

MANY = 1000
FOREVER = 1000.0


def _descriptors() -> dict[str, str]:
    found = {path.name: path for path in Path("/proc/self/fd").iterdir()}
    return {name: str(path.readlink()) for name, path in found.items() if path.is_symlink()}


def _threads() -> set[threading.Thread]:
    """Those that run; the kernel lets go of one a moment after Python does."""
    return set(threading.enumerate())


def _receive_each(listener: can.BusABC, ids: set[int]) -> set[int]:
    """Receive until each id has come twice; returns all that came."""
    left = dict.fromkeys(ids, 2)
    came = set()
    while left:
        arbitration_id = receive(listener).arbitration_id
        came.add(arbitration_id)
        left[arbitration_id] = left.get(arbitration_id, 0) - 1
        if left[arbitration_id] <= 0:
            del left[arbitration_id]
    return came


@pytest.mark.parametrize(
    ("engine", "opened"), [("bcm", ["anon_inode:[eventfd]", "socket"]), ("thread", [])]
)
def test_a_thousand_tasks_have_one_thread_and_go_when_the_bus_goes(
    vcan: str, open_bus: OpenBus, engine: str, opened: list[str]
) -> None:
    listener = open_bus(rcvbuf=4 * ROOM)
    at_first = (_descriptors(), _threads())
    bus = can.Bus(vcan, interface="socketcan")
    before, threads = _descriptors(), _threads()
    ids = {0x100 + number for number in range(MANY)}
    tasks = {one: bus.send_periodic(frame(0, one), 0.3, engine=engine) for one in ids}
    assert {task.engine for task in tasks.values()} == {engine}
    fresh = _descriptors().items() - before.items()
    assert sorted(kind.split(":[")[0] if "socket" in kind else kind for _, kind in fresh) == opened
    assert len(_threads() - threads) == 1

    assert _receive_each(listener, ids) == ids
    tasks[0x200].stop()
    frames_since(bus, listener)
    others = ids - {0x200}
    assert _receive_each(listener, others) == others
    assert [one for one, task in tasks.items() if task.done] == [0x200]

    bus.shutdown()
    assert all(task.done and task.error is None for task in tasks.values())
    assert (_descriptors(), _threads()) == at_first
    frames_since(open_bus(), listener)
    assert listener.recv(0.9) is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_thousand_tasks_that_end_at_once_are_all_done(open_bus: OpenBus, engine: str) -> None:
    bus, listener = open_bus(), open_bus(rcvbuf=4 * ROOM)
    tasks = [
        bus.send_periodic(frame(0, 0x100 + number), 0.2, count=2, engine=engine)
        for number in range(MANY)
    ]
    assert all(task.wait(PATIENCE) for task in tasks)
    assert all(task.error is None for task in tasks)
    assert [len(got) for got in by_id(frames_since(bus, listener)).values()] == [2] * MANY


def _dropped(sock: socket.socket) -> int:
    sizes = sock.getsockopt(c.SOL_SOCKET, c.SO_MEMINFO, 4 * c.SK_MEMINFO_VARS)
    return int(struct.unpack(f"={c.SK_MEMINFO_VARS}I", sizes)[c.SK_MEMINFO_DROPS])


def test_no_end_is_missed_when_the_kernel_drops_its_notices(vcan: str, open_bus: OpenBus) -> None:
    """Who reads them is kept busy by a callback until the buffer is full; then it asks."""
    bus: Any = open_bus()
    inside, leave = threading.Event(), threading.Event()

    def keep_busy(exc: Exception) -> bool:
        inside.set()
        return leave.wait(PATIENCE)

    busy = bus.send_periodic(frame(0, 1), FOREVER, on_error=keep_busy, engine="bcm")
    set_down(vcan)
    assert inside.wait(PATIENCE)
    set_up(vcan)
    listener = open_bus(rcvbuf=4 * ROOM)
    sock = bus._senders[vcan]._socket._socket
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the least that there is
    tasks = [
        bus.send_periodic(
            frame(0, 0x100 + number), 0.001 * (1 + number % 300), count=2, engine="bcm"
        )
        for number in range(MANY)
    ]
    deadline = monotonic() + PATIENCE
    while not _dropped(sock):
        assert monotonic() < deadline
    leave.set()
    assert all(task.wait(PATIENCE) for task in tasks)
    assert all(task.error is None for task in tasks)
    assert _dropped(sock) > 100
    assert not busy.done
    counts = {one: len(got) for one, got in by_id(frames_since(bus, listener)).items()}
    assert counts == {0x100 + number: 2 for number in range(MANY)}


@pytest.mark.parametrize("engine", ENGINES)
def test_no_frame_leaves_after_stop(open_bus: OpenBus, engine: str) -> None:
    bus, listener = open_bus(), open_bus()
    chance = random.Random(1)
    for number in range(300 * SOAK):
        task = bus.send_periodic(frame(number % 1000), 0.0003, engine=engine)
        for _ in range(chance.randrange(1, 4)):
            assert number_in(receive(listener)) == number % 1000
        for _ in range(chance.randrange(3000)):
            pass
        task.stop()
        assert {number_in(msg) for msg in frames_since(bus, listener)} <= {number % 1000}
        assert listener.recv(0) is None
    assert listener.recv(0.01) is None


@pytest.mark.parametrize("engine", ENGINES)
def test_shutdown_beside_a_thread_that_starts_tasks(
    vcan: str, open_bus: OpenBus, engine: str
) -> None:
    listener, other = open_bus(on_loss="count"), open_bus()
    chance = random.Random(2)
    before = (_descriptors(), _threads())
    for _ in range(30 * SOAK):
        bus = can.Bus(vcan, interface="socketcan")
        tasks: list[can.CyclicSendTask] = []

        def start(bus: can.BusABC = bus, tasks: list[can.CyclicSendTask] = tasks) -> None:
            while True:
                tasks.append(bus.send_periodic(frame(), 0.001, engine=engine))

        starter = Worker(start)
        receive(listener)
        for _ in range(chance.randrange(20_000)):
            pass
        bus.shutdown()
        assert isinstance(starter.error(), can.CanClosedError)
        assert all(task.done and task.error is None for task in tasks)
        while listener.recv_many(4096, 0):  # or the marker may find no room
            pass
        frames_since(other, listener)
        assert listener.recv(0.005) is None
        assert (_descriptors(), _threads()) == before


def test_no_busy_interpreter_delays_the_frames_of_the_kernel(open_bus: OpenBus) -> None:
    bus, listener = open_bus(), open_bus(rcvbuf=ROOM)
    task = bus.send_periodic(frame(), 0.002, engine="bcm")
    begin = time_ns()
    while time_ns() - begin < 300 * MS:
        _ = 7**50_000 % 11  # one call of C, which lets no other thread run
    end = time_ns()
    task.stop()
    meanwhile = [m for m in frames_since(bus, listener) if begin < m.timestamp_ns < end]
    assert len(meanwhile) > (end - begin) / (2 * MS) / 5
