"""Arrivals: one received frame and all that the kernel says beside it, made into a Message.

The careful way, for every kind of frame, stamp and loss, in the form that recvmsg(2) gives;
batch_reader.py has a quick one for what comes most often. No system call here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from canbus.backends.socketcan import constants as c
from canbus.codecs.can_frame import decode_can_frame
from canbus.detailed_message import detailed
from canbus.frame_flags import NOT_RX, OWN, STAMP_HARDWARE, STAMP_HOST, STAMP_KERNEL
from canbus.plugin import Message

ControlMessage = tuple[int, int, bytes]  # level, type, data

_NS = 10**9
_TIMESPEC = struct.Struct("=qq")
_COUNT = struct.Struct("=I")
_WALL_TIME_NS = 10**9
"""A device's clock that is further than this from the kernel's does not tell wall time."""

_BACKWARDS = 2**31  # a count that goes back by less than half its range has not gone on


class Arrivals:
    """What is remembered from one frame to the next: how many the kernel had dropped.

    Attributes:
        drops: the kernel's count of dropped frames when the last frame was queued
            (SO_RXQ_OVFL; net/core/sock.c counts modulo 2**32).
        damaged: frames that the kernel cut off, so that they were not delivered.
    """

    def __init__(self) -> None:
        self.drops = 0
        self.damaged = 0
        self._damaged_unmarked = 0

    def message(
        self,
        frame: bytes | memoryview,
        control: Iterable[ControlMessage],
        msg_flags: int,
        channel: str,
        now_ns: int,
    ) -> Message | None:
        """Make the Message; None for a frame that was cut off, which counts as lost.

        Args:
            frame: as the kernel gave it; its size tells its kind.
            control: the control messages that came with it.
            msg_flags: of recvmsg(2).
            channel: where it came through.
            now_ns: the time, for a frame whose stamp did not fit.
        """
        kernel_ns, hardware_ns, drops = 0, None, self.drops
        for level, kind, data in control:
            if level != c.SOL_SOCKET:
                continue
            if kind in c.TIMESTAMPNS_TYPES and len(data) == _TIMESPEC.size:
                kernel_ns = _time(data)
            elif kind in c.TIMESTAMPING_TYPES and len(data) == 3 * _TIMESPEC.size:
                kernel_ns, hardware_ns = _time(data), _time(data[2 * _TIMESPEC.size :]) or None
            elif kind == c.SO_RXQ_OVFL and len(data) >= _COUNT.size:
                (drops,) = _COUNT.unpack_from(data)
        lost = drops - self.drops & 0xFFFFFFFF
        if lost > _BACKWARDS:  # read before the last one, inside of which a signal handler read
            lost = 0
        else:
            self.drops = drops
        lost += self._damaged_unmarked
        self._damaged_unmarked = 0
        if msg_flags & c.MSG_TRUNC:
            self.damaged += 1
            self._damaged_unmarked = lost + 1
            return None
        stamp_ns, source = kernel_ns, STAMP_KERNEL
        if hardware_ns is not None and abs(hardware_ns - kernel_ns) < _WALL_TIME_NS:
            stamp_ns, source = hardware_ns, STAMP_HARDWARE
        elif not kernel_ns:  # cut off (MSG_CTRUNC): the frame is whole, and the count comes again
            stamp_ns, source = now_ns, STAMP_HOST
        msg = decode_can_frame(frame, stamp_ns, channel, origin_of(msg_flags) | source)
        return detailed(msg, lost, hardware_ns) if lost or hardware_ns is not None else msg


def origin_of(msg_flags: int) -> int:
    """Flag bits of a frame for what recvmsg(2) says of it (net/can/raw.c, raw_rcv)."""
    if msg_flags & c.MSG_CONFIRM:
        return NOT_RX | OWN
    return NOT_RX if msg_flags & c.MSG_DONTROUTE else 0


def _time(data: bytes) -> int:
    seconds, nanoseconds = _TIMESPEC.unpack_from(data)
    return int(seconds * _NS + nanoseconds)
