"""shutdown() in a signal handler, at every step of what it interrupts and while that blocks."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import canbus as can
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.testing.support import PATIENCE, Worker, numbered, wait_until_blocked
from tests.interruptions import at_every_step, interrupted

SIGNAL = signal.SIGUSR1
Use = Callable[[can.BusABC, can.BusABC], object]


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


# -- at every step, without a signal ------------------------------------------------------


def _receive(bus: can.BusABC, other: can.BusABC) -> None:
    other.send(numbered(1))
    other.send(numbered(2))
    for _ in range(3):
        bus.recv(0)


def _wait_to_receive(bus: can.BusABC, other: can.BusABC) -> None:
    bus.recv(0.01)


def _iterate(bus: can.BusABC, other: can.BusABC) -> None:
    other.send(numbered(1))
    other.send(numbered(2))
    for number, _ in enumerate(bus):
        if number == 1:
            break


def _send(bus: can.BusABC, other: can.BusABC) -> None:
    bus.send(numbered(1))
    bus.send(numbered(2), timeout=0)


def _ask(bus: can.BusABC, other: can.BusABC) -> None:
    bus.set_filters([{"can_id": 1, "can_mask": 1}])
    assert bus.statistics.rx_dropped == 0
    assert bus.can_state is None
    bus.set_filters(None)


def _fileno(bus: can.BusABC, other: can.BusABC) -> None:
    bus.fileno()


def _receive_many(bus: can.BusABC, other: can.BusABC) -> None:
    other.send_many([numbered(number) for number in range(3)])
    bus.recv_many(2, 0)
    bus.recv_many(64, 0)


def _send_many(bus: can.BusABC, other: can.BusABC) -> None:
    bus.send_many([numbered(number) for number in range(3)])


def _send_confirmed(bus: can.BusABC, other: can.BusABC) -> None:
    bus.send(numbered(1), PATIENCE, confirm=True)


def _send_by(bus: can.BusABC, other: can.BusABC) -> None:
    bus.send(numbered(1), ttl=PATIENCE)
    bus.send(numbered(2), ttl=PATIENCE)
    assert bus.statistics.tx_expired == 0


def _hand_out_with_leftovers(bus: can.BusABC, other: can.BusABC) -> None:
    other.send_many([numbered(number) for number in range(3)])
    bus.recv(0)
    bus.fileno()
    bus.recv(0)


def _set_up(bus: can.BusABC, other: can.BusABC) -> None:
    assert isinstance(bus, SocketcanBus)
    assert bus.rcvbuf > 0
    assert bus.sndbuf > 0
    bus.set_error_mask(can.ErrorClass.BUS_OFF)
    bus.flush_tx_buffer()


def _reopen(bus: can.BusABC, other: can.BusABC) -> None:
    bus.reopen()


def _send_periodic(bus: can.BusABC, other: can.BusABC) -> None:
    bus.send_periodic(numbered(1), 0.001)


def _start_again(bus: can.BusABC, other: can.BusABC) -> None:
    task = bus.send_periodic(numbered(1), 0.001, duration=0.001, autostart=False)
    for _ in range(2):
        task.start()
        other.recv(0.02)  # just sent, or never to come because it was closed


def _send_counted(bus: can.BusABC, other: can.BusABC) -> None:
    task = bus.send_periodic(numbered(1), 0.001, count=2, engine="bcm")
    task.modify_data(numbered(2))
    task.wait(0.01)
    task.stop()


def _watch(bus: can.BusABC, other: can.BusABC) -> None:
    with bus.watch(0x123, period=1, mask=b"\xff") as watch:
        other.send(numbered(1))
        watch.get(0.01)
        watch.get(0)


def _watch_with_a_callback(bus: can.BusABC, other: can.BusABC) -> None:
    def relay(event: can.WatchEvent) -> None:
        event.watch.stop()
        with suppress(can.CanClosedError):
            bus.watch(0x124)

    bus.watch(0x123, on_event=relay)
    other.send(numbered(1))
    bus.watch(0x125).stop()


def _reply_to_remote(bus: can.BusABC, other: can.BusABC) -> None:
    reply = bus.reply_to_remote(numbered(1))
    reply.modify_data(numbered(2))
    reply.stop()


def _shutdown(bus: can.BusABC, other: can.BusABC) -> None:
    bus.send_periodic(numbered(1), 0.001)
    bus.shutdown()


EVERYTHING: list[Use] = [
    _receive,
    _wait_to_receive,
    _iterate,
    _send,
    _ask,
    _receive_many,
    _send_many,
    _send_confirmed,
    _send_by,
    _fileno,
    _hand_out_with_leftovers,
    _set_up,
    _reopen,
    _send_periodic,
    _start_again,
    _send_counted,
    _watch,
    _watch_with_a_callback,
    _reply_to_remote,
    _shutdown,
]


@pytest.mark.parametrize("use", EVERYTHING)
def test_shutdown_in_a_signal_handler_at_every_step(vcan: str, use: Use) -> None:
    """It is shut down, nothing stays open, and nothing but CanClosedError comes out."""

    def try_one(step: int) -> bool:
        # Not in `with`: where this fails, locks may be held for ever.
        bus = can.Bus(vcan, interface="socketcan")
        other = can.Bus(vcan, interface="socketcan")

        def work() -> None:
            with suppress(can.CanClosedError):
                use(bus, other)

        reached = interrupted(work, step, bus.shutdown)
        if reached:
            with pytest.raises(can.CanClosedError):
                bus.recv(0)
        bus.shutdown()
        other.shutdown()
        return reached

    try_one(1)  # what is imported or opened once for the whole process is no leak
    threads, descriptors = threading.active_count(), _descriptors()
    at_every_step(try_one)
    assert threading.active_count() == threads
    assert _descriptors() == descriptors


# -- with signals -------------------------------------------------------------------------


class Handler:
    """Shuts a bus down when the signal comes, and counts how often that was."""

    def __init__(self) -> None:
        self.calls = 0
        self.bus: can.BusABC | None = None

    def __call__(self, number: int, frame: object) -> None:
        self.calls += 1
        assert self.bus is not None
        self.bus.shutdown()


@pytest.fixture
def handler() -> Iterator[Handler]:
    assert threading.current_thread() is threading.main_thread()
    handler = Handler()
    before = signal.signal(SIGNAL, handler)
    yield handler
    signal.signal(SIGNAL, before)


def _flood(bus: can.BusABC) -> None:
    while True:
        bus.send(numbered(1), timeout=0)


def _send_and_receive(sender: can.BusABC, receiver: can.BusABC) -> None:
    while True:
        sender.send(numbered(1))
        receiver.recv(0)


def _signal_when_blocked() -> Worker[None]:
    """Send the signal to the main thread as soon as that has stopped moving."""
    main = cast("Worker[Any]", SimpleNamespace(thread=threading.main_thread()))

    def run() -> None:
        wait_until_blocked(main)
        os.kill(os.getpid(), SIGNAL)

    return Worker(run)


@pytest.mark.parametrize("timeout", [None, 100, float("inf")])
@pytest.mark.parametrize("readers", [0, 3])
def test_a_handler_shuts_down_the_bus_that_its_thread_waits_on(
    vcan: str, handler: Handler, timeout: float | None, readers: int
) -> None:
    before = _descriptors()
    for _ in range(5):
        handler.bus = bus = can.Bus(vcan, interface="socketcan")
        others = [Worker(bus.recv) for _ in range(readers)]
        helper = _signal_when_blocked()
        with pytest.raises(can.CanClosedError):
            bus.recv(timeout)
        helper.result()
        assert all(isinstance(other.error(), can.CanClosedError) for other in others)
    assert handler.calls == 5
    assert _descriptors() == before


def test_a_handler_ends_an_iteration_that_waits(vcan: str, handler: Handler) -> None:
    with can.Bus(vcan, interface="socketcan") as other:
        handler.bus = bus = can.Bus(vcan, interface="socketcan")
        other.send(numbered(1))
        helper = None
        got = []
        for msg in bus:
            got.append(msg)
            helper = _signal_when_blocked()
        helper.result()
        assert len(got) == 1


def test_a_handler_ends_a_send_that_waits_for_room(
    vcan: str, handler: Handler, full_queue: Callable[[], None]
) -> None:
    for _ in range(5):
        handler.bus = bus = can.Bus(vcan, interface="socketcan")
        with pytest.raises(can.CanTxQueueFullError):
            _flood(bus)
        # A sender that waits for room moves all the time: it wakes to try again.
        timer = threading.Timer(0.05, os.kill, (os.getpid(), SIGNAL))
        timer.start()
        with pytest.raises(can.CanClosedError):
            bus.send(numbered(1))
        timer.join(PATIENCE)
    assert handler.calls == 5


@pytest.mark.parametrize("rounds", [100])
def test_a_handler_shuts_down_amid_a_flood(vcan: str, handler: Handler, rounds: int) -> None:
    """The signal comes from a timer of the process, anywhere in a tight loop of recv(0)."""
    before = _descriptors()
    virtual_before = signal.signal(signal.SIGVTALRM, handler)
    try:
        with can.Bus(vcan, interface="socketcan") as other:
            for number in range(rounds):
                handler.bus = bus = can.Bus(vcan, interface="socketcan")
                signal.setitimer(signal.ITIMER_VIRTUAL, 1e-5 + number * 3e-5)
                with pytest.raises(can.CanClosedError):
                    _send_and_receive(other, bus)
                while other.recv(0) is not None:
                    pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, virtual_before)
    assert handler.calls == rounds
    assert _descriptors() == before


def test_a_handler_shuts_down_under_an_iteration_with_frames_queued(
    vcan: str, handler: Handler
) -> None:
    with can.Bus(vcan, interface="socketcan") as other:
        for number in range(50):
            handler.bus = bus = can.Bus(vcan, interface="socketcan")
            for _ in range(100):
                other.send(numbered(1))
            got = 0
            for _ in bus:
                got += 1
                if got == number + 1:
                    signal.raise_signal(SIGNAL)
            assert got == number + 1


def test_a_handler_inside_shutdown_finds_it_under_way(vcan: str, handler: Handler) -> None:
    """Signals one after the other, into shutdown() with a task and readers to end."""
    before = _descriptors()
    main = threading.main_thread().ident or 0
    for _ in range(50):
        handler.bus = bus = can.Bus(vcan, interface="socketcan")
        readers = [Worker(bus.recv) for _ in range(2)]
        bus.send_periodic(numbered(1), 0.0001)
        done = threading.Event()

        def shower(done: threading.Event = done) -> None:
            while not done.is_set():
                signal.pthread_kill(main, SIGNAL)

        helper = Worker(shower)
        bus.shutdown()
        done.set()
        helper.result()
        for reader in readers:
            assert isinstance(reader.error(), can.CanClosedError | None)
    assert handler.calls > 0
    assert _descriptors() == before
