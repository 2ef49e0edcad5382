"""Why a broadcast manager message cannot be encoded: the errors of `canbus.codecs.bcm`, in words.

They are made, not raised, after a check there has failed; nothing is checked first here.
"""

from __future__ import annotations

from collections.abc import Sequence

from canbus.errors import CanConfigError


def of_interval(ival1_ns: int, ival2_ns: int, most_seconds: int) -> CanConfigError:
    """One of the intervals, in nanoseconds, is negative, too short or too long."""
    shortest = min(ns for ns in (ival1_ns, ival2_ns) if ns)
    if shortest < 0:
        return CanConfigError(f"an interval of {shortest} ns is negative", hint="0 means none")
    if shortest < 500:
        return CanConfigError(
            f"an interval of {shortest} ns is none: the kernel counts whole microseconds",
            hint="take 1000 ns or more; 0 means none",
        )
    return CanConfigError(
        f"an interval of {max(ival1_ns, ival2_ns)} ns is too long for the kernel",
        hint=f"take {most_seconds} s ({most_seconds // 86400} days) or less",
    )


def of_numbers(
    opcode: int, can_id: int, flags: int, count: int, reason: Exception
) -> CanConfigError:
    """One of the numbers is not an int or does not fit; `reason` is what struct said."""
    return CanConfigError(
        f"broadcast manager message: opcode {opcode!r}, can_id {can_id!r}, flags {flags!r}, "
        f"count {count!r} or an interval does not fit: {reason}",
        hint=f"each is an int; the first four are from 0 to {2**32 - 1}",
    )


def of_frames(frames: Sequence[bytes], size: int, most: int) -> CanConfigError:
    """There are more than `most` frames, or one is not `size` bytes long."""
    if len(frames) > most:
        return CanConfigError(
            f"{len(frames)} frames are too many for one task of the kernel",
            hint=f"take {most} or fewer",
        )
    other = next(len(frame) for frame in frames if len(frame) != size)
    return CanConfigError(
        f"a frame of {other} bytes where the broadcast manager expects {size}",
        hint="with CAN_FD_FRAME all frames of a task are struct canfd_frame (72 bytes), without "
        "it all are struct can_frame (16); CAN XL frames cannot be sent by it",
    )
