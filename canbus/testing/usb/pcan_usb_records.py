"""Commands and records of the PCAN-USB, as drivers/net/can/usb/peak_usb/pcan_usb.c has them.

A message from the adapter is 2, the number of records, the records; here always one, so that
its time stamp has 16 bits. Bytes to values and back, nothing else.
"""

from __future__ import annotations

from struct import pack, unpack_from
from typing import NamedTuple

from canbus.errors import CanProtocolError
from canbus.frame_flags import EFF, EFF_MASK, RTR, SFF_MASK
from canbus.message import Message, received

RX_OVERRUN, BUS_LIGHT, BUS_HEAVY, BUS_OFF = 0x02, 0x04, 0x08, 0x10  # PCAN_USB_ERROR_*

_TICK_NS = 42_667  # pcan_usb.c: 42.666 us
_STAMPED, _INTERNAL, _EXTENDED, _REMOTE = 0x80, 0x40, 0x20, 0x10  # PCAN_USB_STATUSLEN_*
_REC_ERROR, _REC_TIME, _REC_BUS_EVENT = 1, 4, 5
_SELF_RECEPTION, _SINGLE_SHOT = 1, 2  # PCAN_USB_TX_SRR, PCAN_USB_TX_AT


class HostFrame(NamedTuple):
    """A frame from the host, and how to send it.

    Attributes:
        msg: the frame.
        loop_back: pass it back to the host, too (self-reception request).
        one_shot: one attempt only.
    """

    msg: Message
    loop_back: bool
    one_shot: bool


def decode_frame(data: bytes) -> HostFrame:
    """Decode the one frame of a message from the host (pcan_usb_encode_msg()).

    Raises:
        CanProtocolError: a ValueError; too short.
    """
    extended = len(data) > 2 and data[2] & _EXTENDED
    at = 7 if extended else 5
    if len(data) < at:
        raise CanProtocolError(f"{len(data)} bytes are no PCAN-USB message")
    status = data[2]
    (word,) = unpack_from("<I" if extended else "<H", data, 3)
    ident = word >> 3 & EFF_MASK if extended else word >> 5 & SFF_MASK
    length = min(status & 0x0F, 8)
    flags = (EFF if extended else 0) | (RTR if status & _REMOTE else 0)
    payload = b"" if flags & RTR else data[at : at + length]
    msg = received(ident, flags, payload, length, 0, None)
    return HostFrame(msg, bool(word & _SELF_RECEPTION), bool(word & _SINGLE_SHOT))


def frame_record(msg: Message, now_ns: int) -> bytes:
    """A classic frame from the wire."""
    status = msg.dlc | (_EXTENDED if msg._flags & EFF else 0) | (_REMOTE if msg._flags & RTR else 0)
    if msg._flags & EFF:
        head = pack("<BI", status, msg.arbitration_id << 3)
    else:
        head = pack("<BH", status, msg.arbitration_id << 5)
    return _message(head + _ticks(now_ns) + msg._data)


def error_record(bits: int, now_ns: int) -> bytes:
    """What is wrong: RX_OVERRUN, BUS_HEAVY, BUS_OFF, or 0 for an active bus."""
    return _message(bytes([_INTERNAL | _STAMPED, _REC_ERROR, bits]) + _ticks(now_ns))


def counters_record(tec: int, rec: int) -> bytes:
    """The error counters."""
    event = 0x80 if tec or rec else 0  # PCAN_USB_ERR_CNT_INC, _DEC
    counters = [0, min(rec, 255), min(tec, 255)]
    return _message(bytes([_INTERNAL | len(counters), _REC_BUS_EVENT, event, *counters]))


def time_record(now_ns: int) -> bytes:
    """The adapter's clock."""
    return _message(bytes([_INTERNAL | 2, _REC_TIME, 0]) + _ticks(now_ns))


def _message(record: bytes | bytearray) -> bytes:
    return bytes([2, 1]) + record


def _ticks(now_ns: int) -> bytes:
    return pack("<H", now_ns // _TICK_NS & 0xFFFF)
