"""What the lines of a serial CAN adapter say, apart from frames: values only, no parsing."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

from canbus.message import Message


class ReplyKind(Enum):
    """What a line that is no frame is about."""

    OK = "ok"
    """A command was obeyed: an empty line; ACK (0x06) from a CANdapter; `#` from a CANable 2.5
    in feedback mode."""
    REFUSED = "refused"
    """A command was refused: BEL; `#1`, `#7` and so on from a CANable 2.5 in feedback mode."""
    SENT = "sent"
    """A frame was taken: `z` (standard) or `Z` (extended) alone."""
    CONFIRMED = "confirmed"
    """A frame has gone out on the bus: `z` or `Z` and the frame, or a CANable 2.5's `M3F`."""
    VERSION = "version"
    FIRMWARE = "firmware"
    SERIAL = "serial"
    STATUS = "status"
    """`F` and two hex digits: the status flags."""
    POLLED = "polled"
    """`A` alone: that was all, after a poll."""
    COMMAND = "command"
    """What only a host sends: another program, not an adapter, is at the other end."""
    UNWANTED = "unwanted"
    """A CAN FD frame, where none are wanted."""
    TEXT = "text"
    """Other information of newer firmwares: bus load, clocks, debug text."""


class Reply(NamedTuple):
    r"""A line that is no frame.

    Attributes:
        kind: what it is about.
        line: the line without its CR; ``b"\a"`` and ``b"\x06"`` for BEL and ACK alone.
    """

    kind: ReplyKind
    line: bytes


class Malformed(NamedTuple):
    """A line that nothing sends: noise, bytes lost, another baud rate.

    Attributes:
        line: the line without its CR, cut where it is too long.
        reason: what is wrong with it, in plain words.
    """

    line: bytes
    reason: str


LawicelEvent: TypeAlias = Message | Reply | Malformed
