"""Frames as lines of the ASCII protocol, as an adapter reads and writes them. No commands here.

Written for its own sake and not with `canbus.codecs.lawicel`, for two reasons: an emulator that
shared its code with the backend under test would share its mistakes; and an adapter refuses
what a reader of lines has to forgive (a time stamp after the data, a byte too many).
"""

from __future__ import annotations

from canbus.frame_flags import BRS, EFF, EFF_MASK, FDF, RTR, SFF_MASK
from canbus.frame_rules import FD_LENGTHS
from canbus.message import Message

CLASSIC = {"t": 0, "T": EFF, "r": RTR, "R": RTR | EFF}
WITH_FD = {"d": FDF, "D": FDF | EFF, "b": FDF | BRS, "B": FDF | BRS | EFF}
_HEX = frozenset("0123456789ABCDEFabcdef")
_LETTERS = {flags: letter for letter, flags in (CLASSIC | WITH_FD).items()}
_KINDS = EFF | RTR | FDF | BRS
_CODES = {length: code for code, length in enumerate(FD_LENGTHS)}


def letters(*, fd: bool, extended_x: bool) -> dict[str, int]:
    """The letters of frames that a host sends, with the flags that each stands for.

    Args:
        fd: CAN FD frames, too.
        extended_x: extended data frames are `x`, and `T` is the same as `t`.
    """
    table = CLASSIC | WITH_FD if fd else dict(CLASSIC)
    return table | {"x": EFF, "T": 0} if extended_x else table


def read_frame(line: str, flags: int, *, remote_data: bool = False) -> Message | None:
    """The frame in a line without CR; None if it is malformed.

    Args:
        line: the line.
        flags: what its letter stands for.
        remote_data: a remote frame has data digits, which mean nothing.
    """
    digits = line[1:]
    wide = 8 if flags & EFF else 3
    if len(digits) <= wide or not _HEX.issuperset(digits):
        return None
    can_id, code = int(digits[:wide], 16), int(digits[wide], 16)
    if can_id > (EFF_MASK if flags & EFF else SFF_MASK) or (not flags & FDF and code > 8):
        return None
    length = FD_LENGTHS[code]
    is_empty = flags & RTR and not remote_data
    data = digits[wide + 1 :]
    if len(data) != (0 if is_empty else 2 * length):
        return None
    return Message(
        arbitration_id=can_id,
        is_extended_id=bool(flags & EFF),
        is_remote_frame=bool(flags & RTR),
        is_fd=bool(flags & FDF),
        bitrate_switch=bool(flags & BRS),
        dlc=length,
        data=b"" if flags & RTR else bytes.fromhex(data),
    )


def write_frame(msg: Message, *, extended_x: bool = False, remote_data: bool = False) -> str:
    """The line of a frame, without time stamp and CR.

    Args:
        msg: the frame; no error frame.
        extended_x: extended data frames are `x`.
        remote_data: a remote frame gets data digits, which mean nothing.
    """
    kind = msg._flags & _KINDS
    letter = "x" if extended_x and kind == EFF else _LETTERS[kind]
    can_id = f"{msg.arbitration_id:08X}" if kind & EFF else f"{msg.arbitration_id:03X}"
    data = "A5" * msg.dlc if kind & RTR and remote_data else bytes(msg).hex().upper()
    return f"{letter}{can_id}{_CODES[msg.dlc]:X}{data}"
