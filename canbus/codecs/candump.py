"""Frames as the lines of candump: its screen layout and its log format. Text only.

The layouts are those of can-utils: `sprint_long_canframe()` in lib.c with the prefix that
candump.c prints, and the line of `candump -L`. The compact text of one frame is notation.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from canbus.frame_flags import (
    EFF,
    ERR,
    FD_FLAGS,
    FDF,
    RTR,
    XLF,
)
from canbus.message import Message
from canbus.notation import compact, id_text

if TYPE_CHECKING:
    from canbus.xl_message import XlMessage

_ERROR_MARK_COLUMN = 37
"""Width from the data column to the end of the word ERRORFRAME: 8 * 3 + 13 in lib.c."""
_XL_SHOWN = 64


class ScreenLayout:
    """What candump shows on a screen, line by line.

    It has a memory, as candump does: after the first 29-bit frame the 11-bit ids are set
    to the right, and channel names are set to the right of the longest seen.

    Args:
        channel: the name asked for; its length is the least width of the first column.
    """

    def __init__(self, channel: str = "") -> None:
        self._width = len(channel)
        self._indent = ""

    def line(self, msg: Message) -> str:
        """Return the line of one frame, without a line end."""
        channel = _channel_text(msg)
        self._width = max(self._width, len(channel))
        flags = msg._flags
        if flags & XLF:
            return f"  {channel:>{self._width}}  {self._indent}{_xl_text(cast('XlMessage', msg))}"
        if flags & (EFF | ERR):
            indent = ""
            if not flags & ERR:  # the kernel's error frames have no EFF flag
                self._indent = "     "
        else:
            indent = self._indent
        return f"  {channel:>{self._width}}  {indent}{id_text(msg)}  {_length_and_data(msg)}"


def _length_and_data(msg: Message) -> str:
    flags = msg._flags
    if flags & RTR:
        return f" [{msg.dlc}]  remote request"
    data = f" {msg._data.hex(' ').upper()}" if msg._data else ""
    if flags & FDF:
        return f"[{msg.dlc:02d}] {data}"
    if flags & ERR:
        return f" [{msg.dlc}] {data}{'ERRORFRAME':>{_ERROR_MARK_COLUMN - len(data)}}"
    return f" [{msg.dlc}] {data}"


def _xl_text(msg: XlMessage) -> str:
    """Read in lib.c of can-utils 2025.01; of long data the beginning."""
    data = bytes(msg._data[:_XL_SHOWN]).hex(" ").upper()
    more = " ..." if len(msg._data) > _XL_SHOWN else ""
    header = f"({msg.vcid:02X}|{msg.xl_flags | XLF:02X}:{msg.sdt:02X}:{msg.af:08X})"
    return f"{msg.arbitration_id:03X} [{msg.dlc:04d}] {header} {data}{more}"


def log_line(msg: Message, channel_width: int = 0) -> str:
    """Return the line that `candump -L` writes for one frame, without a line end.

    Args:
        msg: the frame; its time stamp is cut to microseconds.
        channel_width: least width of the channel column.
    """
    seconds, rest = divmod(msg.timestamp_ns, 10**9)
    return (
        f"({seconds:010d}.{rest // 1000:06d}) "
        f"{_channel_text(msg):>{channel_width}} {_log_frame(msg)}"
    )


def _log_frame(msg: Message) -> str:
    if msg._flags & FDF:
        # candump shows the flags as it gets them, and kernels set FDF in every FD frame
        # (net/can/af_can.c); so its digit is 4 more than what one writes to send the frame.
        return f"{id_text(msg)}##{msg._flags & FD_FLAGS:X}{msg._data.hex().upper()}"
    return compact(msg)


def _channel_text(msg: Message) -> str:
    return "" if msg.channel is None else str(msg.channel)
