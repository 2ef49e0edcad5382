"""Frames that should arrive: when they are told missing and back, by the kernel's own timer."""

from __future__ import annotations

from statistics import median
from time import monotonic_ns, sleep, time_ns

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, receive
from tests.kernel.watching import (
    BACK,
    CHANGED,
    FIRST,
    ID,
    LAST_ID,
    MISSING,
    MS,
    OpenBus,
    content,
    event,
    frame,
    reading_threads,
    taken,
    until_now,
    wakes,
)

PERIOD = 0.05
AFTER_NS = 150 * MS


@pytest.fixture
def bus(open_bus: OpenBus) -> can.BusABC:
    return open_bus()


@pytest.fixture
def other(open_bus: OpenBus) -> can.BusABC:
    return open_bus()


def _delay_ns() -> int:
    """How late this machine wakes who sleeps, usually."""
    late = []
    for _ in range(20):
        begun = monotonic_ns()
        sleep(0.005)
        late.append(monotonic_ns() - begun - 5 * MS)
    return int(median(late))


def test_a_frame_is_missing_after_exactly_three_periods_and_not_much_later(
    bus: can.BusABC, other: can.BusABC
) -> None:
    late = []
    with bus.watch(ID, period=PERIOD) as watch:
        for round_ in range(10):
            other.send(frame())
            sent_ns = receive(bus).timestamp_ns  # by the kernel's clock
            came = event(watch)
            assert came.kind is (BACK if round_ else FIRST)
            assert came.timestamp_ns == sent_ns
            missing = event(watch)
            assert missing.kind is MISSING
            assert missing.message is None
            assert missing.since_ns is not None
            late.append(missing.timestamp_ns - sent_ns - AFTER_NS)
            assert missing.timestamp_ns - missing.since_ns == AFTER_NS
            assert missing.since_ns - sent_ns == late[-1]
    assert min(late) >= 0
    assert median(late) <= PERIOD * 10**9 + 5 * _delay_ns()


def test_back_says_since_when_it_was_missing(bus: can.BusABC, other: can.BusABC) -> None:
    with bus.watch(ID, period=PERIOD) as watch:
        other.send(frame(b"\1"))
        assert event(watch).kind is FIRST
        missing = event(watch)
        assert (missing.kind, watch.is_missing) == (MISSING, True)
        other.send(frame(b"\2"))
        back = event(watch)
        assert (back.kind, back.since_ns, content(back)) == (BACK, missing.since_ns, b"\2")
        assert not watch.is_missing


def test_what_never_comes_is_missing_once_and_back_when_it_comes_at_last(
    bus: can.BusABC, other: can.BusABC
) -> None:
    before_ns = time_ns()
    with bus.watch(ID, period=PERIOD) as watch, bus.watch(LAST_ID) as last:
        began_ns = time_ns()
        missing = event(watch)
        assert missing.kind is MISSING
        assert missing.timestamp_ns >= before_ns + AFTER_NS
        assert missing.since_ns is not None
        assert missing.since_ns >= before_ns
        assert missing.since_ns - began_ns <= missing.timestamp_ns - before_ns - AFTER_NS
        sleep(2 * AFTER_NS / 10**9)  # the kernel could tell it again
        assert until_now(other, watch, last) == []
        other.send(frame(b"\1"))
        back = event(watch)
        assert (back.kind, back.since_ns, content(back)) == (BACK, missing.since_ns, b"\1")


@pytest.mark.parametrize(("missing_after", "after_ns"), [(1, 50 * MS), (2.5, 125 * MS)])
def test_after_how_many_periods_can_be_said(
    bus: can.BusABC, other: can.BusABC, missing_after: float, after_ns: int
) -> None:
    with bus.watch(ID, period=PERIOD, missing_after=missing_after) as watch:
        other.send(frame())
        came, missing = event(watch), event(watch)
        assert missing.kind is MISSING
        assert missing.timestamp_ns - came.timestamp_ns >= after_ns
        assert missing.since_ns == missing.timestamp_ns - after_ns


def test_a_frame_that_comes_in_time_is_told_once_and_wakes_nobody(
    bus: can.BusABC, other: can.BusABC
) -> None:
    with bus.watch(ID, period=0.002, missing_after=1000) as watch, bus.watch(LAST_ID) as last:
        other.send(frame(b"\0"))
        assert event(watch).kind is FIRST
        assert until_now(other, watch, last) == []
        (reader,) = reading_threads()
        before = wakes(reader)
        task = other.send_periodic(frame(b"\1"), 0.002, count=300)
        assert task.wait(PATIENCE)
        assert wakes(reader) == before
        assert until_now(other, watch, last) == []


def test_a_change_is_told_beside_presence_where_a_mask_is_given(
    bus: can.BusABC, other: can.BusABC
) -> None:
    with bus.watch(ID, period=PERIOD, mask=b"\x0f") as watch:
        for data in (b"\x01", b"\xf1", b"\x02", b"\x02\xff"):
            other.send(frame(data))
        told = [event(watch) for _ in range(3)]
        other.send(frame(b"\xf2"))
        told.append(event(watch))
        seen = [(got.kind, got.message and bytes(got.message.data)) for got in told]
        assert seen == [(FIRST, b"\1"), (CHANGED, b"\2"), (MISSING, None), (BACK, b"\xf2")]


def test_frames_of_the_watching_bus_are_seen_too(bus: can.BusABC) -> None:
    with bus.watch(ID, period=PERIOD) as watch:
        bus.send(frame(b"\7"))
        assert (event(watch).kind, event(watch).kind) == (FIRST, MISSING)


def test_a_remote_frame_is_not_the_frame(bus: can.BusABC, other: can.BusABC) -> None:
    with bus.watch(ID) as watch, bus.watch(LAST_ID) as last:
        other.send(can.Message(arbitration_id=ID, is_extended_id=False, is_remote_frame=True))
        assert until_now(other, watch, last) == []
        other.send(frame(b"\1"))
        assert content(event(watch)) == b"\1"
        assert taken(watch) == []
