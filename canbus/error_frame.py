"""ErrorFrame: what a controller reported, as a value. Its bytes are codecs/error_frame.py."""

from __future__ import annotations

from typing import NamedTuple

from canbus.error_flags import (
    ControllerProblem,
    ErrorClass,
    ProtocolLocation,
    ProtocolViolation,
    TransceiverStatus,
)
from canbus.state import CanState

_PASSIVE = ControllerProblem.RX_PASSIVE | ControllerProblem.TX_PASSIVE
_WARNING = ControllerProblem.RX_WARNING | ControllerProblem.TX_WARNING


class ErrorFrame(NamedTuple):
    """The contents of an error frame (<linux/can/error.h>); `str()` says it in plain words.

    Bits that the header does not know stay in the flags as numbers, and `location`, `canh` and
    `canl` are plain integers where it has no name. Drivers differ in what they fill in, and
    some fill in details of a class that they do not set; nothing is hidden here.

    Attributes:
        classes: what it is about.
        lost_arbitration_bit: 1..255, the bit where arbitration was lost; None where the driver
            does not say.
        controller: error limits and overflows of the controller.
        protocol: what was wrong on the wire.
        location: where in a frame.
        canh: what the transceiver says of the CAN high wire.
        canl: what the transceiver says of the CAN low wire.
        tx_errors: transmit error counter 0..255; None without the class COUNTERS.
        rx_errors: receive error counter 0..255; None without the class COUNTERS.
        unflagged_counters: the two bytes where the counters are, in a frame without the class
            COUNTERS and if they are not both zero. Before kernel 6.0 many drivers put
            (transmit, receive) error counters there, and nothing tells whether they are.
        reserved: data[5], which the header reserves.
    """

    classes: ErrorClass
    lost_arbitration_bit: int | None = None
    controller: ControllerProblem = ControllerProblem(0)
    protocol: ProtocolViolation = ProtocolViolation(0)
    location: ProtocolLocation | int = ProtocolLocation.UNSPEC
    canh: TransceiverStatus | int = TransceiverStatus.UNSPEC
    canl: TransceiverStatus | int = TransceiverStatus.UNSPEC
    tx_errors: int | None = None
    rx_errors: int | None = None
    unflagged_counters: tuple[int, int] | None = None
    reserved: int = 0

    @property
    def can_state(self) -> CanState | None:
        """The controller state that the frame announces; None if it announces none.

        A restart counts before a bus-off, as in `gs_update_state` (drivers/net/can/usb/
        gs_usb.c); of warning and passive, in one direction each, the worse one counts
        (`can_change_state`, drivers/net/can/dev/dev.c).
        """
        if self.classes & ErrorClass.RESTARTED:
            return CanState.ERROR_ACTIVE
        if self.classes & ErrorClass.BUS_OFF:
            return CanState.BUS_OFF
        if not self.classes & ErrorClass.CONTROLLER:
            return None
        if self.controller & _PASSIVE:
            return CanState.ERROR_PASSIVE
        if self.controller & _WARNING:
            return CanState.ERROR_WARNING
        return CanState.ERROR_ACTIVE if self.controller & ControllerProblem.ACTIVE else None

    @property
    def unknown(self) -> tuple[str, ...]:
        """What this library has no name for, as text: bits and codes of a newer kernel, say."""
        from canbus.error_words import unknown

        return unknown(self)

    def __str__(self) -> str:
        from canbus.error_words import describe

        return describe(self)
