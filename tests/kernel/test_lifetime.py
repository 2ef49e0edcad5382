"""The life of a socketcan bus: forks, links that go, shutdown beside threads, long waits."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus.filters import CanFilter
from canbus.links import create_vcan, delete_link, list_links, set_down
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)
from tests.scale import SOAK

LONG = [3e6, 1e12, 1e300, float("inf")]


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


def _flood(bus: can.BusABC) -> None:
    while True:
        bus.send(numbered(1), timeout=0)


def _run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
    )


# -- fork ---------------------------------------------------------------------------------

_FORK = """
import os, sys, time
import canbus as can
bus, other = (can.Bus(sys.argv[1], interface="socketcan") for _ in range(2))
pid = os.fork()
if pid == 0:
    {child}
assert os.waitpid(pid, 0)[1] == 0
for _ in range(2):
    started = time.monotonic()
    assert bus.recv(0.5) is None
    assert 0.5 <= time.monotonic() - started < 10
other.send(can.Message(arbitration_id=1))
assert bus.recv(10).arbitration_id == 1
other.send(can.Message(arbitration_id=2))
assert bus.recv(0).arbitration_id == 2
bus.shutdown(), other.shutdown()
print("unharmed")
"""


@pytest.mark.parametrize("child", ["bus.shutdown(); os._exit(0)", "sys.exit(0)"])
def test_a_forked_child_leaves_the_bus_of_its_parent_alone(vcan: str, child: str) -> None:
    done = _run(_FORK.format(child=child), vcan)
    assert done.stdout == "unharmed\n", done.stderr


def test_a_forked_child_can_go_on_with_the_bus_that_its_parent_closed(vcan: str) -> None:
    code = """
import os, sys, time
import canbus as can
bus, other = (can.Bus(sys.argv[1], interface="socketcan") for _ in range(2))
pid = os.fork()
if pid:
    bus.shutdown(), other.shutdown()
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
os.write(1, b"child\\n")
other.send(can.Message(arbitration_id=1))
assert bus.recv(10).arbitration_id == 1
bus.shutdown(), other.shutdown()
"""
    done = _run(code, vcan)
    assert (done.returncode, done.stdout) == (0, "child\n"), done.stderr


# -- cyclic tasks -------------------------------------------------------------------------


def test_a_task_can_be_started_as_soon_as_its_last_frame_was_received(
    open_bus: Callable[..., can.BusABC],
) -> None:
    sender, receiver = open_bus(), open_bus()
    task = sender.send_periodic(numbered(1), 0.001, duration=0.001, autostart=False)
    for _ in range(100 * SOAK):
        task.start()
        receive(receiver)
    task.stop()
    assert receiver.recv(0) is None


def test_a_task_cannot_be_started_after_shutdown(open_bus: Callable[..., can.BusABC]) -> None:
    bus, receiver = open_bus(), open_bus()
    task = bus.send_periodic(numbered(1), 0.001, autostart=False)
    bus.shutdown()
    with pytest.raises(can.CanClosedError):
        task.start()
    assert task.wait(0)
    assert receiver.recv(0) is None


def test_a_task_may_be_shown_and_waited_for_in_its_own_callback(
    open_bus: Callable[..., can.BusABC],
) -> None:
    sender, receiver = open_bus(), open_bus()
    ready = threading.Event()
    shown: list[str] = []

    def callback(msg: can.Message) -> None:
        ready.wait(PATIENCE)
        shown.append(f"{task} {task.wait()}")

    task = sender.send_periodic(numbered(1), 0.001, duration=0.003, modifier_callback=callback)
    ready.set()
    for _ in range(3):
        receive(receiver)
    assert task.wait(PATIENCE)
    assert task.error is None
    assert len(shown) == 3
    assert all("running" in text and text.endswith("False") for text in shown)


def test_shutdown_closes_before_it_waits_for_a_callback_that_blocks(vcan: str) -> None:
    before = _descriptors()
    inside, leave = threading.Event(), threading.Event()

    def callback(msg: can.Message) -> None:
        inside.set()
        leave.wait(PATIENCE)

    bus = can.Bus(vcan, interface="socketcan")
    readers = [Worker(lambda: bus.recv(None)) for _ in range(4)]
    bus.send_periodic(numbered(1), 0.001, modifier_callback=callback)
    assert inside.wait(PATIENCE)
    wait_until_blocked(*readers)
    closing = Worker(bus.shutdown)
    try:
        assert all(isinstance(reader.error(), can.CanClosedError) for reader in readers)
        assert _descriptors() == before
    finally:
        leave.set()
    closing.result()


# -- links that go ------------------------------------------------------------------------


@pytest.fixture
def own_link(vcan: str) -> Iterator[str]:
    """The name of a link that the test removes."""
    name = f"{vcan}x"
    create_vcan(name)
    yield name
    if name in [link.name for link in list_links()]:
        delete_link(name)


def _is_gone(error: BaseException | None, name: str) -> bool:
    return (
        isinstance(error, can.CanChannelNotFoundError)
        and issubclass(type(error), can.CanOperationError)
        and issubclass(type(error), OSError)
        and name in str(error)
    )


@pytest.mark.parametrize("down_first", [False, True])
@pytest.mark.parametrize("round_", range(5))
def test_a_link_that_is_removed_is_an_error_for_everybody_and_for_good(
    own_link: str, down_first: bool, round_: int
) -> None:
    with can.Bus(own_link, interface="socketcan") as bus:
        readers = [Worker(bus.recv) for _ in range(4)]
        wait_until_blocked(*readers)
        if down_first:
            set_down(own_link)
        delete_link(own_link)

        errors = [reader.error() for reader in readers]
        # A link goes down before it goes away, and some may look in between.
        down = [error for error in errors if isinstance(error, can.CanLinkDownError)]
        assert sum(_is_gone(error, own_link) for error in errors) == 4 - len(down)

        uses: list[Callable[[], object]] = [
            lambda: bus.recv(0),
            lambda: bus.recv(0.01),
            lambda: bus.recv(None),
            lambda: next(iter(bus)),
            lambda: bus.send(numbered(1)),
            lambda: bus.send(numbered(1), timeout=0),
        ]
        for use in uses:
            with pytest.raises(can.CanChannelNotFoundError, match=own_link):
                use()
            assert _is_gone(Worker(use).error(), own_link)
    with pytest.raises(can.CanClosedError):
        bus.recv(0)


def test_a_link_that_is_removed_and_made_again_does_not_bring_the_bus_back(own_link: str) -> None:
    with can.Bus(own_link, interface="socketcan") as bus:
        delete_link(own_link)
        create_vcan(own_link)
        for _ in range(2):
            with pytest.raises(can.CanOperationError):
                bus.recv(0)
        with (
            can.Bus(own_link, interface="socketcan") as fresh,
            can.Bus(own_link, interface="socketcan") as other,
        ):
            other.send(numbered(1))
            assert number_of(receive(fresh)) == 1
            with pytest.raises(can.CanChannelNotFoundError):
                bus.recv(0)


def test_a_sender_that_waits_for_room_is_told_that_the_link_is_gone(own_link: str) -> None:
    for words in (["add", "limit", "160"], ["change", "block"]):
        action, *plug = words
        subprocess.run(["tc", "qdisc", action, "dev", own_link, "root", "plug", *plug], check=True)
    with can.Bus(own_link, interface="socketcan") as bus:
        with pytest.raises(can.CanTxQueueFullError):
            _flood(bus)
        sending = Worker(lambda: bus.send(numbered(1)))
        delete_link(own_link)
        error = sending.error()
        assert isinstance(error, can.CanLinkDownError) or _is_gone(error, own_link)


def test_shutdown_meets_a_reader_that_finds_the_link_gone(
    own_link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes a lock that the other one has, unless in one order."""
    bus: Any = can.Bus(own_link, interface="socketcan")
    kick = bus._waiter.kick
    met = False
    closing: list[Worker[None]] = []

    def kick_while_another_closes() -> None:
        nonlocal met
        if not met:
            met = True
            closing.append(Worker(bus.shutdown))
            wait_until_blocked(*closing)
        kick()

    delete_link(own_link)
    monkeypatch.setattr(bus._waiter, "kick", kick_while_another_closes)
    reader = Worker(lambda: [bus.recv(0), bus.recv(0)])
    assert isinstance(reader.error(), can.CanChannelNotFoundError)
    closing[0].result()
    assert met


# -- shutdown beside other threads --------------------------------------------------------


def _fileno(bus: can.BusABC) -> None:
    assert bus.fileno() >= 0


RACERS: list[Callable[[can.BusABC], object]] = [
    lambda bus: bus.set_filters([{"can_id": 1, "can_mask": 1}]),
    lambda bus: bus.statistics,
    _fileno,
    lambda bus: bus.can_state,
    lambda bus: bus.recv(0),
    lambda bus: bus.recv(1),
    lambda bus: bus.send(numbered(1)),
    lambda bus: bus.send(numbered(1), timeout=1),
]


@pytest.fixture
def _many_switches() -> Iterator[None]:
    """Threads take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


@pytest.mark.timeout(120 * SOAK)
@pytest.mark.usefixtures("_many_switches")
def test_shutdown_beside_threads_that_use_the_bus_is_only_ever_closed_to_them(vcan: str) -> None:
    chance = random.Random(1)
    before = _descriptors()
    for round_ in range(40 * SOAK):
        bus = can.Bus(vcan, interface="socketcan")
        racers = [RACERS[round_ % len(RACERS)], chance.choice(RACERS)]
        together = threading.Barrier(len(racers) + 1)

        def use(
            racer: Callable[[can.BusABC], object],
            bus: can.BusABC = bus,
            together: threading.Barrier = together,
        ) -> None:
            together.wait(PATIENCE)
            while True:
                racer(bus)

        workers = [Worker(lambda racer=racer, use=use: use(racer)) for racer in racers]  # type: ignore[misc]
        together.wait(PATIENCE)
        for _ in range(chance.randrange(200)):
            pass
        bus.shutdown()
        assert {type(worker.error()) for worker in workers} == {can.CanClosedError}
    assert _descriptors() == before


@pytest.mark.usefixtures("_many_switches")
def test_filters_set_by_two_threads_at_once_are_those_of_the_kernel(
    open_bus: Callable[..., can.BusABC],
) -> None:
    sender, bus = open_bus(), open_bus()
    for _ in range(50):
        both = threading.Barrier(2)

        def set_often(arbitration_id: int, both: threading.Barrier = both) -> None:
            wanted = [CanFilter(arbitration_id, 0x7FF, extended=False)]
            both.wait(PATIENCE)
            for _ in range(10):
                bus.set_filters(wanted)

        for worker in [Worker(lambda i=i, f=set_often: f(i)) for i in (1, 2)]:  # type: ignore[misc]
            worker.result()
        for arbitration_id in (1, 2):
            sender.send(numbered(7, arbitration_id))
        # Did they differ, no frame would come: one filter below, the other one above.
        in_force = bus.filters or ()
        assert [receive(bus).arbitration_id] == [wanted.can_id for wanted in in_force]
        assert bus.recv(0) is None


# -- long timeouts ------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", LONG)
def test_recv_waits_beyond_all_time_and_a_frame_ends_it(
    open_bus: Callable[..., can.BusABC], timeout: float
) -> None:
    sender, bus = open_bus(), open_bus()
    reader = Worker(lambda: bus.recv(timeout))
    wait_until_blocked(reader)
    sender.send(numbered(7))
    assert bytes(reader.result().data) == bytes(numbered(7).data)


@pytest.mark.parametrize("timeout", LONG)
def test_send_waits_beyond_all_time_and_room_ends_it(
    open_bus: Callable[..., can.BusABC], full_queue: Callable[[], None], timeout: float
) -> None:
    bus = open_bus()
    with pytest.raises(can.CanTxQueueFullError):
        _flood(bus)
    sending = Worker(lambda: bus.send(numbered(2), timeout=timeout))
    sending.thread.join(0.05)
    full_queue()
    sending.result()
