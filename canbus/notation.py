"""A frame as text: the compact notation of can-utils, and what `str` and `repr` show.

Text to value and back, nothing else: no files, no columns, no time formats. The grammar is
that of `parse_canframe()` in can-utils' lib.c: ``ID#DATA``, ``ID#R[LEN]``, ``ID##FLAGS[DATA]``
with an ID of 3 digits (11 bits) or 8 (29 bits; with 0x20000000 set, an error frame) and
dots allowed between data bytes. What has an ID of 5 digits is CAN XL: xl_notation.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from canbus.errors import CanMessageError
from canbus.frame_flags import (
    BRS,
    EFF,
    EFF_MASK,
    ERR,
    ESI,
    FDF,
    RTR,
    XLF,
)
from canbus.frame_rules import validate
from canbus.message import Message

if TYPE_CHECKING:
    from canbus.xl_message import XlMessage

_GRAMMAR = (
    "123#DEADBEEF (11-bit id), 1F334455#11.22 (29-bit id), 123#R or 123#R4 (remote), "
    "123##1AABB (CAN FD: one flag digit 0..3, then data)"
)
_XL_ID_DIGITS = 5


def _refuse(text: str, why: str) -> CanMessageError:
    return CanMessageError(f"cannot read the frame {text!r}: {why}", hint=f"write {_GRAMMAR}")


def parse(text: str) -> Message:
    """Read the compact notation.

    Raises:
        CanMessageError: a ValueError that names the place and shows the grammar.
    """
    id_text, mark, rest = text.strip().partition("#")
    if not mark:
        raise _refuse(text, "there is no '#' after the id")
    if len(id_text) == _XL_ID_DIGITS:
        from canbus.xl_notation import parse_xl

        return parse_xl(text)
    msg = Message(data=b"", is_extended_id=False)
    _parse_id(text, id_text, msg)
    if rest[:1] == "#":
        _parse_fd_flags(text, rest[1:2], msg)
        msg.data = _parse_data(text, rest[2:])
    elif rest[:1] in {"R", "r"}:
        msg.is_remote_frame = True
        msg.dlc = _parse_remote_length(text, rest[1:])
    else:
        msg.data = _parse_data(text, rest)
    try:
        validate(msg)
    except CanMessageError as exc:
        raise _refuse(text, str(exc)) from exc
    return msg


def _parse_id(text: str, id_text: str, msg: Message) -> None:
    if len(id_text) not in {3, 8} or not _is_hex(id_text):
        raise _refuse(text, f"the id {id_text!r} must have 3 or 8 hexadecimal digits")
    word = int(id_text, 16)
    if len(id_text) == 8:
        msg.is_error_frame = bool(word & ERR)
        msg.is_extended_id = not word & ERR
        word &= ~ERR
    msg.arbitration_id = word


def _parse_fd_flags(text: str, digit: str, msg: Message) -> None:
    if not _is_hex(digit):
        raise _refuse(text, "a flag digit must follow '##'")
    value = int(digit, 16)
    if value & ~(BRS | ESI | FDF):
        raise _refuse(text, f"flag digit {digit} is unknown: 1 is bitrate switch, 2 error state")
    msg.is_fd = True
    msg.bitrate_switch = bool(value & BRS)
    msg.error_state_indicator = bool(value & ESI)


def _parse_remote_length(text: str, digits: str) -> int:
    if not digits:
        return 0
    if len(digits) > 1 or digits not in "012345678":
        raise _refuse(text, f"the length {digits!r} after R must be one digit 0..8")
    return int(digits)


def _parse_data(text: str, digits: str) -> bytes:
    pairs = digits.split(".") if digits else []
    for pair in pairs:
        if not _is_hex(pair):
            raise _refuse(text, f"the data {digits!r} is not hexadecimal bytes")
        if len(pair) % 2:
            raise _refuse(text, f"the data {digits!r} has half a byte")
    return bytes.fromhex("".join(pairs))


def _is_hex(text: str) -> bool:
    return bool(text) and all(c in "0123456789abcdefABCDEF" for c in text)


def id_text(msg: Message) -> str:
    """The identifier as can-utils writes it: 3 digits, 8 when extended or an error frame."""
    if msg._flags & ERR:
        return f"{msg.arbitration_id & EFF_MASK | ERR:08X}"
    return f"{msg.arbitration_id:08X}" if msg._flags & EFF else f"{msg.arbitration_id:03X}"


def compact(msg: Message) -> str:
    """Write the compact notation, as `cansend` takes it; `parse` reads it back.

    (`candump -L` also shows the kernel's FDF flag, 4, which every FD frame has.)
    """
    if msg._flags & XLF:
        from canbus.xl_notation import compact_xl

        return compact_xl(cast("XlMessage", msg))
    data = msg._data.hex().upper()
    if msg._flags & FDF:
        return f"{id_text(msg)}##{msg._flags & (BRS | ESI):X}{data}"
    if msg._flags & RTR:
        return f"{id_text(msg)}#R{msg.dlc or ''}"
    return f"{id_text(msg)}#{data}"


_FLAG_LETTERS = (
    ("is_error_frame", "E"),
    ("is_remote_frame", "R"),
    ("is_fd", "F"),
    ("bitrate_switch", "BS"),
    ("error_state_indicator", "EI"),
)


def describe(msg: Message) -> str:
    """One line for people: python-can's layout of `str(message)`."""
    ident = f"{msg.arbitration_id:08x}" if msg.is_extended_id else f"{msg.arbitration_id:03x}"
    flags = ["X" if msg.is_extended_id else "S", "Rx" if msg.is_rx else "Tx"]
    flags += [
        letters if getattr(msg, name) else " " * len(letters) for name, letters in _FLAG_LETTERS
    ]
    data = bytes(msg._data[: max(msg.dlc, 0)])
    fields = [
        f"Timestamp: {msg.timestamp:>15.6f}",
        f"ID: {ident:>8}",
        " ".join(flags),
        f"DL: {msg.dlc:2d}",
        data.hex(" ").ljust(24),
    ]
    if data.isalnum():
        fields.append(f"'{data.decode('ascii')}'")
    if msg.channel is not None:
        fields.append(f"Channel: {msg.channel}")
    return "    ".join(fields).strip()


def represent(msg: Message) -> str:
    """The constructor call that makes an equal frame."""
    parts = [
        f"timestamp={msg.timestamp!r}",
        f"arbitration_id={msg.arbitration_id:#x}",
        f"is_extended_id={msg.is_extended_id}",
    ]
    if not msg.is_rx:
        parts.append("is_rx=False")
    if msg.is_remote_frame:
        parts.append("is_remote_frame=True")
    if msg.is_error_frame:
        parts.append("is_error_frame=True")
    if msg.channel is not None:
        parts.append(f"channel={msg.channel!r}")
    parts += [f"dlc={msg.dlc}", f"data=[{', '.join(f'{byte:#x}' for byte in msg._data)}]"]
    if msg.is_fd:
        parts.append("is_fd=True")
        parts.append(f"bitrate_switch={msg.bitrate_switch}")
        parts.append(f"error_state_indicator={msg.error_state_indicator}")
    return f"can.Message({', '.join(parts)})"
