"""struct gs_host_frame of drivers/net/can/usb/gs_usb.c: a frame on its way over USB.

    u32    echo_id     the host's number for its frame; RECEIVED for one from the wire
    __le32 can_id      with the flags of <linux/can.h>
    u8     can_dlc, channel, flags, reserved
    u8     data[8]     64 bytes in a CAN FD frame
    __le32 timestamp   microseconds; to the host only, where it has asked for it

Bytes to values and back, nothing else.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from canbus.errors import CanProtocolError
from canbus.frame_flags import BRS, EFF, EFF_MASK, ERR, ESI, FDF, ID_FLAGS, RTR, SFF_MASK
from canbus.frame_rules import FD_LENGTHS
from canbus.message import Message, received

RECEIVED = 0xFFFFFFFF
OVERFLOW = 1  # GS_CAN_FLAG_OVERFLOW: frames before this one were lost
_FD, _BRS, _ESI = 2, 4, 8  # GS_CAN_FLAG_*

_HEAD = Struct("<IIBBBB")
_CLASSIC = Struct("<IIBBBB8s")
_LONG = Struct("<IIBBBB64s")
_STAMP = Struct("<I")
_DLC = {length: code for code, length in enumerate(FD_LENGTHS)}


class HostFrame(NamedTuple):
    """A frame from the host: which of its channels, under which number, and the frame."""

    channel: int
    echo_id: int
    msg: Message


def decode(data: bytes) -> HostFrame:
    """Decode what the host sends.

    Raises:
        CanProtocolError: a ValueError; too short.
    """
    if len(data) < _CLASSIC.size:
        raise CanProtocolError(f"{len(data)} bytes are no gs_host_frame")
    echo_id, can_id, code, channel, flags, _ = _HEAD.unpack_from(data)
    is_fd = flags & _FD
    length = FD_LENGTHS[code & 15] if is_fd else min(code, 8)
    kind = can_id & ID_FLAGS
    if is_fd:
        kind |= FDF | (BRS if flags & _BRS else 0) | (ESI if flags & _ESI else 0)
    ident = can_id & (EFF_MASK if kind & (EFF | ERR) else SFF_MASK)
    payload = b"" if kind & RTR else data[_HEAD.size : _HEAD.size + length]
    return HostFrame(channel, echo_id, received(ident, kind, payload, length, 0, None))


def encode(
    msg: Message, channel: int, echo_id: int = RECEIVED, flags: int = 0, stamp: int | None = None
) -> bytes:
    """Encode a frame for the host.

    Args:
        msg: the frame; an error frame too.
        channel: which channel it came through.
        echo_id: the host's number, for a frame of its own that went out.
        flags: OVERFLOW or 0.
        stamp: microseconds, 32 bits; None leaves the field out.
    """
    kind = msg._flags
    can_id = msg.arbitration_id | kind & ID_FLAGS
    if kind & FDF:
        flags |= _FD | (_BRS if kind & BRS else 0) | (_ESI if kind & ESI else 0)
        code = _DLC[msg.dlc]
        data = _LONG.pack(echo_id, can_id, code, channel, flags, 0, msg._data)
    else:
        data = _CLASSIC.pack(echo_id, can_id, msg.dlc, channel, flags, 0, msg._data)
    return data if stamp is None else data + _STAMP.pack(stamp & 0xFFFFFFFF)
