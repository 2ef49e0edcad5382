"""Which command sets a bitrate, and what is said of one that a dialect has not. No port."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import canbus as can
from canbus.backends.slcan.bit_rate import BitRate
from canbus.backends.slcan.dialects import (
    CANABLE1,
    CANABLE2,
    CANABLE25,
    CUSTOM,
    DIALECTS,
    LAWICEL,
    NAKAKIYO,
    UNKNOWN,
    USBTIN,
)

ROWS = [*DIALECTS.values(), UNKNOWN]
RATES = [(row, rate) for row in ROWS for rate in row.bitrates]
EVERY_RATE = sorted({rate for _, rate in RATES})


def timing(**values):
    return SimpleNamespace(**values)


@pytest.mark.parametrize(("row", "rate"), RATES, ids=lambda each: getattr(each, "name", each))
def test_every_bitrate_of_every_dialect(row, rate):
    assert BitRate(rate).command(row) == row.bitrates[rate]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_other_bitrate_is_an_error_that_lists_what_there_is(row):
    for rate in [*EVERY_RATE, 123_456, 83_334, 1]:
        if rate in row.bitrates:
            continue
        with pytest.raises(can.CanConfigError, match=f"{row.name} has no bitrate {rate}") as caught:
            BitRate(rate).command(row)
        assert isinstance(caught.value, ValueError)
        assert all(str(each) in caught.value.hint for each in row.bitrates)


@pytest.mark.parametrize(
    ("rate", "having"), [(800_000, ["lawicel", "usbtin"]), (750_000, ["canable1", "cantact"])]
)
def test_an_unknown_adapter_and_a_bitrate_that_only_some_have(rate, having):
    with pytest.raises(can.CanConfigError) as caught:
        BitRate(rate).command(UNKNOWN)
    assert "dialect=" in caught.value.hint
    assert all(name in caught.value.hint for name in having)


def test_the_two_meanings_of_s7():
    assert BitRate(800_000).command(LAWICEL) == BitRate(750_000).command(CANABLE1) == "S7"


def test_a_custom_adapter_needs_to_be_told_the_command():
    with pytest.raises(can.CanConfigError) as caught:
        BitRate(500_000).command(CUSTOM)
    assert "bitrate_code=" in caught.value.hint
    assert "btr=" in caught.value.hint


def test_nothing_asked_for_is_no_command():
    assert BitRate().command(LAWICEL) is None
    assert BitRate().data_command(LAWICEL) is None


@pytest.mark.parametrize(("code", "command"), [("6", "S6"), ("S6", "S6"), ("s031C", "s031C")])
def test_a_code_is_sent_as_it_is(code, command):
    assert BitRate(code=code).command(CUSTOM) == command


@pytest.mark.parametrize("code", ["", "S6\r", "S6\rO", " 6", "ü", "\n"])
def test_a_code_that_is_none(code):
    with pytest.raises(can.CanConfigError, match="bitrate_code"):
        BitRate(code=code)


@pytest.mark.parametrize(
    ("row", "btr", "command"),
    [
        (LAWICEL, "001c", "s001C"),
        (USBTIN, "F1A23b", "sF1A23B"),
        (NAKAKIYO, "0A0B0C0D", "s0A0B0C0D"),
        (CUSTOM, "0011", "s0011"),
        (CUSTOM, "001122", "s001122"),
        (CUSTOM, "00112233", "s00112233"),
        (UNKNOWN, "001C", "s001C"),
    ],
)
def test_registers(row, btr, command):
    assert BitRate(btr=btr).command(row) == command


@pytest.mark.parametrize(
    ("row", "btr"),
    [(LAWICEL, "1C"), (LAWICEL, "00 1"), (LAWICEL, "00112"), (USBTIN, "001C"), (CUSTOM, "00\r1")],
)
def test_registers_that_do_not_fit(row, btr):
    with pytest.raises(can.CanConfigError, match="btr") as caught:
        BitRate(btr=btr).command(row)
    assert "hex digits" in caught.value.hint or "firmware" in caught.value.hint


def test_registers_where_there_are_none():
    with pytest.raises(can.CanUnsupportedError, match="takes no btr"):
        BitRate(btr="001C").command(CANABLE2)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_data_bitrates(row):
    for rate, command in row.data_bitrates.items():
        assert BitRate(500_000, rate).data_command(row) == command
    if row.has_fd:
        with pytest.raises(can.CanConfigError, match="no data_bitrate 123456") as caught:
            BitRate(500_000, 123_456).data_command(row)
        assert all(str(each) in caught.value.hint for each in row.data_bitrates)
    else:
        with pytest.raises(can.CanUnsupportedError, match="no CAN FD"):
            BitRate(500_000, 2_000_000).data_command(row)


@pytest.mark.parametrize(
    "options",
    [
        {"bitrate": 1, "btr": "001C"},
        {"bitrate": 1, "code": "6"},
        {"btr": "001C", "code": "6"},
        {"bitrate": 1, "timing": timing()},
    ],
)
def test_one_way_only(options):
    with pytest.raises(can.CanConfigError, match="say the same thing"):
        BitRate(**options)


def test_a_classic_timing_is_registers():
    rate = BitRate(timing=timing(btr0=0x03, btr1=0x1C, f_clock=8_000_000))
    assert rate.command(LAWICEL) == "s031C"
    assert rate.data_command(LAWICEL) is None


def test_a_timing_for_another_clock_is_none_for_these_adapters():
    with pytest.raises(can.CanConfigError, match="16000000") as caught:
        BitRate(timing=timing(btr0=0, btr1=0x1C, f_clock=16_000_000))
    assert "8000000" in caught.value.hint


def test_an_fd_timing_is_two_bitrates():
    rate = BitRate(timing=timing(nom_bitrate=500_000, data_bitrate=2_000_000))
    assert (rate.command(CANABLE25), rate.data_command(CANABLE25)) == ("S6", "Y2")
    with pytest.raises(can.CanConfigError, match="contradicts"):
        BitRate(data_bitrate=5_000_000, timing=timing(nom_bitrate=500_000, data_bitrate=2_000_000))


@pytest.mark.parametrize("wrong", [7, "500k", timing(btr0=1), object()])
def test_what_is_no_timing(wrong):
    with pytest.raises(can.CanConfigError, match="is no bit timing"):
        BitRate(timing=wrong)


def test_timing_objects_of_python_can():
    """Its own classes, as its users have them."""
    theirs = pytest.importorskip("can")
    classic = theirs.BitTiming.from_registers(8_000_000, 0x00, 0x1C)
    assert BitRate(timing=classic).command(LAWICEL) == "s001C"
    fd = theirs.BitTimingFd.from_sample_point(80_000_000, 500_000, 80.0, 2_000_000, 80.0)
    assert BitRate(timing=fd).command(CANABLE25) == "S6"
    assert BitRate(timing=fd).data_command(CANABLE25) == "Y2"
