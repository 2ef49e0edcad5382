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

from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, Any, cast

from canbus.errors import CanProtocolError
from canbus.frame_flags import (
    EFF,
    EFF_MASK,
    ERR,
    FD_FLAGS,
    FDF,
    ID_FLAGS,
    MAX_DLC,
    RTR,
    SFF_MASK,
    XLF,
)
from canbus.message import Message

if TYPE_CHECKING:
    from canbus.xl_message import XlMessage

CAN_MTU = 16
CANFD_MTU = 72

_CLASSIC = Struct("=IB3x8s")
_FD = Struct("=IBBxx64s")
_DATA_AT = 8
pack_classic = _CLASSIC.pack
"""Encodes can_id (flags included), length and data of a classic frame."""
_SPECIAL = FDF | ERR | XLF
_FLAGS_OR_LENGTH_AT = 4
_new = object.__new__
_NS = 10**9

RECORD = _FD
"""Layout of a received frame of either kind: can_id, len, flags, 64 bytes of which len count.

A receiver may embed it in a larger structure; `message_from_record` gives it its meaning.
"""


def encode_can_frame(msg: Message) -> bytes:
    """Encode a frame that `prepare` returned: 16 bytes, 72 for CAN FD, up to 2060 for CAN XL."""
    flags = msg._flags
    if not flags:  # a standard data frame
        return pack_classic(msg.arbitration_id, msg.dlc, msg._data)
    if flags & _SPECIAL:
        return _encode_special(msg)
    return pack_classic(msg.arbitration_id | flags & ID_FLAGS, msg.dlc, msg._data)


def _encode_special(msg: Message) -> bytes:
    flags = msg._flags
    if flags & XLF:
        from canbus.codecs.canxl_frame import encode_canxl_frame

        return encode_canxl_frame(cast("XlMessage", msg))
    if flags & ERR:
        # The kernel's own error frames never have the EFF flag (net/can/af_can.c).
        return pack_classic(msg.arbitration_id | ERR, msg.dlc, msg._data)
    return _FD.pack(msg.arbitration_id | flags & EFF, msg.dlc, flags & FD_FLAGS, msg._data)


def message_from_record(
    can_id: int,
    length: int,
    fd_flags: int,
    data: bytes,
    size: int,
    timestamp_ns: int,
    channel: Any,
    origin: int,
) -> Message:
    """Give a received record its meaning.

    Args:
        can_id: identifier with flags, as in the record.
        length: data length, as in the record.
        fd_flags: flags of an FD frame, as in the record; padding in a classic one.
        data: the record's data, longer than `length` or not.
        size: CAN_MTU or CANFD_MTU, as the kernel said; it tells the two kinds apart.
        timestamp_ns: when it came, nanoseconds since the epoch.
        channel: where it came through.
        origin: flag bits of canbus.message: 0, NOT_RX or NOT_RX | OWN.

    Raises:
        CanProtocolError: a ValueError; `size` is neither.
    """
    flags = can_id & ID_FLAGS | origin
    if size != CAN_MTU:
        if size != CANFD_MTU:
            raise CanProtocolError(f"{size} bytes are no CAN frame ({CAN_MTU} or {CANFD_MTU})")
        flags |= fd_flags & FD_FLAGS | FDF
    if flags & (EFF | ERR):
        arbitration_id = can_id & EFF_MASK
    else:
        arbitration_id = can_id & SFF_MASK
    # canbus.message.received, written out: a call less for every frame.
    msg = _new(Message)
    msg.arbitration_id = arbitration_id
    msg._flags = flags
    msg._data = b"" if flags & RTR else data[:length]
    msg.dlc = length
    msg.timestamp_ns = timestamp_ns
    msg.channel = channel
    return msg


CLASSIC_RECORD = Struct("=IB3x8s")
"""Layout of a received classic frame, where no other comes: can_id, len, data."""


def message_from_classic(
    can_id: int, length: int, data: bytes, timestamp_ns: int, channel: Any, origin: int
) -> Message:
    """Give a received classic record its meaning: `message_from_record` where no other comes."""
    msg = _new(Message)
    if can_id <= SFF_MASK:
        msg.arbitration_id = can_id
        msg._flags = origin
        msg._data = data if length == MAX_DLC else data[:length]
    else:
        msg.arbitration_id = can_id & (EFF_MASK if can_id & (EFF | ERR) else SFF_MASK)
        msg._flags = can_id & ID_FLAGS | origin
        msg._data = b"" if can_id & RTR else data[:length]
    msg.dlc = length
    msg.timestamp_ns = timestamp_ns
    msg.channel = channel
    return msg


def messages_from_classic(
    records: Iterable[tuple[int, int, int, int, bytes]],
    channel: Any,
    origin: int,
    size: int = CAN_MTU,
) -> list[Message]:
    """Give many received classic records their meaning: `message_from_record` in a loop.

    Args:
        records: seconds and nanoseconds since the epoch, can_id, len, data of each.
        channel: where they came through.
        origin: flag bits of canbus.frame_flags that hold for all.
        size: CAN_MTU.
    """
    messages: list[Message] = []
    add = messages.append
    new, kind, ns = _new, Message, _NS
    for seconds, nanoseconds, can_id, length, data in records:
        msg = new(kind)
        if can_id <= SFF_MASK:
            msg.arbitration_id = can_id
            msg._flags = origin
            msg._data = data[:length]
        else:
            msg.arbitration_id = can_id & (EFF_MASK if can_id & (EFF | ERR) else SFF_MASK)
            msg._flags = can_id & ID_FLAGS | origin
            msg._data = b"" if can_id & RTR else data[:length]
        msg.dlc = length
        msg.timestamp_ns = seconds * ns + nanoseconds
        msg.channel = channel
        add(msg)
    return messages


def messages_from_records(
    records: Iterable[tuple[int, int, int, int, int, bytes]], channel: Any, origin: int, size: int
) -> list[Message]:
    """Give many received records of one kind their meaning.

    Args:
        records: seconds and nanoseconds since the epoch, can_id, len, flags, data of each.
        channel: where they came through.
        origin: flag bits of canbus.frame_flags that hold for all.
        size: CAN_MTU or CANFD_MTU: the kind.
    """
    return [
        message_from_record(
            can_id, length, flags, data, size, seconds * _NS + nanoseconds, channel, origin
        )
        for seconds, nanoseconds, can_id, length, flags, data in records
    ]


def decode_can_frame(
    frame: bytes | bytearray | memoryview,
    timestamp_ns: int = 0,
    channel: Any = None,
    origin: int = 0,
) -> Message:
    """Decode struct can_frame (16 bytes), canfd_frame (72) or canxl_frame (13 to 2060).

    A CAN XL frame, an XlMessage, has a flag where the others have a length below 128; of the
    others the size tells which it is.

    Raises:
        CanProtocolError: a ValueError; it has another size, or says that it holds more.
    """
    size = len(frame)
    if size > _FLAGS_OR_LENGTH_AT and frame[_FLAGS_OR_LENGTH_AT] & XLF:
        from canbus.codecs.canxl_frame import decode_canxl_frame

        return decode_canxl_frame(frame, timestamp_ns, channel, origin)
    record = bytes(frame).ljust(CANFD_MTU, b"\0")[:CANFD_MTU]
    can_id, length, fd_flags, data = RECORD.unpack(record)
    if length > max(size - _DATA_AT, 0):
        raise CanProtocolError(f"a frame of {size} bytes cannot hold {length} bytes of data")
    return message_from_record(can_id, length, fd_flags, data, size, timestamp_ns, channel, origin)
