"""codecs.lawicel: error reports, compared with what the kernel's driver makes of them.

`kernel_state` and `kernel_error` retell slcan_bump_state and slcan_bump_err of
drivers/net/can/slcan/slcan-core.c, and can_change_state of drivers/net/can/dev/dev.c, step by
step and with the numbers of <linux/can/error.h>.
"""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.error_frame import decode_error_frame
from canbus.codecs.lawicel import LawicelDecoder, Malformed
from canbus.error_flags import (
    ControllerProblem,
    ErrorClass,
    ProtocolLocation,
    ProtocolViolation,
)
from canbus.error_frame import ErrorFrame
from canbus.message import Message
from canbus.state import CanState, TimestampSource

LETTERS = "abBcfoOs"


def kernel_state(state: str, rxerr: int, txerr: int) -> tuple[int, bytes]:
    number = "awpb".index(state)  # enum can_state
    tx_state = number if txerr >= rxerr else 0
    rx_state = number if txerr <= rxerr else 0
    data = bytearray(8)
    if max(tx_state, rx_state) == 3:
        return 0x040, bytes(data)
    can_id = 0x004
    if tx_state >= rx_state:
        data[1] |= (0x40, 0x08, 0x20)[tx_state]
    if tx_state <= rx_state:
        data[1] |= (0x40, 0x04, 0x10)[rx_state]
    data[6] = txerr % 256
    data[7] = rxerr % 256
    return can_id | 0x200, bytes(data)


def kernel_error(letters: str) -> tuple[int, bytes]:
    can_id = 0x008 | 0x080
    data = bytearray(8)
    for letter in letters:
        match letter:
            case "a":
                can_id |= 0x020
                data[3] = 0x19
            case "b":
                data[2] |= 0x08
            case "B":
                data[2] |= 0x10
            case "c":
                data[2] |= 0x01
                data[3] = 0x08
            case "f":
                data[2] |= 0x02
            case "o":
                can_id |= 0x004
                data[1] = 0x01
            case "O":
                can_id |= 0x004
                data[1] = 0x02
            case "s":
                data[2] |= 0x04
    return can_id, bytes(data)


def report(line: bytes) -> Message:
    decoder = LawicelDecoder("x")
    (event,) = decoder.feed(line + b"\r", 7)
    assert isinstance(event, Message), event
    assert not decoder.only_frames
    assert event.is_error_frame
    assert not event.is_extended_id
    assert event.dlc == 8
    assert event.is_rx
    assert (event.timestamp_ns, event.channel) == (7, "x")
    assert event.timestamp_source is TimestampSource.HOST
    event.validate()
    return event


def content(line: bytes) -> ErrorFrame:
    return decode_error_frame(report(line))


@pytest.mark.parametrize("state", "awpb")
@pytest.mark.parametrize(
    ("rxerr", "txerr"), [(0, 0), (57, 33), (33, 57), (135, 128), (255, 255), (256, 256), (999, 0)]
)
def test_a_state_report_is_the_kernels_error_frame(state: str, rxerr: int, txerr: int) -> None:
    event = report(b"s%b%03d%03d" % (state.encode(), rxerr, txerr))
    expected = kernel_state(state, rxerr, txerr)
    assert (event.arbitration_id, bytes(event.data)) == expected


def test_the_kernels_examples_of_state_reports() -> None:
    # The comment above slcan_bump_state; the frames are worked out by hand.
    event = report(b"sa057033")
    assert (event.arbitration_id, event.data.hex()) == (0x204, "0040000000002139")
    event = report(b"sb256256")
    assert (event.arbitration_id, event.data.hex()) == (0x040, "00" * 8)
    event = report(b"sp135128")
    assert (event.arbitration_id, event.data.hex()) == (0x204, "0010000000008087")


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (b"sa000000", CanState.ERROR_ACTIVE),
        (b"sw096000", CanState.ERROR_WARNING),
        (b"sp000128", CanState.ERROR_PASSIVE),
        (b"sb000000", CanState.BUS_OFF),
        (b"E00100000", CanState.ERROR_ACTIVE),
        (b"E10006000", CanState.ERROR_WARNING),
        (b"E2310800C", CanState.ERROR_PASSIVE),
        (b"E3300F800", CanState.BUS_OFF),
    ],
)
def test_a_report_tells_the_state(line: bytes, state: CanState) -> None:
    assert content(line).can_state is state


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_error_report_is_the_kernels_error_frame(count: int) -> None:
    for letters in map("".join, product(LETTERS, repeat=count)):
        event = report(b"e%d%b" % (count, letters.encode()))
        assert (event.arbitration_id, bytes(event.data)) == kernel_error(letters), letters


@given(st.text(LETTERS, min_size=1, max_size=8))
def test_long_error_reports_are_the_kernels_error_frames(letters: str) -> None:
    event = report(b"e%d%b" % (len(letters), letters.encode()))
    assert (event.arbitration_id, bytes(event.data)) == kernel_error(letters)


def test_the_kernels_examples_of_error_reports() -> None:
    # The comment above slcan_bump_err; the frames are worked out by hand.
    event = report(b"e1a")
    assert (event.arbitration_id, event.data.hex()) == (0x0A8, "0000001900000000")
    event = report(b"e3bcO")
    assert (event.arbitration_id, event.data.hex()) == (0x08C, "0002090800000000")


@pytest.mark.parametrize("letter", [chr(code) for code in range(33, 127)])
def test_one_unknown_letter_spoils_the_report(letter: str) -> None:
    (event,) = LawicelDecoder().feed(b"e2a%b\r" % letter.encode())
    assert isinstance(event, Message if letter in LETTERS else Malformed)


def test_the_example_of_the_canable_2_5_manual() -> None:
    # Passive, no acknowledgement, transmit timeout, 128 transmit and 12 receive errors.
    assert content(b"E2310800C") == ErrorFrame(
        ErrorClass.TX_TIMEOUT
        | ErrorClass.CONTROLLER
        | ErrorClass.PROTOCOL
        | ErrorClass.NO_ACK
        | ErrorClass.BUS_ERROR
        | ErrorClass.COUNTERS,
        controller=ControllerProblem.TX_PASSIVE,
        location=ProtocolLocation.ACK,
        tx_errors=128,
        rx_errors=12,
        reserved=0x10,
    )


@pytest.mark.parametrize(
    ("code", "letter"), [("1", "s"), ("2", "f"), ("3", "a"), ("4", "B"), ("5", "b"), ("6", "c")]
)
def test_the_errors_of_a_canable_2_5_are_those_of_the_kernels_letters(
    code: str, letter: str
) -> None:
    event = report(b"E0%b000000" % code.encode())
    can_id, data = kernel_error(letter)
    assert event.arbitration_id == can_id | ErrorClass.CONTROLLER | ErrorClass.COUNTERS
    assert bytes(event.data[2:4]) == data[2:4]


@pytest.mark.parametrize(
    ("flags", "classes", "controller"),
    [
        (0x01, ErrorClass(0), ControllerProblem(0)),
        (0x02, ErrorClass(0), ControllerProblem(0)),
        (0x04, ErrorClass(0), ControllerProblem.TX_OVERFLOW),
        (0x08, ErrorClass(0), ControllerProblem.RX_OVERFLOW),
        (0x10, ErrorClass.TX_TIMEOUT, ControllerProblem(0)),
        (
            0xFF,
            ErrorClass.TX_TIMEOUT,
            ControllerProblem.TX_OVERFLOW | ControllerProblem.RX_OVERFLOW,
        ),
    ],
)
def test_the_firmwares_own_flags(
    flags: int, classes: ErrorClass, controller: ControllerProblem
) -> None:
    error = content(b"E00%02x0000" % flags)
    assert error.classes == ErrorClass.CONTROLLER | ErrorClass.COUNTERS | classes
    assert error.controller == ControllerProblem.ACTIVE | controller
    assert error.protocol == ProtocolViolation(0)
    assert error.reserved == flags
    overflow = content(b"E30%02x0000" % flags)
    assert bool(overflow.classes & ErrorClass.CONTROLLER) is bool(controller)


def test_registers_are_no_state_report() -> None:
    for line in (b"s001C", b"sa0001c", b"sa0000000", b"sa00000"):
        (event,) = LawicelDecoder().feed(line + b"\r")
        assert not isinstance(event, Message)
