"""The options of `emulate`, as the command line of the process that it starts."""

from __future__ import annotations

import pytest

import canbus as can
from canbus.testing.usb.options import words


@pytest.mark.parametrize(
    ("kind", "options", "line"),
    [
        ("gs_usb", {}, []),
        ("gs_usb", {"channels": 2, "fd": False}, ["--channels=2", "--no-fd"]),
        ("gs_usb", {"fd": True, "hardware_stamps": False}, ["--no-hardware-stamps"]),
        ("gs_usb", {"listen_only": False}, ["--no-listen-only"]),
        ("gs_usb", {"serial": None, "paced": False}, []),
        ("pcan_usb", {"channels": 1, "paced": True}, ["--paced"]),
        ("cdc_acm", {"dialect": "usbtin", "serial": "-7"}, ["--dialect=usbtin", "--serial=-7"]),
        ("cdc_acm", {"version": "V1"}, ["--version-text=V1"]),
        ("gs_usb", {"wire_bitrate": 125_000}, ["--wire-bitrate=125000"]),
        ("pcan_usb", {"wire_bitrate": 125_000}, ["--wire-bitrate=125000"]),
        ("cdc_acm", {"wire_bitrate": None}, []),
    ],
)
def test_options_are_words(kind, options, line):
    assert words(kind, options) == [kind, *line]


@pytest.mark.parametrize(
    ("kind", "options", "complaint"),
    [
        ("x", {}, "no emulated adapter 'x'"),
        ("cdc_acm", {"channels": 2}, "no option 'channels'"),
        ("pcan_usb", {"serial": "1"}, "no option 'serial'"),
        ("gs_usb", {"channels": 4}, "4 channels"),
        ("cdc_acm", {"dialect": "x"}, "dialect 'x'"),
    ],
)
def test_what_an_adapter_has_not_is_refused(kind, options, complaint):
    with pytest.raises(can.CanConfigError, match=complaint):
        words(kind, options)
