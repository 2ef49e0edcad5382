"""Sending many frames with one call of the C library's sendmmsg. For 64-bit Linux only.

The GIL is kept: the call cannot block. Frames of one size are sent together, in order.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from itertools import takewhile

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.c_errno import errno_reader
from canbus.backends.socketcan.link_watch import LINK_ERRORS
from canbus.backends.socketcan.raw_socket import RawSocket
from canbus.backends.socketcan.tx_queue import FULL
from canbus.codecs.can_frame import CAN_MTU, CANFD_MTU

# struct mmsghdr and struct iovec of LP64 Linux, as in batch_reader.py
_HEADER = struct.Struct("=QI4xQQQQi4xI4x")
_IOVEC = struct.Struct("=QQ")
MAX_BATCH = 64
_USUAL = FULL | LINK_ERRORS
_SIZES = (CAN_MTU, CANFD_MTU)  # those of CAN XL are as many as there are lengths

Write = Callable[[Sequence[bytes]], int]


def batch_writer(sock: RawSocket) -> Write:
    """A function that sends up to MAX_BATCH encoded frames and says how many were taken.

    It raises OSError if not even the first one was.

    Raises:
        ImportError: this Python has no ctypes.
    """
    import ctypes

    sendmmsg = ctypes.PyDLL(None).sendmmsg
    last_errno = errno_reader()
    number, dontwait = sock.fileno(), c.MSG_DONTWAIT
    arenas: dict[int, tuple[bytearray, ctypes.c_void_p]] = {}
    is_busy = False

    def write(frames: Sequence[bytes]) -> int:
        nonlocal is_busy
        size = len(frames[0])
        if is_busy or size not in _SIZES:  # busy: a signal handler sends within this function
            return one(frames)
        count = sum(1 for _ in takewhile(lambda frame: len(frame) == size, frames))
        if size not in arenas:
            arenas[size] = _arena(size)
        memory, headers = arenas[size]
        is_busy = True
        try:
            memory[: count * size] = b"".join(frames[:count])
            sent = sendmmsg(number, headers, count, dontwait)
            code = last_errno() if sent < 0 else 0
        finally:
            is_busy = False
        if code in _USUAL:
            raise OSError(code, os.strerror(code))
        # If it failed, this says why. A signal handler may have changed errno since the call.
        return one(frames) if sent < 0 else int(sent)

    def one(frames: Sequence[bytes]) -> int:
        sock.send(frames[0])
        return 1

    def forget() -> None:
        nonlocal number
        number = -1  # from now on it may be another file's

    sock.before_close.append(forget)

    def _arena(size: int) -> tuple[bytearray, ctypes.c_void_p]:
        vectors_at = MAX_BATCH * size
        headers_at = vectors_at + MAX_BATCH * _IOVEC.size
        memory = bytearray(headers_at + MAX_BATCH * _HEADER.size)
        base = ctypes.addressof((ctypes.c_char * len(memory)).from_buffer(memory))
        for place in range(MAX_BATCH):
            vector_at = vectors_at + place * _IOVEC.size
            _IOVEC.pack_into(memory, vector_at, base + place * size, size)
            header = (0, 0, base + vector_at, 1, 0, 0, 0, 0)
            _HEADER.pack_into(memory, headers_at + place * _HEADER.size, *header)
        return memory, ctypes.c_void_p(base + headers_at)

    return write
