"""struct can_frame and struct canfd_frame of <linux/can.h>. The only place that knows them.

    canid_t can_id   identifier with EFF, RTR and ERR flags, host byte order
    __u8    len      data length in bytes
    __u8    flags    FD: BRS 1, ESI 2, FDF 4; classic: padding
    __u8    __res0
    __u8    __res1   classic: len8_dlc
    __u8    data[]   8 or 64 bytes, at offset 8

Frames are not validated here: `canbus.frame_rules.prepare` has seen all that is encoded.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from canbus.message import (
    EFF,
    EFF_MASK,
    ERR,
    FD_FLAGS,
    FDF,
    ID_FLAGS,
    NOT_RX,
    RTR,
    SFF_MASK,
    Message,
    received,
)

CAN_MTU = 16
CANFD_MTU = 72

_CLASSIC = Struct("=IB3x8s")
_FD = Struct("=IBBxx64s")
_HEADER = Struct("=IBB2x")
_HEADER_SIZE = _HEADER.size

_unpack_header = _HEADER.unpack_from
_pack_classic = _CLASSIC.pack


def encode_can_frame(msg: Message) -> bytes:
    """Encode a frame that `prepare` returned: 16 bytes, 72 for CAN FD."""
    flags = msg._flags
    if flags & (FDF | ERR):
        return _encode_special(msg)
    return _pack_classic(msg.arbitration_id | flags & ID_FLAGS, msg.dlc, msg._data)


def _encode_special(msg: Message) -> bytes:
    flags = msg._flags
    if flags & ERR:
        # The kernel's own error frames never have the EFF flag (net/can/af_can.c).
        return _pack_classic(msg.arbitration_id | ERR, msg.dlc, msg._data)
    return _FD.pack(msg.arbitration_id | flags & EFF, msg.dlc, flags & FD_FLAGS, msg._data)


def decode_can_frame(
    frame: bytes | bytearray | memoryview,
    size: int,
    timestamp_ns: int = 0,
    channel: Any = None,
    origin: int = 0,
) -> Message:
    """Decode one frame.

    Args:
        frame: at least `size` bytes.
        size: CAN_MTU or CANFD_MTU, as the kernel said; it tells the two kinds apart.
        timestamp_ns: when it came, nanoseconds since the epoch.
        channel: where it came through.
        origin: flag bits of canbus.message: 0, NOT_RX or NOT_RX | OWN.

    Raises:
        ValueError: `size` is neither.
    """
    can_id, length, fd_flags = _unpack_header(frame)
    flags = can_id & ID_FLAGS | origin
    if size == CANFD_MTU:
        flags |= fd_flags & FD_FLAGS | FDF
    elif size != CAN_MTU:
        raise ValueError(f"{size} bytes are no CAN frame: expected {CAN_MTU} or {CANFD_MTU}")
    arbitration_id = can_id & (EFF_MASK if flags & (EFF | ERR) else SFF_MASK)
    data = b"" if flags & RTR else bytes(frame[_HEADER_SIZE : _HEADER_SIZE + length])
    return received(arbitration_id, flags, data, length, timestamp_ns, channel)


__all__ = [
    "CANFD_MTU",
    "CAN_MTU",
    "NOT_RX",
    "decode_can_frame",
    "encode_can_frame",
]
