"""A CAN XL frame as text: the compact notation of can-utils, and what `str` and `repr` show.

The grammar is that of `parse_canframe()` in can-utils' lib.c since 2024:
``VCID PRIO # FLAGS:SDT:AF # DATA`` without the blanks, all hexadecimal, of 2, 3, 2, 2 and 8
digits; dots are allowed between data bytes. The flags have 0x80 set, and may be given without.
"""

from __future__ import annotations

import re

from canbus.errors import CanMessageError
from canbus.frame_flags import XLF
from canbus.xl_message import XlMessage

_FRAME = re.compile(
    r"([0-9a-f]{2})([0-9a-f]{3})#([0-9a-f]{2}):([0-9a-f]{2}):([0-9a-f]{8})#"
    r"((?:[0-9a-f]{2}\.?)*)",
    re.IGNORECASE,
)
_SHOWN_BYTES = 64  # as candump does on a screen


def parse_xl(text: str) -> XlMessage:
    """Read the compact notation, ``45123#81:00:12345678#11223344.556677`` say.

    Raises:
        CanMessageError: a ValueError.
    """
    found = _FRAME.fullmatch(text.strip())
    hint = "write 45123#81:00:12345678#AABB: network and priority, flags:type:acceptance, data"
    if found is None:
        raise CanMessageError(f"cannot read the CAN XL frame {text!r}", hint=hint)
    vcid, priority, flags, sdt, af = (int(digits, 16) for digits in found.groups()[:5])
    msg = XlMessage(
        arbitration_id=priority,
        vcid=vcid,
        sdt=sdt,
        af=af,
        data=bytes.fromhex(found[6].replace(".", "")),
    )
    msg.xl_flags = flags & ~XLF
    try:
        msg.validate()
    except CanMessageError as exc:
        raise CanMessageError(f"cannot read the CAN XL frame {text!r}: {exc}", hint=hint) from exc
    return msg


def compact_xl(msg: XlMessage) -> str:
    """Write the compact notation; `parse_xl` reads it back."""
    return (
        f"{msg.vcid:02X}{msg.arbitration_id:03X}"
        f"#{msg.xl_flags | XLF:02X}:{msg.sdt:02X}:{msg.af:08X}#{msg._data.hex().upper()}"
    )


def describe(msg: XlMessage) -> str:
    """One line for people, in the manner of `str(Message)`; of long data the beginning."""
    data = bytes(msg._data[:_SHOWN_BYTES]).hex(" ")
    fields = [
        f"Timestamp: {msg.timestamp:>15.6f}",
        f"Priority: {msg.arbitration_id:03x}",
        f"XL {'Rx' if msg.is_rx else 'Tx'} {'SEC' if msg.sec else '   '}",
        f"VCID: {msg.vcid:02x}",
        f"SDT: {msg.sdt:02x}",
        f"AF: {msg.af:08x}",
        f"DL: {msg.dlc:4d}",
        f"{data} ..." if len(msg._data) > _SHOWN_BYTES else data,
    ]
    if msg.channel is not None:
        fields.append(f"Channel: {msg.channel}")
    return "    ".join(fields).strip()


def represent(msg: XlMessage) -> str:
    """The constructor call that makes an equal frame."""
    parts = [
        f"timestamp_ns={msg.timestamp_ns!r}",
        f"arbitration_id={msg.arbitration_id:#x}",
        f"data=bytes.fromhex('{msg._data.hex()}')",
        f"sdt={msg.sdt:#x}",
        f"af={msg.af:#x}",
        f"vcid={msg.vcid:#x}",
    ]
    parts += [f"{name}=True" for name in ("sec", "rrs") if getattr(msg, name)]
    if msg.channel is not None:
        parts.append(f"channel={msg.channel!r}")
    if msg.dlc != len(msg._data):
        parts.append(f"dlc={msg.dlc}")
    if not msg.is_rx:
        parts.append("is_rx=False")
    return f"can.XlMessage({', '.join(parts)})"
