"""The table of dialects: what holds for every row, and that the emulated firmwares agree."""

from __future__ import annotations

import re

import pytest

import canbus as can
from canbus.backends.slcan.dialects import CUSTOM, DIALECTS, UNKNOWN, Answers, Registers
from canbus.backends.slcan.options import AUTO, dialect_named
from canbus.testing.slcan.firmware import Mode, Style
from canbus.testing.slcan.firmwares import FIRMWARES

ROWS = [*DIALECTS.values(), UNKNOWN]
REAL = [row for row in ROWS if row is not CUSTOM and row is not UNKNOWN]
for_every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
for_every_adapter = pytest.mark.parametrize("row", REAL, ids=lambda row: row.name)


def test_names_are_unique_and_none_is_auto():
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert AUTO not in names
    assert list(DIALECTS) == [row.name for row in DIALECTS.values()]


@for_every_row
def test_a_row_says_where_it_is_from_and_what_it_is(row):
    assert row.source.strip()
    assert row.summary.strip()
    assert "\n" not in row.summary


@for_every_row
def test_no_two_bitrates_share_a_command(row):
    assert len(set(row.bitrates.values())) == len(row.bitrates)
    assert len(set(row.data_bitrates.values())) == len(row.data_bitrates)


@for_every_row
def test_commands_look_as_commands(row):
    assert all(re.fullmatch(r"S[0-9A-D]", command) for command in row.bitrates.values())
    assert all(re.fullmatch(r"Y[0-9]", command) for command in row.data_bitrates.values())
    assert all(5_000 <= rate <= 1_000_000 for rate in row.bitrates)
    assert all(500_000 <= rate <= 8_000_000 for rate in row.data_bitrates)
    assert set(row.questions) <= set("VvNF")
    others = [*row.preparation, *row.listen_only, *row.loopback, row.open_normal]
    assert all(re.fullmatch(r"[A-Za-z0-9]{1,3}", command) for command in others)


@for_every_row
def test_windows_fit_to_what_is_answered(row):
    assert row.window >= 1
    if row.answers is Answers.NONE:
        assert not row.answers_close
        assert row.questions == ""


@for_every_row
def test_stamps_are_sensible(row):
    if row.stamp is not None:
        assert row.stamp.tick_ns * row.stamp.wrap >= 10**9
        assert row.stamp.switch.startswith("Z")


@for_every_row
def test_it_can_be_named(row):
    if row is UNKNOWN:
        with pytest.raises(can.CanConfigError, match="not known"):
            dialect_named(row.name)
    else:
        assert dialect_named(row.name) is row


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(can.CanConfigError) as caught:
        dialect_named("lavicel")
    assert all(name in caught.value.hint for name in (AUTO, *DIALECTS))
    assert dialect_named(AUTO) is None


def test_what_all_have_in_common_is_in_every_row():
    for row in REAL:
        for bitrate, command in UNKNOWN.bitrates.items():
            assert row.bitrates[bitrate] == command


def test_the_families_differ_in_s7():
    assert {row.bitrates.get(800_000) for row in REAL} == {"S7", None}
    assert {row.bitrates.get(750_000) for row in REAL} == {"S7", None}
    assert all((800_000 in row.bitrates) != (750_000 in row.bitrates) for row in REAL)
    assert not {750_000, 800_000} & set(UNKNOWN.bitrates)


@for_every_adapter
def test_the_firmware_means_the_same_by_its_bitrates(row):
    firmware = FIRMWARES[row.name]
    for bitrate, command in row.bitrates.items():
        if command in firmware.bitrates:  # those of a later version may be missing
            assert firmware.bitrates[command] == pytest.approx(bitrate, rel=0.001)
    for bitrate, command in row.data_bitrates.items():
        assert firmware.data_bitrates[command] == bitrate
    assert bool(firmware.data_bitrates) is row.has_fd


@for_every_adapter
def test_the_firmware_knows_the_other_commands(row):
    firmware = FIRMWARES[row.name]
    assert firmware.opens[row.open_normal] is Mode.NORMAL
    for name, commands in (("LISTEN_ONLY", row.listen_only), ("LOOPBACK", row.loopback)):
        if commands:
            *before, last = commands
            mode = firmware.prepares[before[-1]] if before else firmware.opens[last]
            assert mode is Mode[name]
    digits = {Registers.SJA1000: 4, Registers.MCP2515: 6, Registers.CLOCKS: 8}
    if row.registers is not Registers.NONE:
        assert digits[row.registers] in firmware.registers
    if row.stamp is not None:
        (stamps,) = [stamps for stamps in firmware.stamps if stamps.on == row.stamp.switch]
        assert (stamps.tick_ns, stamps.wrap) == (row.stamp.tick_ns, row.stamp.wrap)
    assert firmware.extended_x is row.extended_x
    for question in row.questions:
        answers = {"V": firmware.version, "v": firmware.detail, "N": firmware.serial}
        assert answers.get(question, firmware.status)
    if row.answers is Answers.NONE:
        assert firmware.style is Style.NONE
    assert not row.answers_close or firmware.style is not Style.NONE
