"""DetailedMessage: a received frame with facts that most frames do not have.

Such a frame is rare, or was asked for; so an ordinary `Message` pays nothing for them, and
answers with the defaults that its class has. No decoding here.
"""

from __future__ import annotations

from canbus.message import Message


class DetailedMessage(Message):
    """A frame that came after a loss, or with a hardware time stamp.

    Attributes:
        lost_before: frames that were lost directly before this one.
        hardware_timestamp_ns: the device's own stamp in nanoseconds, on the device's clock
            (which may count from anywhere); None where there is none.
    """

    __slots__ = ("hardware_timestamp_ns", "lost_before")

    lost_before: int
    hardware_timestamp_ns: int | None


def detailed(
    msg: Message, lost_before: int = 0, hardware_timestamp_ns: int | None = None
) -> DetailedMessage:
    """The same frame with more facts; `msg` is given up."""
    if isinstance(msg, DetailedMessage):  # an XlMessage always has room for them
        msg.lost_before = lost_before
        msg.hardware_timestamp_ns = hardware_timestamp_ns
        return msg
    new: DetailedMessage = object.__new__(DetailedMessage)
    new.arbitration_id = msg.arbitration_id
    new._flags = msg._flags
    new._data = msg._data
    new.dlc = msg.dlc
    new.timestamp_ns = msg.timestamp_ns
    new.channel = msg.channel
    new.lost_before = lost_before
    new.hardware_timestamp_ns = hardware_timestamp_ns
    return new
