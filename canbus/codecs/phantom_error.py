"""Error reports of PCAN-USB that arrive as data frames. Recognising them; nothing is dropped.

Since kernel 6.0 `pcan_usb_decode_error` (drivers/net/can/usb/peak_usb/pcan_usb.c) writes
`cf->can_id = CAN_ERR_CNT` where it means `|=`, for every change between error-active, warning
and passive. With the error flag gone the report is a data frame of identifier 0x200. Seen on
6.1 and 6.12; bus-off and restart reports are right.
"""

from __future__ import annotations

from canbus.codecs.error_frame import CAN_ERR_DLC, decode_error
from canbus.error_flags import ControllerProblem, ErrorClass
from canbus.error_frame import ErrorFrame
from canbus.frame_flags import EFF, ERR, FDF, NOT_RX, RTR, XLF
from canbus.message import Message

_ID = int(ErrorClass.COUNTERS)
_NO_DATA_FRAME_OF_THE_WIRE = EFF | RTR | ERR | FDF | XLF | NOT_RX
_RX_OVERFLOW = int(ControllerProblem.RX_OVERFLOW)
_ACTIVE = int(ControllerProblem.ACTIVE)
_WARNING = int(ControllerProblem.TX_WARNING), int(ControllerProblem.RX_WARNING)
_PASSIVE = int(ControllerProblem.TX_PASSIVE), int(ControllerProblem.RX_PASSIVE)
_PASSIVE_LEVEL = 128


def phantom_error(msg: Message) -> ErrorFrame | None:
    """The error report behind a data frame that PCAN-USB's driver made by mistake, or None.

    Only a frame that this driver can produce is taken for one: received, 11-bit identifier
    0x200, 8 bytes, all zero but the controller status and the counters, and these three fit
    each other (`can_change_state`, drivers/net/can/dev/dev.c). Nobody can tell such a frame
    from a genuine one with the same contents: ask only where the adapter is a PCAN-USB
    (driver peak_usb), and where identifier 0x200 is not in use.

    Returns:
        The report, as the driver meant it: with the classes CONTROLLER and COUNTERS.
    """
    data = bytes(msg._data)
    if msg.arbitration_id != _ID or msg._flags & _NO_DATA_FRAME_OF_THE_WIRE:
        return None
    if len(data) != CAN_ERR_DLC or data[0] or any(data[2:6]):
        return None
    if data[1] & ~_RX_OVERFLOW not in _possible_statuses(data[6], data[7]):
        return None
    return decode_error(ErrorClass.CONTROLLER | ErrorClass.COUNTERS, data)


def _possible_statuses(tx_errors: int, rx_errors: int) -> tuple[int, int]:
    """Back to active, or a level that is blamed on the larger counter (on both if equal)."""
    passive = max(tx_errors, rx_errors) >= _PASSIVE_LEVEL
    tx_bit, rx_bit = _PASSIVE if passive else _WARNING
    blamed = (tx_bit if tx_errors >= rx_errors else 0) | (rx_bit if rx_errors >= tx_errors else 0)
    return _ACTIVE, blamed
