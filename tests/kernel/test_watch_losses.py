"""Watches whose events nobody takes in time: what the kernel had to drop is said and counted."""

from __future__ import annotations

import threading

import pytest

import canbus as can
from canbus.backends.socketcan import bcm_socket
from canbus.testing.support import PATIENCE, number_of, numbered
from canbus.watch import QUEUE_SIZE
from tests.kernel.watching import (
    BACK,
    CHANGED,
    FIRST,
    ID,
    LOST,
    MISSING,
    OpenBus,
    event,
    eventually,
    taken,
)

MANY = 5000


class Slow:
    """A callback that is held up at its first event."""

    def __init__(self) -> None:
        self.events: list[can.WatchEvent] = []
        self.inside, self.leave = threading.Event(), threading.Event()

    def __call__(self, got: can.WatchEvent) -> None:
        self.events.append(got)
        if len(self.events) == 1:
            self.inside.set()
            assert self.leave.wait(PATIENCE)

    @property
    def kinds(self) -> list[can.WatchKind]:
        return [got.kind for got in self.events]

    @property
    def numbers(self) -> list[int]:
        return [number_of(got.message) for got in self.events if got.message is not None]


@pytest.fixture
def slow() -> Slow:
    return Slow()


def test_what_found_no_room_is_said_and_counted_and_the_frame_is_told_anew(
    open_bus: OpenBus, slow: Slow
) -> None:
    bus, other = open_bus(), open_bus()
    watch, beside = bus.watch(ID, on_event=slow), bus.watch(ID + 1)
    other.send(numbered(0, ID))
    assert slow.inside.wait(PATIENCE)
    other.send_many([numbered(number, ID) for number in range(1, MANY)])
    slow.leave.set()
    eventually(lambda: LOST in slow.kinds, "the loss")
    kept = len(slow.numbers)
    assert slow.numbers == list(range(kept))  # the first ones, without a gap
    assert watch.lost == MANY - kept > 0
    assert slow.kinds == [FIRST] + [CHANGED] * (kept - 1) + [LOST]
    lost = event(beside)  # whose they were, nobody knows
    assert (lost.kind, beside.lost) == (LOST, watch.lost)
    other.send(numbered(kept - 1, ID))  # as was told last: unchanged, and yet told
    eventually(lambda: len(slow.events) > kept + 1, "the frame")
    other.send(numbered(kept - 1, ID))
    other.send(numbered(7, ID))
    eventually(lambda: len(slow.events) > kept + 2, "the change")
    assert slow.kinds[kept + 1 :] == [FIRST, CHANGED]
    assert slow.numbers[kept:] == [kept - 1, 7]


def test_a_frame_that_went_missing_in_a_loss_is_told_missing(open_bus: OpenBus, slow: Slow) -> None:
    bus, other = open_bus(), open_bus()
    bus.watch(ID, on_event=slow)
    other.send(numbered(0, ID))
    assert slow.inside.wait(PATIENCE)
    other.send_many([numbered(number, ID) for number in range(1, MANY)])
    presence = bus.watch(ID + 1, period=0.1)
    threading.Event().wait(0.35)  # the kernel's timer tells a full buffer
    slow.leave.set()
    kinds = [event(presence).kind for _ in range(2)]
    assert kinds == [LOST, MISSING]
    other.send(numbered(0, ID + 1))
    assert event(presence).kind is BACK


def test_a_loss_is_said_though_the_buffer_never_runs_empty(
    open_bus: OpenBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callback that causes more changes than it takes."""
    monkeypatch.setattr(bcm_socket, "_LOOK_EVERY", 64)
    bus, other = open_bus(), open_bus()
    told: list[can.WatchKind] = []

    def too_slow(got: can.WatchEvent) -> None:
        told.append(got.kind)
        if LOST not in told and len(told) < MANY:
            other.send_many([numbered(10 * len(told) + number, ID) for number in range(10)])

    watch = bus.watch(ID, on_event=too_slow)
    other.send(numbered(0, ID))
    eventually(lambda: LOST in told or len(told) >= MANY, "the loss")
    assert LOST in told
    assert watch.lost > 0


def _told(watch: can.Watch) -> int:
    return min(len(watch._events), QUEUE_SIZE) + watch.lost


def test_a_full_queue_of_events_is_marked_where_some_are_missing(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    watch = bus.watch(ID)
    sent = 0
    for _ in range(102):
        other.send_many([numbered(sent + number, ID) for number in range(100)])
        sent += 100
        eventually(lambda sent=sent: _told(watch) == sent, "what was sent")  # type: ignore[misc]
    assert watch.lost == 200
    told = taken(watch)
    assert told[-1].kind is LOST
    assert [number_of(got.message) for got in told[:-1] if got.message] == list(range(QUEUE_SIZE))
    other.send(numbered(sent - 1, ID))  # unchanged, and told anew
    got = event(watch)
    assert got.message is not None
    assert (got.kind, number_of(got.message)) == (FIRST, sent - 1)
