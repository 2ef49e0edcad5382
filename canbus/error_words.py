"""An error frame in plain words. Text only; the numbers are error_flags.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntFlag
from typing import TypeVar

from canbus.error_flags import (
    ControllerProblem,
    ErrorClass,
    ProtocolLocation,
    ProtocolViolation,
    TransceiverStatus,
)
from canbus.error_frame import ErrorFrame

Flags = TypeVar("Flags", bound=IntFlag)

CLASSES = {
    ErrorClass.TX_TIMEOUT: "transmission timed out",
    ErrorClass.LOST_ARBITRATION: "lost arbitration",
    ErrorClass.CONTROLLER: "controller",
    ErrorClass.PROTOCOL: "protocol violation",
    ErrorClass.TRANSCEIVER: "transceiver",
    ErrorClass.NO_ACK: "no acknowledgement",
    ErrorClass.BUS_OFF: "bus-off",
    ErrorClass.BUS_ERROR: "bus error",
    ErrorClass.RESTARTED: "restarted after bus-off",
    ErrorClass.COUNTERS: "error counters",
}
CONTROLLER = {
    ControllerProblem.RX_OVERFLOW: "receive buffer overflow",
    ControllerProblem.TX_OVERFLOW: "transmit buffer overflow",
    ControllerProblem.RX_WARNING: "receive errors reached the warning level",
    ControllerProblem.TX_WARNING: "transmit errors reached the warning level",
    ControllerProblem.RX_PASSIVE: "error-passive by receive errors",
    ControllerProblem.TX_PASSIVE: "error-passive by transmit errors",
    ControllerProblem.ACTIVE: "back to error-active",
}
VIOLATIONS = {
    ProtocolViolation.BIT: "wrong bit",
    ProtocolViolation.FORM: "wrong frame format",
    ProtocolViolation.STUFF: "wrong bit stuffing",
    ProtocolViolation.BIT0: "dominant bit could not be sent",
    ProtocolViolation.BIT1: "recessive bit could not be sent",
    ProtocolViolation.OVERLOAD: "overload",
    ProtocolViolation.ACTIVE: "active error flag",
    ProtocolViolation.TX: "while sending",
}
LOCATIONS: Mapping[int, str] = {
    ProtocolLocation.UNSPEC: "",
    ProtocolLocation.SOF: "start of frame",
    ProtocolLocation.ID28_21: "identifier bits 28-21",
    ProtocolLocation.ID20_18: "identifier bits 20-18",
    ProtocolLocation.SRTR: "substitute remote request bit",
    ProtocolLocation.IDE: "identifier extension bit",
    ProtocolLocation.ID17_13: "identifier bits 17-13",
    ProtocolLocation.ID12_05: "identifier bits 12-5",
    ProtocolLocation.ID04_00: "identifier bits 4-0",
    ProtocolLocation.RTR: "remote request bit",
    ProtocolLocation.RES1: "reserved bit 1",
    ProtocolLocation.RES0: "reserved bit 0",
    ProtocolLocation.DLC: "data length code",
    ProtocolLocation.DATA: "data",
    ProtocolLocation.CRC_SEQ: "checksum",
    ProtocolLocation.CRC_DEL: "checksum delimiter",
    ProtocolLocation.ACK: "acknowledge slot",
    ProtocolLocation.ACK_DEL: "acknowledge delimiter",
    ProtocolLocation.EOF: "end of frame",
    ProtocolLocation.INTERM: "intermission",
}
TRANSCEIVER: Mapping[int, str] = {
    TransceiverStatus.UNSPEC: "",
    TransceiverStatus.CANH_NO_WIRE: "CAN high: no wire",
    TransceiverStatus.CANH_SHORT_TO_BAT: "CAN high: short to battery",
    TransceiverStatus.CANH_SHORT_TO_VCC: "CAN high: short to VCC",
    TransceiverStatus.CANH_SHORT_TO_GND: "CAN high: short to ground",
    TransceiverStatus.CANL_NO_WIRE: "CAN low: no wire",
    TransceiverStatus.CANL_SHORT_TO_BAT: "CAN low: short to battery",
    TransceiverStatus.CANL_SHORT_TO_VCC: "CAN low: short to VCC",
    TransceiverStatus.CANL_SHORT_TO_GND: "CAN low: short to ground",
    TransceiverStatus.CANL_SHORT_TO_CANH: "CAN low: short to CAN high",
}


def describe(error: ErrorFrame) -> str:
    """One line: the classes, each with its details, then what stands there unasked."""
    details = {
        ErrorClass.LOST_ARBITRATION: _lost_bit(error),
        ErrorClass.CONTROLLER: ", ".join(_words(error.controller, CONTROLLER)),
        ErrorClass.PROTOCOL: _violation(error),
        ErrorClass.TRANSCEIVER: ", ".join(filter(None, _wires(error))),
        ErrorClass.COUNTERS: _counters(error.tx_errors, error.rx_errors),
    }
    parts = []
    for bit, word in CLASSES.items():
        detail = details.get(bit, "")
        if bit & error.classes:
            parts.append(f"{word}: {detail}" if detail else word)
        elif detail:
            parts.append(f"without its class, {word}: {detail}")
    if error.unflagged_counters:
        parts.append(f"unflagged, maybe error counters: {_counters(*error.unflagged_counters)}")
    parts += [f"unknown {text}" for text in unknown(error)]
    return "; ".join(parts) or "an error frame that says nothing"


def unknown(error: ErrorFrame) -> tuple[str, ...]:
    """What has no name here, one text each."""
    found = {
        "class": error.classes & ~sum(CLASSES),
        "controller status": error.controller & ~sum(CONTROLLER),
        "location": 0 if error.location in LOCATIONS else error.location,
        "CAN high status": 0 if error.canh in TRANSCEIVER else error.canh,
        "CAN low status": 0 if error.canl in TRANSCEIVER else error.canl,
        "data[5]": error.reserved,
    }
    return tuple(f"{name} {int(value):#x}" for name, value in found.items() if value)


def _words(flags: Flags, table: Mapping[Flags, str]) -> Iterator[str]:
    return (word for bit, word in table.items() if bit & flags)


def _lost_bit(error: ErrorFrame) -> str:
    bit = error.lost_arbitration_bit
    return "" if bit is None else f"in bit {bit}"


def _violation(error: ErrorFrame) -> str:
    location = LOCATIONS.get(error.location, "")
    return ", ".join(
        [*_words(error.protocol, VIOLATIONS), *([f"in {location}"] if location else [])]
    )


def _wires(error: ErrorFrame) -> tuple[str, str]:
    return TRANSCEIVER.get(error.canh, ""), TRANSCEIVER.get(error.canl, "")


def _counters(tx_errors: int | None, rx_errors: int | None) -> str:
    return "" if tx_errors is None else f"transmit {tx_errors}, receive {rx_errors}"
