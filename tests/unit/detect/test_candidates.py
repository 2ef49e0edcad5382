"""Which rates are tried, in which order, and which are said to be impossible."""

from __future__ import annotations

from dataclasses import replace

import pytest

import canbus as can
from canbus.bringup.detect.candidates import COMMON_BITRATES, choose
from tests.unit.detect.fake_bus import DOWN, NEW
from tests.unit.links.model_kernel import UNSET

LISTED = replace(NEW, bit_timing_limits=None, bitrate_choices=(125_000, 250_000))


def test_the_commonest_come_first():
    assert choose(NEW, None) == (COMMON_BITRATES, ())
    assert sorted(COMMON_BITRATES) == [
        10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000
    ]  # fmt: skip


@pytest.mark.parametrize("now", [125_000, 125_001])
def test_the_present_rate_comes_before_all_others(now):
    link = replace(NEW, bit_timing=UNSET._replace(bitrate=now))
    first, *others = choose(link, None).bitrates
    assert first == 125_000
    assert {first, *others} == set(COMMON_BITRATES)


def test_an_uncommon_present_rate_is_tried_unless_others_are_asked_for():
    link = replace(NEW, bit_timing=UNSET._replace(bitrate=83_333))
    assert choose(link, None).bitrates == (83_333, *COMMON_BITRATES)
    assert choose(link, [125_000]).bitrates == (125_000,)


def test_what_is_asked_for_is_tried_once_in_this_order():
    assert choose(NEW, [50_000, 125_000, 50_000]).bitrates == (50_000, 125_000)


def test_what_is_not_in_the_drivers_list_is_told():
    bitrates, impossible = choose(LISTED, [500_000, 125_000])
    assert bitrates == (125_000,)
    assert impossible == ((500_000, "its driver has 125000, 250000 bit/s"),)


def test_what_the_transceiver_cannot_do_is_told():
    _, impossible = choose(replace(DOWN, bitrate_max=250_000), [500_000, 125_000])
    assert impossible == ((500_000, "its transceiver ends at 250000 bit/s"),)


@pytest.mark.parametrize(("bitrate", "why"), [(100, "nothing near"), (810_000, "no nearer")])
def test_what_the_clock_cannot_do_is_told(bitrate, why):
    (impossible,) = choose(NEW, [bitrate]).impossible
    assert why in impossible.why


@pytest.mark.parametrize("bitrates", [[], [0], [-1], [True], ["500k"]])
def test_nonsense_is_refused(bitrates):
    with pytest.raises(can.CanConfigError):
        choose(NEW, bitrates)
