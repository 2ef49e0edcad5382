"""How long a frame occupies the wire. Arithmetic only.

Bit counts are those of ISO 11898-1 without dynamic stuff bits, so the true length is up to
a fifth more; three bits of interframe space are included.
"""

from __future__ import annotations

from canbus.frame_flags import EFF, FDF, RTR
from canbus.message import Message

NS = 10**9


def frame_ns(msg: Message, bitrate: int, data_bitrate: int) -> int:
    """Nanoseconds that a frame takes.

    Args:
        msg: the frame.
        bitrate: bit/s of the arbitration phase.
        data_bitrate: bit/s of the data phase of a frame with bit rate switch.
    """
    flags = msg._flags
    size = 0 if flags & RTR else len(msg._data)
    if not flags & FDF:
        return ((67 if flags & EFF else 47) + 8 * size) * NS // bitrate
    nominal = 48 if flags & EFF else 29
    # ESI, DLC, data, stuff count, CRC of 17 or 21 bits with fixed stuff bits, delimiter.
    data = 8 * size + (33 if size <= 16 else 38)
    return nominal * NS // bitrate + data * NS // (data_bitrate if msg.bitrate_switch else bitrate)
