"""`canbus list`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from canbus.cli import main
from canbus.cli.link_facts import link_facts
from canbus.link_info import LinkDevice, LinkTiming
from canbus.state import CanState
from tests.unit.cli_links.examples import FD, PCAN, UNSET, VCAN0

LISTING = """\
vcan0  vcan      up           no bit rate
can0   peak_usb  up, bus-off  500 kbit/s                 USB 0c72:000c, serial number 00AB\
, path 1-1:1.0, alias "left door"
can1   gs_usb    up           500 kbit/s, data 2 Mbit/s  USB 1d50:606f, path 1-2:1.0, channel 1
can2   mcp251x   down         no bit rate                SPI spi0.0
"""


@pytest.fixture
def columns(there, capsys):
    """What `canbus list` shows of links, split into columns."""

    def show(*links):
        there(*links)
        assert main(["list"]) == 0
        lines = capsys.readouterr().out.splitlines()
        return [[cell.strip() for cell in line.split("  ") if cell] for line in lines]

    return show


def test_each_link_is_a_line_and_columns_are_aligned(there, capsys):
    there(VCAN0, PCAN, FD, UNSET)
    assert main(["list"]) == 0
    assert capsys.readouterr().out == LISTING


@pytest.mark.parametrize(
    ("links", "hint"),
    [
        ([VCAN0, FD], ""),
        ([FD, UNSET], "hint: `canbus doctor can2` says why it is down, and what to do\n"),
        (
            [VCAN0, PCAN, UNSET],
            "hint: `canbus doctor can0` says why it is bus-off, and what to do (and so for can2)\n",
        ),
        (
            [replace(VCAN0, name="a;b", is_up=False)],
            "hint: `canbus doctor 'a;b'` says why it is down, and what to do\n",
        ),
    ],
)
def test_where_frames_cannot_pass_the_doctor_is_named(there, capsys, links, hint):
    there(*links)
    assert main(["list"]) == 0
    assert capsys.readouterr().err == hint


@pytest.mark.parametrize(
    ("link", "state"),
    [
        (replace(PCAN, is_up=False, state=CanState.STOPPED), "down"),
        (replace(PCAN, state=CanState.ERROR_ACTIVE, has_carrier=True), "up"),
        (replace(PCAN, state=CanState.ERROR_WARNING, has_carrier=True), "up, error-warning"),
        (replace(PCAN, state=CanState.ERROR_PASSIVE, has_carrier=True), "up, error-passive"),
        (replace(PCAN, state=CanState.BUS_OFF), "up, bus-off"),
        (replace(PCAN, state=CanState.SLEEPING, has_carrier=True), "up, sleeping"),
        (replace(VCAN0, has_carrier=False), "up, no carrier"),
    ],
)
def test_the_state_is_in_words(columns, link, state):
    assert columns(link)[0][2] == state


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (VCAN0, "no bit rate"),
        (replace(VCAN0, kind="vxcan"), "no bit rate"),
        (UNSET, "no bit rate"),
        (replace(UNSET, bit_timing=LinkTiming(0, 0.0, 0, 0, 0, 0, 0, 0)), "no bit rate"),
        (replace(UNSET, is_up=True), "bit rate unknown"),  # slcand's
        (
            replace(UNSET, bit_timing=LinkTiming(0xFFFFFFFF, 0, 0, 0, 0, 0, 0, 0)),
            "bit rate unknown",
        ),
        (replace(UNSET, kind=None), "bit rate unknown"),  # slcan before Linux 6.0
        (replace(UNSET, bit_timing=LinkTiming(83_333, 0, 0, 0, 0, 0, 0, 0)), "83.333 kbit/s"),
        (replace(UNSET, bit_timing=LinkTiming(1_234_567, 0, 0, 0, 0, 0, 0, 0)), "1.234567 Mbit/s"),
        (replace(UNSET, bit_timing=LinkTiming(800, 0, 0, 0, 0, 0, 0, 0)), "800 bit/s"),
        (FD, "500 kbit/s, data 2 Mbit/s"),
    ],
)
def test_a_bit_rate_is_exact_or_said_to_be_missing_or_unknown(columns, link, words):
    assert columns(link)[0][3] == words


def test_a_link_that_nothing_is_known_of(columns):
    assert columns(replace(VCAN0, kind=None)) == [
        ["vcan0", "unknown kind", "up", "bit rate unknown"]
    ]
    assert columns(replace(VCAN0, device=LinkDevice())) == [["vcan0", "vcan", "up", "no bit rate"]]


def test_channels_of_one_device_are_told_apart(columns):
    first = replace(FD, name="can9", index=9, device=FD.device._replace(channel=0))
    rows = columns(FD, first)
    assert [row[4].rpartition(", ")[2] for row in rows] == ["channel 1", "channel 0"]


def test_what_others_have_put_in_names_and_aliases_does_no_harm(columns):
    wild = replace(VCAN0, name="v\udcff\x1b", alias='a\nb\x1b[31m"')
    assert columns(wild) == [
        ["v\\udcff\\x1b", "vcan", "up", "no bit rate", 'alias "a\\nb\\x1b[31m""']
    ]


def test_json_has_everything(there, capsys):
    there(VCAN0, PCAN)
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [link_facts(VCAN0), link_facts(PCAN)]


def test_no_link_at_all_says_what_to_check(kernel, capsys):
    assert main(["list"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    for word in (
        "no CAN interface was found",
        "lsusb",
        "canbus ports",
        "container",
        "canbus up",
        "canbus doctor",
    ):
        assert word in said.err
    assert main(["list", "--json"]) == 1
    assert capsys.readouterr() == ("[]\n", "")


def test_a_kernel_that_does_not_answer_is_an_error_of_one_line(kernel, capsys):
    kernel.is_mute = True
    assert main(["list", "--json"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("canbus: cannot list CAN interfaces: the kernel does not answer")
    assert said.err.count("\n") == 1
