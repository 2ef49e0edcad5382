"""Frames of another library, python-can's first: what has their attributes is taken as a frame.

Nothing of another library is imported here.
"""

from __future__ import annotations

from typing import Any

from canbus.message import Message

_NEEDED = ("arbitration_id", "is_extended_id", "is_remote_frame", "is_error_frame", "dlc", "data")


def is_frame(thing: object) -> bool:
    """Whether it is a frame, of ours or of somebody else."""
    return isinstance(thing, Message) or all(hasattr(thing, name) for name in _NEEDED)


def own_message(foreign: Any) -> Message:
    """A frame of ours that says the same.

    Args:
        foreign: something with python-can's attributes of a Message; those of CAN FD, time
            stamp, channel and direction may be missing.

    Raises:
        TypeError: it has not got them, or data that is no row of bytes.
    """
    if not is_frame(foreign):
        kind = type(foreign)
        raise TypeError(f"{kind.__module__}.{kind.__qualname__} is no canbus.Message, nor like one")
    return Message(
        timestamp=getattr(foreign, "timestamp", 0.0),
        arbitration_id=foreign.arbitration_id,
        is_extended_id=foreign.is_extended_id,
        is_remote_frame=foreign.is_remote_frame,
        is_error_frame=foreign.is_error_frame,
        channel=getattr(foreign, "channel", None),
        dlc=foreign.dlc,
        data=foreign.data,
        is_fd=getattr(foreign, "is_fd", False),
        is_rx=getattr(foreign, "is_rx", True),
        bitrate_switch=getattr(foreign, "bitrate_switch", False),
        error_state_indicator=getattr(foreign, "error_state_indicator", False),
    )
