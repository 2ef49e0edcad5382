"""Error reports of serial CAN adapters as the error frames of <linux/can/error.h>. No state.

    s S rrr ttt          state a, w, p or b; receive and transmit error counter, decimal
    e N LL...            N letters, one for each error on the wire or overflow
    E s p ff tt rr       CANable 2.5: state, last protocol error, flags, counters, hex

Of `s` and `e` lines this makes the frames that the kernel's driver makes (slcan_bump_state and
slcan_bump_err of drivers/net/can/slcan/slcan-core.c, can_change_state of
drivers/net/can/dev/dev.c, kernel 6.16), but of every line: the driver drops an `s` line that
says again what was known, and takes no notice of what follows the letters of an `e` line, which
is noise here. `E` is the manual of the CANable 2.5 firmware, "Slcan Error Reports"; what it
says as `e` letters do becomes the same, and the firmware's own flags are in data[5], where its
gs_usb variant has them.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from canbus.error_flags import (
    ControllerProblem,
    ErrorClass,
    ProtocolLocation,
    ProtocolViolation,
)
from canbus.frame_flags import ERR, STAMP_HOST
from canbus.message import Message, received

_CONTROLLER, _VIOLATION, _LOCATION, _FIRMWARE, _TX_COUNT, _RX_COUNT = 1, 2, 3, 5, 6, 7

_is_state = re.compile(rb"s([awpb])([0-9]{3})([0-9]{3})").fullmatch
_is_report = re.compile(rb"E([0-3])([0-6])([0-9A-Fa-f]{6})").fullmatch


class _Problem(NamedTuple):
    """What one letter of an `e` line stands for: class bits, and a byte of data."""

    classes: int
    at: int
    value: int
    replaces: bool = True


_PROBLEMS = {
    ord("a"): _Problem(ErrorClass.NO_ACK, _LOCATION, ProtocolLocation.ACK),
    ord("b"): _Problem(0, _VIOLATION, ProtocolViolation.BIT0, replaces=False),
    ord("B"): _Problem(0, _VIOLATION, ProtocolViolation.BIT1, replaces=False),
    ord("f"): _Problem(0, _VIOLATION, ProtocolViolation.FORM, replaces=False),
    ord("s"): _Problem(0, _VIOLATION, ProtocolViolation.STUFF, replaces=False),
    ord("o"): _Problem(ErrorClass.CONTROLLER, _CONTROLLER, ControllerProblem.RX_OVERFLOW),
    ord("O"): _Problem(ErrorClass.CONTROLLER, _CONTROLLER, ControllerProblem.TX_OVERFLOW),
}
_CRC = ord("c")  # the only one that changes two bytes

_STATES = {
    "w": (ControllerProblem.RX_WARNING, ControllerProblem.TX_WARNING),
    "p": (ControllerProblem.RX_PASSIVE, ControllerProblem.TX_PASSIVE),
    "a": (ControllerProblem.ACTIVE, ControllerProblem.ACTIVE),
}
_REPORT_STATES = "awpb"
_REPORT_ERRORS = ("", "s", "f", "a", "B", "b", "c")
_TX_OVERFLOW, _USB_OVERFLOW, _TX_TIMEOUT = 0x04, 0x08, 0x10


class _Frame:
    """An error frame under construction."""

    def __init__(self) -> None:
        self.classes = 0
        self.data = bytearray(8)

    def message(self, timestamp_ns: int, channel: Any) -> Message:
        flags = ERR | STAMP_HOST
        return received(int(self.classes), flags, bytes(self.data), 8, timestamp_ns, channel)

    def add_state(self, state: str, rx_errors: int, tx_errors: int) -> None:
        """Say the state as can_change_state does: for the direction with more errors."""
        if state == "b":
            self.classes |= ErrorClass.BUS_OFF
            return
        rx_problem, tx_problem = _STATES[state]
        self.classes |= ErrorClass.CONTROLLER
        if tx_errors >= rx_errors:
            self.data[_CONTROLLER] |= tx_problem
        if tx_errors <= rx_errors:
            self.data[_CONTROLLER] |= rx_problem

    def add_counters(self, rx_errors: int, tx_errors: int) -> None:
        self.classes |= ErrorClass.COUNTERS
        self.data[_TX_COUNT] = tx_errors & 0xFF  # a byte in the kernel too
        self.data[_RX_COUNT] = rx_errors & 0xFF

    def add_letters(self, letters: bytes) -> str | None:
        """Add the errors of an `e` line; a text says what is wrong with them."""
        self.classes |= ErrorClass.PROTOCOL | ErrorClass.BUS_ERROR
        for letter in letters:
            if letter == _CRC:
                self.data[_VIOLATION] |= ProtocolViolation.BIT
                self.data[_LOCATION] = ProtocolLocation.CRC_SEQ
                continue
            problem = _PROBLEMS.get(letter)
            if problem is None:
                return f"{chr(letter)!a} stands for no error (a, b, B, c, f, o, O or s)"
            self.classes |= problem.classes
            old = 0 if problem.replaces else self.data[problem.at]
            self.data[problem.at] = old | problem.value
        return None


def read_state(line: bytes, timestamp_ns: int, channel: Any) -> Message | None:
    """Read an `s` line that reports a state; None: it is something else."""
    match = _is_state(line)
    if match is None:
        return None
    rx_errors, tx_errors = int(match[2]), int(match[3])
    state = match[1].decode()
    frame = _Frame()
    frame.add_state(state, rx_errors, tx_errors)
    if state != "b":
        frame.add_counters(rx_errors, tx_errors)
    return frame.message(timestamp_ns, channel)


def read_errors(line: bytes, timestamp_ns: int, channel: Any) -> Message | str:
    """Read an `e` line; a text says what is wrong with it."""
    count, letters = line[1:2], line[2:]
    if not b"1" <= count <= b"8":
        return "an error report says how many letters follow, 1 to 8"
    if len(letters) != int(count):
        return f"an error report of {int(count)} letters has {len(letters)}"
    frame = _Frame()
    problem = frame.add_letters(letters)
    return problem or frame.message(timestamp_ns, channel)


def read_report(line: bytes, timestamp_ns: int, channel: Any) -> Message | None:
    """Read an `E` line of a CANable 2.5; None: it is something else."""
    match = _is_report(line)
    if match is None:
        return None
    flags, tx_errors, rx_errors = bytes.fromhex(match[3].decode())
    frame = _Frame()
    if match[2] != b"0":
        frame.add_letters(_REPORT_ERRORS[int(match[2])].encode())
    frame.add_state(_REPORT_STATES[int(match[1])], rx_errors, tx_errors)
    frame.add_counters(rx_errors, tx_errors)
    _add_firmware_flags(frame, flags)
    return frame.message(timestamp_ns, channel)


def _add_firmware_flags(frame: _Frame, flags: int) -> None:
    frame.data[_FIRMWARE] = flags
    if flags & (_TX_OVERFLOW | _USB_OVERFLOW):
        frame.classes |= ErrorClass.CONTROLLER
    if flags & _TX_OVERFLOW:
        frame.data[_CONTROLLER] |= ControllerProblem.TX_OVERFLOW
    if flags & _USB_OVERFLOW:  # received frames that it could not tell the host
        frame.data[_CONTROLLER] |= ControllerProblem.RX_OVERFLOW
    if flags & _TX_TIMEOUT:
        frame.classes |= ErrorClass.TX_TIMEOUT
