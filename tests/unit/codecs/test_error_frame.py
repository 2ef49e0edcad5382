"""codecs.error_frame: golden bytes from <linux/can/error.h>, one table both ways, round trips."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.can_frame import decode_can_frame, encode_can_frame
from canbus.codecs.error_frame import decode_error, decode_error_frame, encode_error_frame
from canbus.error_flags import (
    ControllerProblem,
    ErrorClass,
    ProtocolLocation,
    ProtocolViolation,
    TransceiverStatus,
)
from canbus.error_frame import ErrorFrame
from canbus.errors import CanMessageError, CanProtocolError
from canbus.message import Message
from canbus.state import CanState
from tests import golden
from tests.golden import compilers

GOLDEN = golden.read("error_frames.txt")
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the golden bytes are those of a little-endian machine"
)

CONTROLLER, COUNTERS = ErrorClass.CONTROLLER, ErrorClass.COUNTERS

# name: value, state that it announces, words
TABLE: dict[str, tuple[ErrorFrame, CanState | None, str]] = {
    "nothing": (ErrorFrame(ErrorClass(0)), None, "an error frame that says nothing"),
    "tx_timeout": (ErrorFrame(ErrorClass.TX_TIMEOUT), None, "transmission timed out"),
    "lost_arbitration": (
        ErrorFrame(ErrorClass.LOST_ARBITRATION, lost_arbitration_bit=12),
        None,
        "lost arbitration: in bit 12",
    ),
    "lost_arbitration_unspecified": (
        ErrorFrame(ErrorClass.LOST_ARBITRATION),
        None,
        "lost arbitration",
    ),
    "warning": (
        ErrorFrame(
            CONTROLLER | COUNTERS,
            controller=ControllerProblem.TX_WARNING,
            tx_errors=96,
            rx_errors=7,
        ),
        CanState.ERROR_WARNING,
        (
            "controller: transmit errors reached the warning level; "
            "error counters: transmit 96, receive 7"
        ),
    ),
    "passive_without_counters": (
        ErrorFrame(
            CONTROLLER, controller=ControllerProblem.RX_PASSIVE | ControllerProblem.TX_WARNING
        ),
        CanState.ERROR_PASSIVE,
        "controller: transmit errors reached the warning level, error-passive by receive errors",
    ),
    "passive_of_old_kernel": (
        ErrorFrame(
            CONTROLLER, controller=ControllerProblem.TX_PASSIVE, unflagged_counters=(128, 0)
        ),
        CanState.ERROR_PASSIVE,
        (
            "controller: error-passive by transmit errors; "
            "unflagged, maybe error counters: transmit 128, receive 0"
        ),
    ),
    "overflow": (
        ErrorFrame(CONTROLLER, controller=ControllerProblem.RX_OVERFLOW),
        None,
        "controller: receive buffer overflow",
    ),
    "back_to_active": (
        ErrorFrame(
            CONTROLLER | COUNTERS, controller=ControllerProblem.ACTIVE, tx_errors=95, rx_errors=95
        ),
        CanState.ERROR_ACTIVE,
        "controller: back to error-active; error counters: transmit 95, receive 95",
    ),
    "violation": (
        ErrorFrame(
            ErrorClass.PROTOCOL | ErrorClass.BUS_ERROR,
            protocol=ProtocolViolation.BIT0 | ProtocolViolation.TX,
            location=ProtocolLocation.ID12_05,
        ),
        None,
        (
            "protocol violation: dominant bit could not be sent, while sending, "
            "in identifier bits 12-5; bus error"
        ),
    ),
    "no_ack": (
        ErrorFrame(
            ErrorClass.NO_ACK | ErrorClass.PROTOCOL | ErrorClass.BUS_ERROR,
            location=ProtocolLocation.ACK,
        ),
        None,
        "protocol violation: in acknowledge slot; no acknowledgement; bus error",
    ),
    "wires": (
        ErrorFrame(
            ErrorClass.TRANSCEIVER,
            canh=TransceiverStatus.CANH_SHORT_TO_GND,
            canl=TransceiverStatus.CANL_NO_WIRE,
        ),
        None,
        "transceiver: CAN high: short to ground, CAN low: no wire",
    ),
    "shorted_together": (
        ErrorFrame(ErrorClass.TRANSCEIVER, canl=TransceiverStatus.CANL_SHORT_TO_CANH),
        None,
        "transceiver: CAN low: short to CAN high",
    ),
    "bus_off": (ErrorFrame(ErrorClass.BUS_OFF), CanState.BUS_OFF, "bus-off"),
    "restarted": (
        ErrorFrame(ErrorClass.RESTARTED),
        CanState.ERROR_ACTIVE,
        "restarted after bus-off",
    ),
    "everything_unknown": (
        ErrorFrame(
            ErrorClass(0x400),
            controller=ControllerProblem(0x80),
            location=0x11,
            canh=0x0F,
            reserved=0xA5,
        ),
        None,
        (
            "unknown class 0x400; unknown controller status 0x80; unknown location 0x11; "
            "unknown CAN high status 0xf; unknown data[5] 0xa5"
        ),
    ),
}


def test_the_table_covers_every_golden_frame() -> None:
    assert list(GOLDEN) == list(TABLE)


@little_endian
@pytest.mark.parametrize("name", TABLE)
def test_an_error_frame_is_decoded_from_the_kernels_bytes(name: str) -> None:
    value, state, words = TABLE[name]
    error = decode_error_frame(decode_can_frame(GOLDEN[name]))
    assert error == value
    assert error.can_state is state
    assert str(error) == words


@little_endian
@pytest.mark.parametrize("name", TABLE)
def test_an_error_frame_is_encoded_as_the_kernel_lays_it_out(name: str) -> None:
    assert encode_can_frame(encode_error_frame(TABLE[name][0])) == GOLDEN[name]


@little_endian
def test_the_golden_bytes_are_what_the_c_program_prints(tmp_path: Path) -> None:
    source = golden.HERE / "error_frames.c"
    assert compilers.printed(source, tmp_path) == source.with_suffix(".txt").read_text()


@pytest.mark.parametrize("size", [n for n in range(12) if n != 8])
def test_an_error_frame_of_another_length_is_refused(size: int) -> None:
    msg = Message(arbitration_id=4, is_error_frame=True, data=bytes(size))
    with pytest.raises(CanProtocolError, match=f"8 data bytes, not {size}"):
        decode_error_frame(msg)


def test_a_data_frame_is_refused() -> None:
    with pytest.raises(CanProtocolError, match="204#0008000000006000 is no error frame"):
        decode_error_frame(Message.parse("204#0008000000006000"))


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ErrorFrame(ErrorClass(1 << 29)), "29 bits"),
        (ErrorFrame(CONTROLLER, lost_arbitration_bit=256), "lost_arbitration_bit 256"),
        (ErrorFrame(CONTROLLER, location=-1), "location -1"),
        (ErrorFrame(CONTROLLER, canh=0x40), "canh 0x40"),
        (ErrorFrame(CONTROLLER, canl=0x04), "canl 0x4"),
        (ErrorFrame(COUNTERS), "needs tx_errors and rx_errors"),
        (ErrorFrame(COUNTERS, tx_errors=1), "needs tx_errors and rx_errors"),
        (ErrorFrame(CONTROLLER, rx_errors=1), "need the class COUNTERS"),
        (ErrorFrame(COUNTERS, tx_errors=256, rx_errors=0), "tx_errors 256"),
        (
            ErrorFrame(COUNTERS, tx_errors=0, rx_errors=0, unflagged_counters=(1, 1)),
            "needs tx_errors",
        ),
    ],
)
def test_a_value_that_no_frame_can_say_is_refused(error: ErrorFrame, why: str) -> None:
    with pytest.raises(CanMessageError, match=why):
        encode_error_frame(error)


def test_a_restart_counts_before_a_bus_off() -> None:
    assert ErrorFrame(ErrorClass.RESTARTED | ErrorClass.BUS_OFF).can_state is CanState.ERROR_ACTIVE


def test_details_of_a_class_that_is_not_set_are_shown_and_announce_no_state() -> None:
    error = ErrorFrame(ErrorClass.NO_ACK, controller=ControllerProblem.TX_PASSIVE)
    assert error.can_state is None
    assert "without its class, controller: error-passive" in str(error)


@given(st.integers(0, 0x1FFFFFFF), st.binary(min_size=8, max_size=8))
def test_every_error_frame_comes_back_from_its_value(class_bits: int, data: bytes) -> None:
    error = decode_error(class_bits, data)
    msg = encode_error_frame(error)
    assert (msg.arbitration_id, bytes(msg.data)) == (class_bits, data)
    assert decode_error_frame(msg) == error
    assert str(error)
