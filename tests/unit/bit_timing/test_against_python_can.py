"""BitTiming and BitTimingFd agree with python-can's, where that is installed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

import canbus
from canbus.bit_timing import BitTiming, BitTimingFd

can = pytest.importorskip("can")

CLOCKS = [8, 16, 20, 24, 36, 40, 48, 60, 80]  # MHz
RATES = [10_000, 20_000, 33_333, 50_000, 83_333, 95_238, 100_000, 125_000, 250_000, 500_000]
RATES += [666_666, 800_000, 1_000_000]
POINTS = [50, 60, 62.5, 68.5, 69, 75, 80, 87.5, 93.1]


def outcome(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What it gives, or that it raises."""
    try:
        return call(*arguments, **named)
    except ValueError:
        return None


def check(theirs: Any, ours: Any) -> None:
    assert (theirs is None) == (ours is None), (theirs, ours)
    if theirs is None:
        return
    assert dict(theirs) == dict(ours)
    assert (str(theirs), repr(theirs)) == (str(ours), repr(ours))
    assert theirs.oscillator_tolerance() == pytest.approx(ours.oscillator_tolerance())
    assert theirs.oscillator_tolerance(400, 40) == pytest.approx(ours.oscillator_tolerance(400, 40))
    for name, member in vars(type(theirs)).items():
        if isinstance(member, property):
            assert getattr(theirs, name) == getattr(ours, name), name


@pytest.mark.parametrize("clock", CLOCKS)
def test_every_classic_bit_rate_and_sample_point(clock):
    clock *= 1_000_000
    for rate in RATES:
        for point in POINTS:
            theirs = outcome(can.BitTiming.from_sample_point, clock, rate, point)
            ours = outcome(BitTiming.from_sample_point, clock, rate, point)
            check(theirs, ours)
            if theirs is not None:
                for other in (20_000_000, 24_000_000):
                    check(
                        outcome(theirs.recreate_with_f_clock, other),
                        outcome(ours.recreate_with_f_clock, other),
                    )


def test_bit_rates_of_fd():
    choice = random.Random(7).choice
    for _ in range(150):
        clock = choice(CLOCKS) * 1_000_000
        rate = choice(RATES[6:])
        asked = (clock, rate, choice(POINTS[1:]), rate * choice([1, 2, 4, 5, 8]), choice(POINTS))
        theirs = outcome(can.BitTimingFd.from_sample_point, *asked)
        ours = outcome(BitTimingFd.from_sample_point, *asked)
        check(theirs, ours)
        if theirs is not None:
            other = choice(CLOCKS) * 1_000_000
            check(
                outcome(theirs.recreate_with_f_clock, other),
                outcome(ours.recreate_with_f_clock, other),
            )


def test_every_pair_of_registers():
    for btr0 in range(0, 256, 5):
        for btr1 in range(256):
            theirs = outcome(can.BitTiming.from_registers, 8_000_000, btr0, btr1)
            ours = outcome(BitTiming.from_registers, 8_000_000, btr0, btr1)
            assert (theirs is None) == (ours is None)
            if ours is not None:
                assert dict(theirs) == dict(ours)
                assert (ours.btr0, ours.btr1) == (btr0, btr1)


@pytest.mark.parametrize("strict", [False, True])
def test_bounds_are_the_same(strict):
    choice = random.Random(8).choice
    for _ in range(2000):
        brp, tseg1, tseg2 = choice(range(-1, 70)), choice(range(-1, 19)), choice(range(-1, 10))
        asked = (brp, tseg1, tseg2, choice(range(-1, 6)), choice([1, 2, 3]), strict)
        theirs = outcome(can.BitTiming, 8_000_000, *asked)
        ours = outcome(BitTiming, 8_000_000, *asked)
        assert (theirs is None) == (ours is None), asked
        data = [choice([-1, 0, 1, 2, 7, 16, 17, 33, 129]) for _ in range(8)]
        theirs = outcome(can.BitTimingFd, 80_000_000, *data, strict=strict)
        ours = outcome(BitTimingFd, 80_000_000, *data, strict=strict)
        assert (theirs is None) == (ours is None), data


def test_from_bit_rate_and_segments():
    choice = random.Random(9).choice
    for _ in range(1000):
        asked = (choice(RATES), choice(range(17)), choice(range(9)), choice(range(5)))
        check(
            outcome(can.BitTiming.from_bitrate_and_segments, 16_000_000, *asked),
            outcome(BitTiming.from_bitrate_and_segments, 16_000_000, *asked),
        )
    asked_fd = (1_000_000, 59, 20, 10, 8_000_000, 6, 3, 2)
    check(
        can.BitTimingFd.from_bitrate_and_segments(80_000_000, *asked_fd),
        BitTimingFd.from_bitrate_and_segments(80_000_000, *asked_fd),
    )


def test_both_are_exported():
    assert (canbus.BitTiming, canbus.BitTimingFd) == (BitTiming, BitTimingFd)
    assert canbus.bit_timing.BitTiming is BitTiming
