"""Which dialect an adapter speaks, from what it says of itself. No port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.backends.slcan.dialects import (
    CANABLE1,
    CANABLE2,
    CANABLE25,
    DIALECTS,
    LAWICEL,
    NAKAKIYO,
    UNKNOWN,
    USBTIN,
    WEACT,
)
from canbus.backends.slcan.identify import dialect_of, version_numbers
from canbus.testing.slcan.firmwares import FIRMWARES


@pytest.mark.parametrize(
    ("version", "firmware", "dialect"),
    [
        ("", "", UNKNOWN),
        ("V1013", "", LAWICEL),
        ("V1a2F", "", LAWICEL),
        ("V0100", "v0108", USBTIN),
        ("V1013", 'v: hardware="CANable2.0", software="x"', NAKAKIYO),
        ("VL2K5", "", NAKAKIYO),
        ("VW1K1", "", NAKAKIYO),
        ("16e7497-dirty github.com/normaldotcom/canable2.git", "", CANABLE2),
        ("b158aa4 github.com/normaldotcom/cantact-fw.git", "", CANABLE1),
        ("CANable 1.0", "", CANABLE1),
        ("+Board: X\tSlcan: 105", "", CANABLE25),
        ("WeAct Studio USB2CANFDV1 V1.0.0.5", "", WEACT),
        ("V10", "", UNKNOWN),
        ("V10133", "", UNKNOWN),
        ("V1013\n", "", LAWICEL),
        ("hello world", "", UNKNOWN),
        ("t1230", "", UNKNOWN),
        ("", "v0108", UNKNOWN),
        (" V1013", "", UNKNOWN),
    ],
)
def test_dialects(version, firmware, dialect):
    assert dialect_of(version, firmware) is dialect


@pytest.mark.parametrize("firmware", FIRMWARES.values(), ids=lambda row: row.name)
def test_every_known_firmware_that_says_something_is_known_by_it(firmware):
    if not firmware.version or firmware.name in {"candapter", "wican"}:
        return  # it says LAWICEL's version, or nothing
    name = firmware.name.removesuffix("-answers")
    assert dialect_of(firmware.version, firmware.detail) is DIALECTS[name]


@given(st.text(), st.text())
def test_anything_else_is_no_error(version, firmware):
    dialect_of(version, firmware)
    version_numbers(version)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("V1013", (10, 13)),
        ("V0001", (0, 1)),
        ("V1A13", (None, None)),
        ("VL2K5", (None, None)),
        ("V101", (None, None)),
        ("V10133", (None, None)),
        ("", (None, None)),
        ("v1013", (None, None)),
    ],
)
def test_version_numbers(version, numbers):
    assert version_numbers(version) == numbers
