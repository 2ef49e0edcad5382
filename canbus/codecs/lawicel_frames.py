"""One line of a serial CAN adapter that is a frame, read with care. No state, no caches.

    t iii l dd...          standard          T iiiiiiii l dd...     extended (CANDapter: x)
    r iii l                remote            R iiiiiiii l
    d iii l dd...          FD                D iiiiiiii l dd...
    b iii l dd...          FD with BRS       B iiiiiiii l dd...

Behind the data may stand the adapter's time stamp, 4 hex digits of milliseconds (LAWICEL
CANUSB manual, command Z) or 8 of microseconds, and then the ESI flag: one digit, 0 or 1
(canable2-fw of Nakakiyo092, doc/3.-Reporting-Mechanism.md), or the letter S where it is set
(CANable 2.5, "Slcan Packets" of its manual).

Behind a remote frame the firmwares that descend from CANtact's send as many bytes of nothing as
it asks for (slcan_parse_frame in src/slcan.c of canable2-fw). They have no time stamps; so
where 2 or 4 bytes could be both, they are called a time stamp, which nobody asked them for.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from typing import Any, TypeAlias

from canbus.detailed_message import detailed
from canbus.frame_flags import BRS, EFF, EFF_MASK, ESI, FDF, MAX_DLC, RTR, SFF_MASK, STAMP_HOST
from canbus.frame_rules import FD_LENGTHS
from canbus.message import Message, received

STAMP_UNITS = {2: 1_000_000, 4: 1_000}
"""Nanoseconds of one count of an adapter's time stamp, by its size in bytes."""

_KINDS = {
    b"t": 0,
    b"T": EFF,
    b"x": EFF,
    b"r": RTR,
    b"R": EFF | RTR,
    b"d": FDF,
    b"D": EFF | FDF,
    b"b": FDF | BRS,
    b"B": EFF | FDF | BRS,
}
_EXTENDED_HEADER = 10
_STANDARD_HEADER = 5
_hex = re.compile(rb"[0-9A-Fa-f]+").fullmatch  # int() takes signs, 0x, _ and spaces too

Header: TypeAlias = tuple[int, int, int, int, int]
"""The beginning of a frame's line: identifier, flags, dlc, bytes of data, bytes before them.

A plain tuple, which the interpreter takes apart faster than a named one.
"""


def is_frame_letter(letter: bytes) -> bool:
    """Whether a line that begins so can be a frame."""
    return letter in _KINDS


def read_header(line: bytes) -> Header | None:
    """Read letter, identifier and length; None if this is not the beginning of a frame."""
    kind = _KINDS.get(line[:1])
    if kind is None:
        return None
    end = _EXTENDED_HEADER if kind & EFF else _STANDARD_HEADER
    digits = line[1:end]
    if len(digits) != end - 1 or not _hex(digits):
        return None
    value = int(digits, 16)
    arbitration_id, code = value >> 4, value & 0xF
    if arbitration_id > (EFF_MASK if kind & EFF else SFF_MASK):
        return None
    if code > MAX_DLC and not kind & FDF:
        return None
    dlc = FD_LENGTHS[code]
    return arbitration_id, kind | STAMP_HOST, dlc, 0 if kind & RTR else dlc, end


def _problem_of_header(line: bytes) -> str:
    """Why `read_header` made nothing of a line that begins with the letter of a frame."""
    kind = _KINDS[line[:1]]
    end = _EXTENDED_HEADER if kind & EFF else _STANDARD_HEADER
    if len(line) < end:
        return f"too short: letter, identifier and length of such a frame are {end} bytes"
    digits, code = line[1 : end - 1], line[end - 1 : end]
    if not _hex(digits) or int(digits, 16) > (EFF_MASK if kind & EFF else SFF_MASK):
        return f"{_shown(digits)} is no identifier of {29 if kind & EFF else 11} bits"
    return f"{_shown(code)} is no length (0 to {'F' if kind & FDF else '8'})"


def read_frame(line: bytes, timestamp_ns: int, channel: Any) -> Message | str:
    """Read a line that begins with the letter of a frame; a text says what is wrong with it."""
    header = read_header(line)
    if header is None:
        return _problem_of_header(line)
    arbitration_id, flags, dlc, size, start = header
    if flags & RTR and dlc and len(line) == start + 2 * dlc and dlc not in STAMP_UNITS:
        size = dlc
    rest, esi = _without_esi(line[start:], size)
    problem = _problem_of_data(rest, size)
    if problem:
        return problem
    if esi and flags & FDF:  # the firmwares that have it put it behind classic frames as well
        flags |= ESI
    payload = unhexlify(rest)
    stamp = payload[size:]
    data = b"" if flags & RTR else payload[:size]
    msg = received(arbitration_id, flags, data, dlc, timestamp_ns, channel)
    if not stamp:
        return msg
    count = int.from_bytes(stamp, "big")
    return detailed(msg, hardware_timestamp_ns=count * STAMP_UNITS[len(stamp)])


def _without_esi(rest: bytes, size: int) -> tuple[bytes, bool]:
    """What stands behind the header without the ESI flag, and whether that is set."""
    if len(rest) == 2 * size + 1 and rest.endswith(b"S"):
        return rest[:-1], True
    if len(rest) - 2 * size in {1, 5, 9} and rest[-1:] in {b"0", b"1"}:
        return rest[:-1], rest.endswith(b"1")
    return rest, False


def _problem_of_data(rest: bytes, size: int) -> str | None:
    if rest and not _hex(rest):
        return "data is not hexadecimal"
    if len(rest) < 2 * size:
        return f"too short: {len(rest)} digits where {2 * size} announce {size} bytes"
    if (len(rest) - 2 * size) not in {0, 4, 8}:
        return (
            f"{len(rest) - 2 * size} digits behind {size} bytes of data: "
            "neither a time stamp of 4 or 8 digits nor none"
        )
    return None


def _shown(text: bytes) -> str:
    return repr(text)[1:]  # quotes, and escapes where it is not to be printed
