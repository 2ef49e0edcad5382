"""The adapter's wrapped counts as wall time: over any gaps, wraps, drifts and delays. No port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.backends.slcan.adapter_clock import _SPAN_NS, AdapterClock
from canbus.backends.slcan.dialects import DIALECTS

MS = 10**6
SECOND = 10**9
HOUR = 3600 * SECOND
EPOCH = 1_700_000_000 * SECOND

STAMPS = sorted({row.stamp[1:] for row in DIALECTS.values() if row.stamp is not None})
stamps = st.sampled_from(STAMPS)
gaps = st.lists(st.one_of(st.integers(0, 70 * SECOND), st.integers(0, 4 * HOUR)), max_size=50)


def raw(true_ns, tick_ns, wrap):
    """What the adapter says, in nanoseconds, at a time of its own clock."""
    return true_ns // tick_ns % wrap * tick_ns


class Frames:
    """Frames at certain times, each read a while later: all that a clock says of them."""

    def __init__(self, stamp, start_ns, gaps_ns, delays_ns=None, drift_ppm=0):
        tick_ns, wrap = stamp
        clock = AdapterClock(tick_ns, wrap)
        self.true: list[tuple[int, int]] = []
        self.read: list[int] = []
        self.times: list[int] = []
        self.wall: list[int] = []
        now = 0
        delays_ns = delays_ns or [0] * len(gaps_ns)
        for gap, delay in zip(gaps_ns, delays_ns, strict=False):
            now += gap
            true = start_ns + now + now * drift_ppm // 10**6  # on the adapter's clock
            host = max([EPOCH + now + delay, *self.read[-1:]])  # read in order
            self.true.append((true, EPOCH + now))
            self.read.append(host)
            time, wall = clock.read(raw(true, tick_ns, wrap), host, host - EPOCH + 7)
            self.times.append(time)
            self.wall.append(wall)


@given(stamps, st.integers(0, HOUR), gaps)
def test_read_at_once_it_is_right_to_the_tick(stamp, start, gaps_ns):
    tick_ns = stamp[0]
    frames = Frames(stamp, start, gaps_ns)
    for (true, _), time, wall, read in zip(
        frames.true, frames.times, frames.wall, frames.read, strict=True
    ):
        passed = true // tick_ns - frames.true[0][0] // tick_ns
        assert time - frames.times[0] == passed * tick_ns
        assert read - tick_ns <= wall <= read


@given(
    stamps,
    st.integers(0, HOUR),
    gaps,
    st.lists(st.integers(0, 9 * SECOND), min_size=50, max_size=50),
)
def test_read_late_it_is_never_late_and_never_goes_back(stamp, start, gaps_ns, delays):
    tick_ns = stamp[0]
    frames = Frames(stamp, start, gaps_ns, delays)
    before = 0
    ways: list[tuple[int, int]] = []  # when a frame was read, and how late
    for (_, true), wall, read in zip(frames.true, frames.wall, frames.read, strict=True):
        assert true - tick_ns <= wall <= read
        ways.append((read, read - true))
        # No later than the quickest frame of the last seconds, unless it would go back.
        shortest = min(late for when, late in ways if read - when <= _SPAN_NS)
        assert wall <= max(before, true + tick_ns + shortest)
        before = wall
    assert frames.wall == sorted(frames.wall)
    assert frames.times == sorted(frames.times)


@given(
    stamps,
    st.integers(0, HOUR),
    st.lists(st.integers(MS, HOUR), max_size=50),
    st.integers(-400, 400),
)
def test_clocks_that_drift_apart_are_followed(stamp, start, gaps_ns, drift):
    """As far as they may drift while the shortest way is looked for, but never to the future."""
    tick_ns = stamp[0]
    frames = Frames(stamp, start, gaps_ns, drift_ppm=drift)
    longest_ns = max([0, *gaps_ns[1:]])
    allowed_ns = 2 * tick_ns + abs(drift) * 2 * (_SPAN_NS + longest_ns) // 10**6
    for wall, read in zip(frames.wall, frames.read, strict=True):
        assert read - allowed_ns <= wall <= read
    assert frames.wall == sorted(frames.wall)


@pytest.mark.parametrize("stamp", STAMPS)
def test_a_bus_that_is_silent_for_many_periods(stamp):
    tick_ns, wrap = stamp
    period = tick_ns * wrap
    frames = Frames(stamp, 5 * tick_ns, [0, period - tick_ns, tick_ns, 10 * period, period // 3])
    assert [time - frames.times[0] for time in frames.times] == [
        0,
        period - tick_ns,
        period,
        11 * period,
        11 * period + period // 3 // tick_ns * tick_ns,
    ]


def test_the_first_frame_has_our_time():
    clock = AdapterClock(MS, 60_000)
    assert clock.read(59_999 * MS, EPOCH, 10) == (59_999 * MS, EPOCH)


@pytest.mark.parametrize("step", [-HOUR, -11 * SECOND, 11 * SECOND, HOUR])
def test_when_our_clock_is_set_it_begins_anew(step):
    clock = AdapterClock(MS, 60_000)
    for second in range(3):
        now = second * SECOND
        _, wall = clock.read(raw(now, MS, 60_000), EPOCH + now, now)
    assert wall == EPOCH + 2 * SECOND
    now = 3 * SECOND
    set_to = EPOCH + now + step
    assert clock.read(raw(now, MS, 60_000), set_to, now)[1] == set_to
