"""Clocks that are set while frames come, oscillators that are cheap, counters that count on."""

from __future__ import annotations

import pytest

from canbus.backends.slcan.adapter_clock import _SPAN_NS, _STEP_NS, AdapterClock

MS = 10**6
SECOND = 10**9
EPOCH = 1_700_000_000 * SECOND
GAP = SECOND // 10
WAY = 2 * MS  # how long each frame takes to us
TICK, WRAP = MS, 60_000


def errors(seconds, *, steps=(), per_mille=0.0, counts_to=WRAP, way=lambda number: WAY):
    """How far each stamp is from the time at which the frame was read.

    Args:
        seconds: how long frames come, ten a second.
        steps: times at which our clock is set, with nanoseconds.
        per_mille: how much faster the adapter's clock is.
        counts_to: count at which the adapter really begins anew.
        way: nanoseconds that a frame takes to us, by its number.
    """
    clock = AdapterClock(TICK, WRAP)
    said = []
    for number in range(round(seconds * SECOND) // GAP):
        true = number * GAP
        raw = round(true * (1 + per_mille / 1000)) // TICK % counts_to * TICK
        monotonic = true + way(number)
        read = EPOCH + monotonic + sum(by for when, by in steps if true >= when * SECOND)
        said.append(clock.read(raw, read, monotonic)[1] - read)
    return said


@pytest.mark.parametrize("by", [-5 * SECOND, -SECOND // 2, SECOND // 2, 5 * SECOND, 3600 * SECOND])
def test_our_clock_is_set(by):
    """Forward is no delay of frames, and backward no adapter that sees into the future."""
    said = errors(100, steps=[(50, by)])
    assert all(-TICK <= error <= 0 for error in said)


def test_our_clock_is_set_forth_and_back_again():
    said = errors(60, steps=[(20, SECOND), (20.5, -SECOND), (40, -SECOND), (40.1, SECOND)])
    assert all(-TICK <= error <= 0 for error in said)


@pytest.mark.parametrize("by", [-_STEP_NS // 2, _STEP_NS // 2])
def test_our_clock_is_slewed(by):
    """Too little to be told from a frame that took longer: forgotten after two spans."""
    said = errors(60, steps=[(20, by)])
    assert all(-TICK - abs(by) <= error <= 0 for error in said)
    late = said[(20 * SECOND + 2 * (_SPAN_NS + GAP)) // GAP :]
    assert all(-TICK <= error <= 0 for error in late)


@pytest.mark.parametrize("per_mille", [-5.0, -1.0, 1.0, 5.0])
def test_a_clock_that_is_half_a_percent_off(per_mille):
    """Half a percent of the two spans, and no more with every hour."""
    allowed = 2 * (_SPAN_NS + GAP) * abs(per_mille) / 1000 + TICK
    said = errors(2 * 3600, per_mille=per_mille)
    assert all(-allowed <= error <= 0 for error in said)


@pytest.mark.parametrize("per_mille", [-5.0, 0.0, 5.0])
def test_a_clone_that_counts_on(per_mille):
    """To 65535, where others begin at 60000 anew: known by the first count that is too high."""
    said = errors(600, counts_to=0x10000, per_mille=per_mille)
    allowed = 2 * (_SPAN_NS + GAP) * abs(per_mille) / 1000 + TICK
    assert all(-allowed <= error <= 0 for error in said)


def test_frames_that_lie_a_while_keep_their_time():
    """Now and then six are read together; the stamps are those of the wire all the same."""

    def lies(number):
        return max(0, 5 - number % 20) * GAP if number % 20 and number > 20 else 0

    said = errors(60, way=lambda number: WAY + lies(number))
    for number, error in enumerate(said):
        assert -lies(number) - TICK <= error <= -lies(number)


def test_our_clock_goes_back_a_little_between_two_frames():
    """Stamps never go back by that, but they are not in the future either."""
    clock = AdapterClock(TICK, WRAP)
    clock.read(0, EPOCH, 0)
    clock.read(GAP, EPOCH + GAP, GAP)
    read = EPOCH + GAP + MS - _STEP_NS // 2
    assert clock.read(GAP + MS, read, GAP + MS)[1] <= read


@pytest.mark.parametrize("by", [-5 * SECOND, 5 * SECOND])
def test_a_step_does_not_disturb_the_bare_count(by):
    clock = AdapterClock(TICK, WRAP)
    times = []
    for number in range(2000):
        true = number * GAP
        read = EPOCH + true + (by if number >= 1000 else 0)
        times.append(clock.read(true // TICK % WRAP * TICK, read, true)[0])
    assert times == [number * GAP for number in range(2000)]
