"""Which frames can exist on a CAN bus (ISO 11898-1), and making one fit to be sent.

No bytes on a wire and no text here. `prepare` is called once for every frame that leaves,
whatever the backend; so backends and codecs may trust what they are given.
"""

from __future__ import annotations

import copy
import operator
from typing import Any, SupportsIndex

from canbus.errors import CanMessageError, CanUnsupportedError
from canbus.frame_flags import (
    BRS,
    EFF,
    EFF_MASK,
    ERR,
    ESI,
    FDF,
    MAX_DLC,
    MAX_DLC_FD,
    RTR,
    SFF_MASK,
    XLF,
)
from canbus.message import Message
from canbus.warn import warn

FD_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
"""Data lengths of CAN FD by raw_dlc 0..15 (ISO 11898-1, table of DLC codes)."""

FD_PADDED = tuple(min(n for n in FD_LENGTHS if n >= length) for length in range(MAX_DLC_FD + 1))
"""The length on the wire of an FD frame that holds 0..64 bytes."""

# A frame with none of these flags is a classic data frame, the common case.
NOT_CLASSIC = RTR | ERR | FDF | BRS | ESI | XLF


def is_plain(msg: Message) -> bool:
    """Whether this is a valid classic data frame: a quick look at the common case."""
    try:
        flags, can_id, dlc = msg._flags, msg.arbitration_id, msg.dlc
        if can_id.__class__ is not int or dlc.__class__ is not int:
            return False
        if len(msg._data) != dlc or dlc > MAX_DLC or can_id < 0:
            return False
        if not flags:
            return can_id <= SFF_MASK
        return not flags & NOT_CLASSIC and can_id <= (EFF_MASK if flags & EFF else SFF_MASK)
    except (AttributeError, TypeError):
        return False  # `prepare` says what is wrong


def id_fits(msg: Message) -> bool:
    """Whether the identifier fits the width that the frame declares."""
    wide = msg._flags & (EFF | ERR)
    return 0 <= msg.arbitration_id <= (EFF_MASK if wide else SFF_MASK)


def validate(msg: Message) -> None:
    """Raise CanMessageError, saying what and why, if this is no frame that could have been."""
    _validate_frame(msg)
    if msg.timestamp_ns < 0:
        raise CanMessageError(f"timestamp_ns {msg.timestamp_ns} is negative")


def _validate_frame(msg: Message) -> None:
    """All but the time stamp, which does not leave the machine."""
    if msg._flags & XLF:
        from canbus.xl_rules import validate_xl

        validate_xl(msg)
        return
    _validate_id(msg)
    _validate_kind(msg)
    _validate_length(msg)


def _validate_id(msg: Message) -> None:
    arbitration_id: object = msg.arbitration_id  # whatever the user put there
    if not isinstance(arbitration_id, int):
        raise CanMessageError(f"arbitration_id must be an int, not {arbitration_id!r}")
    if arbitration_id < 0:
        raise CanMessageError(f"arbitration_id {arbitration_id} is negative")
    if arbitration_id > EFF_MASK:
        raise CanMessageError(
            f"arbitration_id {arbitration_id:#x} does not fit 29 bits (at most {EFF_MASK:#x})",
            hint="flag bits do not belong in the id: use is_extended_id, is_remote_frame, "
            "is_error_frame",
        )
    if not id_fits(msg):
        raise CanMessageError(
            f"arbitration_id {arbitration_id:#x} does not fit the 11 bits of a standard frame",
            hint="set is_extended_id=True for a 29-bit id",
        )


def _validate_kind(msg: Message) -> None:
    if msg.is_remote_frame and msg.is_error_frame:
        raise CanMessageError("a frame cannot be both a remote and an error frame")
    if msg.is_remote_frame and msg.is_fd:
        raise CanMessageError("CAN FD has no remote frames", hint="send it with is_fd=False")
    if msg.is_error_frame and msg.is_fd:
        raise CanMessageError("error frames are classic frames", hint="set is_fd=False")
    if not msg.is_fd and msg.bitrate_switch:
        raise CanMessageError("bitrate_switch needs a CAN FD frame", hint="set is_fd=True")
    if not msg.is_fd and msg.error_state_indicator:
        raise CanMessageError("error_state_indicator needs a CAN FD frame", hint="set is_fd=True")


def _validate_length(msg: Message) -> None:
    size = len(msg._data)
    dlc: object = msg.dlc
    limit = MAX_DLC_FD if msg.is_fd else MAX_DLC
    if not isinstance(dlc, int) or dlc < 0:
        raise CanMessageError(f"dlc {dlc!r} is not a number of bytes")
    if dlc > limit:
        kind = "CAN FD" if msg.is_fd else "classic CAN"
        raise CanMessageError(
            f"{dlc} bytes do not fit a {kind} frame (at most {limit})",
            hint="CAN FD carries up to 64 bytes: set is_fd=True and open the bus with fd=True"
            if not msg.is_fd and dlc <= MAX_DLC_FD
            else None,
        )
    if msg.is_remote_frame and size:
        raise CanMessageError(f"a remote frame carries no data, but has {size} bytes")
    if not msg.is_remote_frame and dlc != size:
        raise CanMessageError(
            f"dlc says {dlc} bytes but data has {size}", hint="leave dlc out: data decides"
        )


def prepare(msg: Message, *, fd: bool, channel: Any, xl: bool = False) -> Message:
    """Return the frame as it can be sent on a bus: itself, or a corrected copy with a warning.

    Two things are corrected, both as python-can does, but visibly (CanWarning): a standard
    id with more than 11 bits loses the upper ones, and CAN FD data of a length that the
    wire does not know is padded with zero bytes.

    Args:
        msg: the frame; python-can's, or any with the same attributes, will do.
        fd: the bus was opened for CAN FD.
        channel: its channel, for messages.
        xl: the bus was opened for CAN XL.

    Raises:
        CanMessageError: no such frame can exist.
        CanUnsupportedError: an FD or XL frame on a bus that was not opened for it.
        TypeError: neither a Message nor something with its attributes.
    """
    given: object = msg
    if not isinstance(given, Message):
        from canbus.foreign_message import own_message

        msg = own_message(given)
    arbitration_id: object = msg.arbitration_id  # whatever the user put there
    if not isinstance(arbitration_id, int) and isinstance(arbitration_id, SupportsIndex):
        msg = copy.copy(msg)  # numpy's integers, say
        msg.arbitration_id = arbitration_id = operator.index(arbitration_id)
    if msg.is_xl:
        return _prepare_xl(msg, xl, channel)
    if isinstance(arbitration_id, int) and SFF_MASK < arbitration_id <= EFF_MASK:
        msg = _fit_standard_id(msg)
    _validate_frame(msg)
    if msg.is_fd and not fd:
        raise CanUnsupportedError(
            f"cannot send a CAN FD frame on {channel}: the bus was opened for classic CAN",
            hint="open it with fd=True",
        )
    if msg.is_fd and FD_PADDED[msg.dlc] != msg.dlc:
        msg = _pad(msg)
    return msg


def _prepare_xl(msg: Message, xl: bool, channel: Any) -> Message:
    _validate_frame(msg)
    if not xl:
        raise CanUnsupportedError(
            f"cannot send a CAN XL frame on {channel}: the bus was not opened for CAN XL",
            hint="open it with xl=True",
        )
    return msg


def _fit_standard_id(msg: Message) -> Message:
    if id_fits(msg):
        return msg
    fitted = copy.copy(msg)
    fitted.arbitration_id &= SFF_MASK
    warn(
        f"arbitration_id {msg.arbitration_id:#x} does not fit the 11 bits of a standard frame: "
        f"{fitted.arbitration_id:#x} is sent; for the 29-bit id set is_extended_id=True",
    )
    return fitted


def _pad(msg: Message) -> Message:
    padded = copy.copy(msg)
    length = FD_PADDED[msg.dlc]
    padded.data = bytes(msg._data).ljust(length, b"\0")
    warn(
        f"CAN FD has no frame of {msg.dlc} bytes: padded with zeros to {length}",
    )
    return padded
