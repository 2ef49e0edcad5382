"""USB/IP messages: a stream of bytes cut into commands."""

from __future__ import annotations

import pytest

import canbus as can
from canbus.testing.usb import usbip
from tests.unit.testing_usb.host import submit, unlink

SETUP = bytes.fromhex("8006000100001200")
STREAM = (
    submit(1, 0, is_in=True, length=18, setup=SETUP)
    + submit(2, 2, is_in=False, length=3, data=b"abc")
    + unlink(3, 1)
)
COMMANDS = [
    usbip.Submit(1, 0, True, 18, SETUP, b""),
    usbip.Submit(2, 2, False, 3, bytes(8), b"abc"),
    usbip.Unlink(3, 1),
]


def test_commands_are_read_whole():
    assert list(usbip.Parser().feed(STREAM)) == COMMANDS


@pytest.mark.parametrize("size", [1, 7, 48, 50])
def test_commands_are_read_in_pieces(size):
    parser = usbip.Parser()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [command for piece in pieces for command in parser.feed(piece)] == COMMANDS


def test_what_is_no_command_is_refused():
    with pytest.raises(can.CanProtocolError, match="no USB/IP command"):
        list(usbip.Parser().feed(bytes(48)))


def test_answers_have_the_layout_of_the_protocol():
    answer = usbip.answer_submit(5, -32, b"ab")
    head = "00000003 00000005 00000000 00000000 00000000 ffffffe0 00000002"
    assert answer == bytes.fromhex(head).ljust(48, b"\0") + b"ab"
    assert usbip.answer_submit(5, 0, length=9)[24:28] == bytes([0, 0, 0, 9])
    head = "00000004 00000006 00000000 00000000 00000000 ffffff98"
    assert usbip.answer_unlink(6, usbip.ECONNRESET) == bytes.fromhex(head).ljust(48, b"\0")
