"""A watch that a signal handler stops, at every step of what it interrupts."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, numbered
from canbus.watch import Watch
from tests.interruptions import at_every_step, interrupted
from tests.kernel.watching import (
    ID,
    OpenBus,
    content,
    descriptors,
    event,
    frame,
    reading_threads,
    settle,
)

Use = Callable[[can.BusABC, can.BusABC, Watch], object]


def _take(bus: can.BusABC, other: can.BusABC, watch: Watch) -> None:
    other.send(frame(b"\1"))
    watch.get(PATIENCE)
    watch.get(0)
    other.send(frame(b"\2"))
    for _ in watch:
        watch.stop()


def _stop(bus: can.BusABC, other: can.BusABC, watch: Watch) -> None:
    watch.stop()


def _begin_and_stop_others(bus: can.BusABC, other: can.BusABC, watch: Watch) -> None:
    bus.watch(ID, period=1).stop()
    bus.watch(ID + 1).stop()
    bus.reply_to_remote(numbered(1)).stop()


@pytest.mark.parametrize("use", [_take, _stop, _begin_and_stop_others])
def test_stop_in_a_signal_handler_at_every_step(open_bus: OpenBus, use: Use) -> None:
    """Nothing hangs, nothing stays open, and the bus watches on."""
    bus, other = open_bus(), open_bus()

    def try_one(step: int) -> bool:
        watch = bus.watch(ID)

        def work() -> None:
            try:
                use(bus, other, watch)
            except can.CanClosedError:
                assert watch.done

        reached = interrupted(work, step, watch.stop)
        watch.stop()
        assert watch.done
        settle(other, bus)
        with bus.watch(ID) as next_one:
            other.send(frame(b"\7"))
            assert content(event(next_one)) == b"\7"
        return reached

    try_one(1)
    try_one(2)
    threads, before = threading.active_count(), len(descriptors())
    at_every_step(try_one)
    # A watch on the id of one that has just ended may take another socket.
    assert threading.active_count() <= threads + 1
    assert len(descriptors()) <= before + 2
    bus.shutdown()
    assert reading_threads() == []
