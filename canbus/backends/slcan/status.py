"""The status flags that an adapter answers to `F`, as a state and as an error frame. No I/O.

LAWICEL CANUSB manual, command F. USBtin has bus-off where LAWICEL has bus error (main.c).
"""

from __future__ import annotations

from enum import IntFlag

from canbus.error_flags import ControllerProblem, ErrorClass
from canbus.frame_flags import ERR, STAMP_HOST
from canbus.message import received
from canbus.plugin import CanState, Message


class StatusFlag(IntFlag):
    """The bits of the answer to `F`."""

    RX_FULL = 0x01
    TX_FULL = 0x02
    WARNING = 0x04
    OVERRUN = 0x08
    PASSIVE = 0x20
    ARBITRATION_LOST = 0x40
    BUS = 0x80
    """A bus error, or bus-off: the dialect says which."""


_CONTROLLER = {
    StatusFlag.RX_FULL: ControllerProblem.RX_OVERFLOW,
    StatusFlag.TX_FULL: ControllerProblem.TX_OVERFLOW,
    StatusFlag.WARNING: ControllerProblem.RX_WARNING | ControllerProblem.TX_WARNING,
    StatusFlag.OVERRUN: ControllerProblem.RX_OVERFLOW,
    StatusFlag.PASSIVE: ControllerProblem.RX_PASSIVE | ControllerProblem.TX_PASSIVE,
}
_WORDS = {
    StatusFlag.RX_FULL: "its receive buffer is full",
    StatusFlag.TX_FULL: "its transmit buffer is full",
    StatusFlag.WARNING: "many errors (warning)",
    StatusFlag.OVERRUN: "it lost received frames",
    StatusFlag.PASSIVE: "error-passive",
    StatusFlag.ARBITRATION_LOST: "arbitration lost",
}


class Status:
    """One answer to `F`.

    Args:
        text: the answer, "F" and two hex digits.
        has_bus_off: what the highest bit means.
    """

    def __init__(self, text: str, has_bus_off: bool) -> None:
        self.flags = StatusFlag(int(text[1:3], 16))
        self._is_bus_off = has_bus_off and bool(self.flags & StatusFlag.BUS)
        self._is_bus_error = not has_bus_off and bool(self.flags & StatusFlag.BUS)

    @property
    def can_state(self) -> CanState:
        """The worst that it says."""
        if self._is_bus_off:
            return CanState.BUS_OFF
        if self.flags & StatusFlag.PASSIVE:
            return CanState.ERROR_PASSIVE
        return CanState.ERROR_WARNING if self.flags & StatusFlag.WARNING else CanState.ERROR_ACTIVE

    def __str__(self) -> str:
        said = [words for flag, words in _WORDS.items() if self.flags & flag]
        said += ["bus-off"] * self._is_bus_off + ["bus errors"] * self._is_bus_error
        return ", ".join(said)

    def error_frame(self, timestamp_ns: int, channel: object) -> Message | None:
        """The same as an error frame; None where nothing is wrong."""
        controller = ControllerProblem(0)
        for flag, problem in _CONTROLLER.items():
            if self.flags & flag:
                controller |= problem
        classes = ErrorClass.CONTROLLER if controller else ErrorClass(0)
        if self.flags & StatusFlag.ARBITRATION_LOST:
            classes |= ErrorClass.LOST_ARBITRATION
        if self._is_bus_off:
            classes |= ErrorClass.BUS_OFF
        if self._is_bus_error:
            classes |= ErrorClass.BUS_ERROR
        if not classes:
            return None
        data = bytes([0, int(controller), 0, 0, 0, 0, 0, 0])
        return received(int(classes), ERR | STAMP_HOST, data, 8, timestamp_ns, channel)
