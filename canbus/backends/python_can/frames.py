"""Frames, filters and timing between python-can and us: copies both ways. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from canbus.bit_timing import BitTiming, BitTimingFd
from canbus.foreign_message import own_message
from canbus.plugin import CanUnsupportedError, Message


def to_theirs(msg: Message, can: Any) -> Any:
    """A frame of ours as python-can's.

    Args:
        msg: the frame.
        can: python-can.

    Raises:
        CanUnsupportedError: python-can has no such frames.
    """
    if msg.is_xl:
        raise CanUnsupportedError("python-can has no CAN XL frames")
    return can.Message(
        timestamp=msg.timestamp,
        arbitration_id=msg.arbitration_id,
        is_extended_id=msg.is_extended_id,
        is_remote_frame=msg.is_remote_frame,
        is_error_frame=msg.is_error_frame,
        channel=msg.channel,
        dlc=msg.dlc,
        data=None if msg.is_remote_frame else bytearray(msg.data),
        is_fd=msg.is_fd,
        is_rx=msg.is_rx,
        bitrate_switch=msg.bitrate_switch,
        error_state_indicator=msg.error_state_indicator,
    )


def to_ours(theirs: Any) -> Message:
    """A frame of python-can's as ours."""
    return own_message(theirs)


def option_for_theirs(value: Any, can: Any) -> Any:
    """A value that a user gave, in python-can's own types: bit timing and states."""
    if isinstance(value, BitTiming):
        return can.BitTiming(**value)
    if isinstance(value, BitTimingFd):
        return can.BitTimingFd(**value)
    if isinstance(value, Mapping):
        return dict(value)
    from canbus.plugin import BusState, CanProtocol

    if isinstance(value, BusState):
        return can.BusState[value.name]
    if isinstance(value, CanProtocol):
        return can.CanProtocol[value.name]
    return value
