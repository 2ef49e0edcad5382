"""struct bcm_msg_head of <linux/can/bcm.h> and its frames: what a CAN_BCM socket takes and gives.

    __u32 opcode, flags, count
    long  ival1.tv_sec, .tv_usec, ival2.tv_sec, .tv_usec
    __u32 can_id, nframes
    struct can_frame frames[]   struct canfd_frame where flags have CAN_FD_FRAME; aligned to 8

Bytes only: what a task is, which frame it sends and what an answer means is for the backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, IntFlag
from struct import Struct, calcsize, error
from typing import NamedTuple

from canbus.codecs.can_frame import CAN_MTU, CANFD_MTU
from canbus.errors import CanConfigError, CanProtocolError

MAX_NFRAMES = 256
"""Most frames of a task (net/can/bcm.c). RX_SETUP may have its multiplex mask before them."""
MAX_SECONDS = 400 * 24 * 60 * 60
"""BCM_TIMER_SEC_MAX of net/can/bcm.c: a longer interval is refused with EINVAL."""

_FIELDS = "@3I4l2I"  # '@': long is this machine's, and aligned as here
_HEAD = Struct(f"{_FIELDS}{-calcsize(_FIELDS) % 8}x")
HEAD_SIZE = _HEAD.size
"""Where the frames begin: 56 where long has 64 bits, 40 where it has 32."""

_TX_SETUP = 1
_CAN_FD_FRAME = 0x0800  # plain ints: an IntFlag's `&` makes an object
_US = 10**6
_MAX_US = MAX_SECONDS * _US
_pack = _HEAD.pack
_unpack_from = _HEAD.unpack_from


class BcmOpcode(IntEnum):
    """What a message asks (SETUP, DELETE, READ, SEND) or tells; the kernel's names."""

    TX_SETUP = 1
    TX_DELETE = 2
    TX_READ = 3
    TX_SEND = 4
    RX_SETUP = 5
    RX_DELETE = 6
    RX_READ = 7
    TX_STATUS = 8
    TX_EXPIRED = 9
    RX_STATUS = 10
    RX_TIMEOUT = 11
    RX_CHANGED = 12


class BcmFlag(IntFlag):
    """How a task behaves; the kernel's names."""

    SETTIMER = 0x0001
    STARTTIMER = 0x0002
    TX_COUNTEVT = 0x0004
    TX_ANNOUNCE = 0x0008
    TX_CP_CAN_ID = 0x0010
    RX_FILTER_ID = 0x0020
    RX_CHECK_DLC = 0x0040
    RX_NO_AUTOTIMER = 0x0080
    RX_ANNOUNCE_RESUME = 0x0100
    TX_RESET_MULTI_IDX = 0x0200
    RX_RTR_FRAME = 0x0400
    CAN_FD_FRAME = 0x0800


class BcmHead(NamedTuple):
    """The head of a message: plain ints, the intervals in nanoseconds (whole microseconds)."""

    opcode: int
    flags: int
    count: int  # type: ignore[assignment]  # the kernel's name hides tuple.count
    ival1_ns: int
    ival2_ns: int
    can_id: int
    nframes: int


def encode_bcm(
    opcode: int,
    can_id: int,
    flags: int = 0,
    count: int = 0,
    ival1_ns: int = 0,
    ival2_ns: int = 0,
    frames: Sequence[bytes] = (),
) -> bytes:
    """Encode a message. Plain ints for opcode and flags are faster than enum members.

    Args:
        opcode: a BcmOpcode.
        can_id: identifier with EFF and RTR flags; the kernel's name of the task.
        flags: BcmFlag bits.
        count: how many frames are sent at the first interval.
        ival1_ns: first interval, nanoseconds; 0 for none. Rounded to microseconds.
        ival2_ns: second interval, likewise.
        frames: struct can_frame each, or struct canfd_frame each where flags have CAN_FD_FRAME.

    Raises:
        CanConfigError: a ValueError; an interval is negative, rounds to 0 or is longer than
            400 days; frames are too many or not of the size that flags say; a number does
            not fit its field.
    """
    us1 = (ival1_ns + 500) // 1000
    us2 = (ival2_ns + 500) // 1000
    if (ival1_ns and not 0 < us1 <= _MAX_US) or (ival2_ns and not 0 < us2 <= _MAX_US):
        raise _bad_interval(ival1_ns, ival2_ns)
    n = len(frames)
    try:
        head = _pack(opcode, flags, count, us1 // _US, us1 % _US, us2 // _US, us2 % _US, can_id, n)
    except error as exc:
        raise CanConfigError(
            f"broadcast manager message: opcode {opcode}, flags {flags}, count {count} or "
            f"can_id {can_id} does not fit: {exc}",
            hint="each is an int from 0 to 4294967295",
        ) from exc
    if not n:
        return head
    size = CANFD_MTU if flags & _CAN_FD_FRAME else CAN_MTU
    if n == 1:
        frame = frames[0]
        if len(frame) == size:
            return head + frame
    elif n <= _most_frames(opcode) and set(map(len, frames)) == {size}:
        return b"".join((head, *frames))
    raise _bad_frames(opcode, frames, size)


def decode_bcm(data: bytes | memoryview) -> tuple[BcmHead, tuple[bytes, ...]]:
    """Decode a message into its head and the bytes of each frame.

    Padding means nothing: kernels before 5.13 did not clear it (net/can/bcm.c).

    Raises:
        CanProtocolError: a ValueError; the size is not what nframes and CAN_FD_FRAME say, or
            there are more frames or other intervals than the kernel takes.
    """
    if len(data) < HEAD_SIZE:
        raise CanProtocolError(f"{len(data)} bytes are no broadcast manager message")
    opcode, flags, count, s1, us1, s2, us2, can_id, n = _unpack_from(data)
    size = CANFD_MTU if flags & _CAN_FD_FRAME else CAN_MTU
    if len(data) != HEAD_SIZE + n * size:
        raise CanProtocolError(
            f"{len(data)} bytes are no broadcast manager message with {n} frames of {size} bytes"
        )
    if n > 1 and n > _most_frames(opcode):
        raise CanProtocolError(f"{n} frames in a broadcast manager message are too many")
    head = BcmHead(
        opcode, flags, count, s1 | us1 and _ns(s1, us1), s2 | us2 and _ns(s2, us2), can_id, n
    )
    if n == 1:
        return head, (bytes(data[HEAD_SIZE:]),)
    return head, tuple(bytes(data[at : at + size]) for at in range(HEAD_SIZE, len(data), size))


def _ns(seconds: int, microseconds: int) -> int:
    total = seconds * _US + microseconds
    if seconds < 0 or not 0 <= microseconds < _US or total > _MAX_US:
        raise CanProtocolError(f"{seconds} s and {microseconds} us are no interval of a task")
    return total * 1000


def _most_frames(opcode: int) -> int:
    return MAX_NFRAMES if opcode == _TX_SETUP else MAX_NFRAMES + 1


def _bad_interval(*intervals_ns: int) -> CanConfigError:
    for ns in intervals_ns:
        if ns < 0:
            return CanConfigError(f"an interval of {ns} ns is negative", hint="0 is no interval")
        if 0 < ns < 500:
            return CanConfigError(
                f"an interval of {ns} ns is too short: the kernel counts whole microseconds",
                hint="take 1000 ns or more",
            )
    return CanConfigError(
        f"an interval of {max(intervals_ns)} ns is too long for the kernel",
        hint=f"take {MAX_SECONDS} s (400 days) or less",
    )


def _bad_frames(opcode: int, frames: Sequence[bytes], size: int) -> CanConfigError:
    most = _most_frames(opcode)
    if len(frames) > most:
        return CanConfigError(
            f"{len(frames)} frames are too many for one task of the kernel",
            hint=f"take {most} or fewer",
        )
    other = next(len(frame) for frame in frames if len(frame) != size)
    return CanConfigError(
        f"a frame of {other} bytes where the broadcast manager is told of {size}",
        hint="CAN_FD_FRAME says that all frames of a task are struct canfd_frame (72 bytes), "
        "else all are struct can_frame (16); CAN XL cannot be sent so",
    )
