"""Which CAN XL frames can exist (CiA 610-1, <linux/can.h>). No bytes on a wire and no text here."""

from __future__ import annotations

from canbus.errors import CanMessageError
from canbus.frame_flags import EFF, ERR, FD_FLAGS, MAX_DLC_XL, RTR, SFF_MASK
from canbus.message import Message
from canbus.xl_message import RRS, SEC, XlMessage

_OF_OTHER_FRAMES = EFF | RTR | ERR | FD_FLAGS
_RANGES = {"arbitration_id": SFF_MASK, "sdt": 0xFF, "af": 0xFFFFFFFF, "vcid": 0xFF}


def validate_xl(msg: Message) -> None:
    """Raise CanMessageError, saying what and why, if this is no CAN XL frame that could be."""
    if not isinstance(msg, XlMessage):
        raise CanMessageError(f"{type(msg).__name__} lacks the fields of a CAN XL frame")
    if msg._flags & _OF_OTHER_FRAMES:
        raise CanMessageError(
            "a CAN XL frame cannot be an extended, remote, error or CAN FD frame too"
        )
    for name, largest in _RANGES.items():
        value: object = getattr(msg, name)
        if not isinstance(value, int) or not 0 <= value <= largest:
            shown = f"{value:#x}" if isinstance(value, int) else repr(value)
            raise CanMessageError(f"{name} {shown} of a CAN XL frame is not 0..{largest:#x}")
    if msg.xl_flags & ~(SEC | RRS):
        raise CanMessageError(f"xl_flags {msg.xl_flags:#x} has reserved bits")
    size = len(msg._data)
    if msg.dlc != size:
        raise CanMessageError(
            f"dlc says {msg.dlc} bytes but data has {size}", hint="leave dlc out: data decides"
        )
    if not 1 <= size <= MAX_DLC_XL:
        raise CanMessageError(f"a CAN XL frame has 1..{MAX_DLC_XL} bytes of data, not {size}")
