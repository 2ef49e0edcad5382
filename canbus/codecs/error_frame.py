"""The bytes of an error frame to ErrorFrame and back. No words, no sockets.

Layout (<linux/can/error.h>): the identifier is the class bits; data is 8 bytes: lost bit,
controller, violation, location, transceiver, reserved, transmit and receive error counter.
"""

from __future__ import annotations

from canbus.error_flags import (
    ControllerProblem,
    ErrorClass,
    ProtocolLocation,
    ProtocolViolation,
    TransceiverStatus,
)
from canbus.error_frame import ErrorFrame
from canbus.errors import CanMessageError, CanProtocolError
from canbus.frame_flags import EFF_MASK
from canbus.message import Message

CAN_ERR_DLC = 8
_LOCATIONS = {int(location): location for location in ProtocolLocation}
_STATUSES = {int(status): status for status in TransceiverStatus}


def decode_error_frame(msg: Message) -> ErrorFrame:
    """Read what an error frame says.

    Raises:
        CanProtocolError: a ValueError; it is no error frame, or has not exactly 8 data bytes
            (a kernel's own always have; programs can send others over vcan).
    """
    if not msg.is_error_frame:
        raise CanProtocolError(f"{msg:candump} is no error frame")
    data = msg._data
    if len(data) != CAN_ERR_DLC:
        raise CanProtocolError(f"an error frame has {CAN_ERR_DLC} data bytes, not {len(data)}")
    return decode_error(msg.arbitration_id, bytes(data))


def decode_error(class_bits: int, data: bytes) -> ErrorFrame:
    """The same from the class bits (0..0x1FFFFFFF) and the 8 data bytes, unchecked."""
    lost_bit, controller, violation, location, wires, reserved, tx_errors, rx_errors = data
    flagged = class_bits & ErrorClass.COUNTERS
    return ErrorFrame(
        ErrorClass(class_bits),
        lost_bit or None,  # CAN_ERR_LOSTARB_UNSPEC
        ControllerProblem(controller),
        ProtocolViolation(violation),
        _LOCATIONS.get(location, location),
        _STATUSES.get(wires & 0x0F, wires & 0x0F),
        _STATUSES.get(wires & 0xF0, wires & 0xF0),
        tx_errors if flagged else None,
        rx_errors if flagged else None,
        None if flagged or not (tx_errors or rx_errors) else (tx_errors, rx_errors),
        reserved,
    )


def encode_error_frame(error: ErrorFrame) -> Message:
    """Make the error frame that says this, to be sent on a vcan or compared in a test.

    Raises:
        CanMessageError: a ValueError; a field is out of range, or the counters and the class
            COUNTERS contradict each other.
    """
    if not 0 <= error.classes <= EFF_MASK:
        raise CanMessageError(f"classes {int(error.classes):#x} do not fit 29 bits")
    _check_wire("canh", error.canh, 0x0F)
    _check_wire("canl", error.canl, 0xF0)
    fields = {
        "lost_arbitration_bit": error.lost_arbitration_bit or 0,
        "controller": error.controller,
        "protocol": error.protocol,
        "location": error.location,
        "transceiver": error.canh | error.canl,
        "reserved": error.reserved,
    }
    fields["tx_errors"], fields["rx_errors"] = _counters(error)
    for name, value in fields.items():
        if not 0 <= value <= 0xFF:
            raise CanMessageError(f"{name} {value} of an error frame is not 0..255")
    return Message(
        arbitration_id=int(error.classes),
        is_extended_id=False,
        is_error_frame=True,
        data=bytes(fields.values()),
    )


def _check_wire(name: str, status: int, half: int) -> None:
    if status & ~half:
        raise CanMessageError(f"{name} {int(status):#x} has bits outside {half:#04x}")


def _counters(error: ErrorFrame) -> tuple[int, int]:
    if error.classes & ErrorClass.COUNTERS:
        if error.tx_errors is None or error.rx_errors is None or error.unflagged_counters:
            raise CanMessageError(
                "the class COUNTERS needs tx_errors and rx_errors",
                hint="give both, and not unflagged_counters",
            )
        return error.tx_errors, error.rx_errors
    if error.tx_errors is not None or error.rx_errors is not None:
        raise CanMessageError(
            "tx_errors and rx_errors need the class COUNTERS",
            hint="add ErrorClass.COUNTERS, or give unflagged_counters",
        )
    return error.unflagged_counters or (0, 0)
