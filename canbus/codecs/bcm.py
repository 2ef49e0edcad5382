"""struct bcm_msg_head of <linux/can/bcm.h> and its frames: what a CAN_BCM socket takes and gives.

    __u32 opcode, flags, count
    long  ival1.tv_sec, .tv_usec, ival2.tv_sec, .tv_usec
    __u32 can_id, nframes
    struct can_frame frames[]   struct canfd_frame where flags have CAN_FD_FRAME; aligned to 8

Bytes only: what a task is, which frame it sends and what an answer means is for the backend.
Opcodes and flags are plain ints here, with names in `canbus.codecs.bcm_names`; why something
cannot be encoded is explained in `canbus.codecs.bcm_refusal`.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct, calcsize, error
from typing import NamedTuple

from canbus.codecs import bcm_refusal
from canbus.codecs.bcm_names import BcmFlag, BcmOpcode
from canbus.codecs.can_frame import CAN_MTU, CANFD_MTU
from canbus.errors import CanProtocolError

__all__ = [
    "HEAD_SIZE",
    "MAX_NFRAMES",
    "MAX_SECONDS",
    "BcmFlag",
    "BcmHead",
    "BcmOpcode",
    "decode_bcm",
    "encode_bcm",
]

MAX_NFRAMES = 256
"""Most frames of a task (net/can/bcm.c). RX_SETUP may have its multiplex mask before them."""
MAX_SECONDS = 400 * 24 * 60 * 60
"""BCM_TIMER_SEC_MAX of net/can/bcm.c: a longer interval is refused with EINVAL."""

_FIELDS = "@3I4l2I"  # '@': long is this machine's, and aligned as here
_HEAD = Struct(f"{_FIELDS}{-calcsize(_FIELDS) % 8}x")
HEAD_SIZE = _HEAD.size
"""Where the frames begin: 56 where long has 64 bits, 40 where it has 32.

The kernel means its own long and translates nothing (net/can/bcm.c): where a 32-bit program
runs on a 64-bit kernel, it takes these messages for something else, at best for EINVAL.
"""

_TX_SETUP = 1
_CAN_FD_FRAME = 0x0800  # plain ints: an IntFlag's `&` makes an object
_US = 10**6
_MAX_US = MAX_SECONDS * _US
_pack = _HEAD.pack
_unpack_from = _HEAD.unpack_from


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
        raise bcm_refusal.of_interval(ival1_ns, ival2_ns, MAX_SECONDS)
    n = len(frames)
    try:
        head = _pack(opcode, flags, count, us1 // _US, us1 % _US, us2 // _US, us2 % _US, can_id, n)
    except error as exc:
        raise bcm_refusal.of_numbers(opcode, can_id, flags, count, exc) from exc
    if not n:
        return head
    size = CANFD_MTU if flags & _CAN_FD_FRAME else CAN_MTU
    if n == 1:
        frame = frames[0]
        if len(frame) == size:
            return head + frame
    elif n <= _most_frames(opcode) and set(map(len, frames)) == {size}:
        return b"".join((head, *frames))
    raise bcm_refusal.of_frames(frames, size, _most_frames(opcode))


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
