"""BitTiming, BitTimingFd and the clock: what is theirs alone. What python-can says: see beside."""

from __future__ import annotations

import pytest

from canbus.bit_timing import BitTiming, BitTimingFd, check_or_adjust_timing_clock
from canbus.errors import CanConfigError, CanInitializationError, CanWarning


def test_a_classic_bit_by_hand():
    """8 MHz, 16 quanta of 125 ns: CANopen's 500 kbit/s of an SJA1000 (CiA 301)."""
    bit = BitTiming(8_000_000, brp=1, tseg1=13, tseg2=2, sjw=1)
    assert (bit.bitrate, bit.nbt, bit.tq, bit.sample_point) == (500_000, 16, 125, 87.5)
    assert (bit.btr0, bit.btr1) == (0x00, 0x1C)
    assert bit == BitTiming.from_registers(8_000_000, 0x00, 0x1C)
    assert hash(bit) == hash(BitTiming(8_000_000, 1, 13, 2, 1))
    assert bit != BitTiming(8_000_000, brp=2, tseg1=13, tseg2=2, sjw=1)


def test_a_clock_is_shown_as_it_is():
    bit = BitTiming(12_500_000, brp=1, tseg1=16, tseg2=8, sjw=1)
    assert str(bit).endswith("CLK: 12.5MHz")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"brp": 65}, "brp=65 is out of range (hint: 1 to 64)"),
        ({"tseg1": 0}, "tseg1=0 is out of range (hint: 1 to 16)"),
        ({"sjw": 3}, "sjw=3 is more than tseg2=2"),
        ({"nof_samples": 2}, "nof_samples=2 is out of range (hint: 1 or 3)"),
        ({"f_clock": 0}, "f_clock=0 is no clock (hint: Hz, 8_000_000 say)"),
        ({"tseg1": 2, "tseg2": 8}, "sample_point=27.2727 is no sample point"),
        ({"strict": True, "brp": 33}, "brp=33 is out of range (hint: 1 to 32)"),
    ],
)
def test_what_cannot_be_says_why(arguments, words):
    with pytest.raises(CanConfigError) as caught:
        BitTiming(**{"f_clock": 8_000_000, "brp": 1, "tseg1": 13, "tseg2": 2, "sjw": 1} | arguments)
    hint = f" (hint: {caught.value.hint})" if caught.value.hint else ""
    assert f"{caught.value}{hint}".startswith(words)


def test_a_bit_rate_that_cannot_be_met():
    with pytest.raises(CanConfigError, match=r"cannot be met: the nearest is 500000 bit/s"):
        BitTiming.from_bitrate_and_segments(8_000_000, 480_000, 13, 2, 1)
    with pytest.raises(CanConfigError, match=r"a clock of 8000000 Hz makes no 777777 bit/s"):
        BitTiming.from_sample_point(8_000_000, 777_777)
    with pytest.raises(CanConfigError, match=r"makes no 1000000 and 7000000 bit/s"):
        BitTimingFd.from_sample_point(80_000_000, 1_000_000, 80, 7_000_000, 80)


def test_a_data_phase_that_is_slower():
    with pytest.raises(CanConfigError, match=r"data_bitrate=500000 is less than nom_bitrate"):
        BitTimingFd(80_000_000, 1, 59, 20, 10, 2, 59, 20, 10)


def test_a_clock_that_the_controller_has_is_kept():
    bit = BitTiming.from_sample_point(8_000_000, 500_000, 87.5)
    assert check_or_adjust_timing_clock(bit, [16_000_000, 8_000_000]) == bit


def test_another_clock_is_taken_with_a_warning():
    bit = BitTiming.from_sample_point(8_000_000, 500_000, 87.5)
    with pytest.warns(CanWarning, match="made anew for 16000000 Hz"):
        other = check_or_adjust_timing_clock(bit, [1_000, 16_000_000])
    assert (other.bitrate, other.sample_point, other.f_clock) == (500_000, 87.5, 16_000_000)


def test_no_clock_will_do():
    with pytest.raises(CanInitializationError, match="no clock of the controller"):
        check_or_adjust_timing_clock(BitTiming.from_sample_point(8_000_000, 500_000), [1_000])
