"""Reading one frame from a CAN socket without blocking: the hot path, twice.

`fast_reader` calls the C library's recvmsg through ctypes: one system call a frame, the GIL
kept (the call cannot block, and handing the GIL over costs more than the call). Python's
own `socket.recvmsg`, in `plain_reader`, makes a second system call for every frame to turn
the sender's address into a name (Modules/socketmodule.c, makesockaddr); it serves where
ctypes is missing or the layout of structures is not the 64-bit one.

What a record means is decoded by canbus.codecs.can_frame; waiting is the bus's work.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
from collections.abc import Callable

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.os_errors import receive_error
from canbus.backends.socketcan.raw_socket import NATIVE_64_BIT
from canbus.codecs.can_frame import CANFD_MTU, RECORD, decode_can_frame, message_from_record
from canbus.frame_flags import (
    NOT_RX,
    OWN,
)
from canbus.message import Message
from canbus.plugin import CanError, CanOperationError

Reader = Callable[[], Message | None]
"""Returns one frame, or None when none is queued; raises a CanError."""

_TRUNCATED = c.MSG_TRUNC | c.MSG_CTRUNC
_ODD = c.MSG_DONTROUTE | c.MSG_CONFIRM | _TRUNCATED
_NS = 10**9


class Channels:
    """The name of the interface that a frame came through.

    Args:
        channel: what the bus was opened on; "" means that each frame says it itself.
    """

    def __init__(self, channel: str) -> None:
        self.fixed = channel or None
        self.shown = channel or "any CAN interface"
        self._names: dict[int, str] = {}

    def name(self, index: int) -> str:
        """The name of an interface index, asked for once."""
        name = self._names.get(index)
        if name is None:
            try:
                name = socket.if_indextoname(index)
            except OSError:
                return f"if{index}"  # gone meanwhile, and its name with it
            self._names[index] = name
        return name


def origin_of(msg_flags: int, shown: str) -> int:
    """Flag bits of canbus.message for what recvmsg says of a frame (net/can/raw.c, raw_rcv)."""
    if msg_flags & _TRUNCATED:
        raise CanOperationError(
            f"a frame received on {shown} was cut off by the kernel (msg_flags {msg_flags:#x})",
            hint="please report this: buffers are sized for the largest frame",
        )
    if msg_flags & c.MSG_CONFIRM:
        return NOT_RX | OWN
    return NOT_RX if msg_flags & c.MSG_DONTROUTE else 0


def make_reader(sock: socket.socket, channels: Channels) -> Reader:
    """The fastest reader that this platform is known to support."""
    if NATIVE_64_BIT and struct.calcsize("P") == 8:
        try:
            return fast_reader(sock, channels)
        except ImportError:
            pass  # a Python without ctypes: the plain reader does the same
    return plain_reader(sock, channels)


def plain_reader(sock: socket.socket, channels: Channels) -> Reader:
    """A reader made of `socket.recvmsg`."""
    shown, fixed = channels.shown, channels.fixed
    recvmsg = sock.recvmsg
    stamp_size = struct.calcsize("qq")
    space = socket.CMSG_SPACE(stamp_size)

    def read() -> Message | None:
        try:
            frame, ancillary, msg_flags, address = recvmsg(CANFD_MTU, space, c.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError as exc:
            raise receive_error(exc.errno or 0, shown) from exc
        origin = origin_of(msg_flags, shown) if msg_flags & _ODD else 0
        seconds = nanoseconds = 0
        for level, _, value in ancillary:
            if level == c.SOL_SOCKET and len(value) == stamp_size:
                seconds, nanoseconds = struct.unpack("qq", value)
        return decode_can_frame(frame, seconds * _NS + nanoseconds, fixed or address[0], origin)

    return read


# The arena of the fast reader. Offsets are those of LP64 Linux; structures are quoted from
# <bits/socket.h>: msghdr {name, namelen, iov, iovlen, control, controllen, flags},
# cmsghdr {size_t len, int level, int type} followed by struct timespec {long, long}.
_MSGHDR = struct.Struct("=QI4xQQQQi4x")
_IOVEC = struct.Struct("=QQ")
_ADDRESS_SIZE = 24  # struct sockaddr_can: family, then the interface index at offset 4
_CONTROL_SIZE = 64  # a time stamp takes 32; room so that one more never cuts it off
_IOVEC_AT = _MSGHDR.size
_ADDRESS_AT = _IOVEC_AT + _IOVEC.size
_CONTROL_AT = _ADDRESS_AT + _ADDRESS_SIZE
_FRAME_AT = _CONTROL_AT + _CONTROL_SIZE
_ARENA_SIZE = _FRAME_AT + CANFD_MTU
_FLAGS_AT = _MSGHDR.size - 8
# msg_flags, interface index, cmsg level and type in one, seconds, nanoseconds, the frame
_STAMP = int.from_bytes(struct.pack("=ii", c.SOL_SOCKET, c.SO_TIMESTAMPNS_OLD), sys.byteorder)
_ARENA = struct.Struct(
    f"={_FLAGS_AT}xi4x{_IOVEC.size}x4xi{_ADDRESS_SIZE - 8}x8xqqq{_CONTROL_SIZE - 32}x"
    + RECORD.format.removeprefix("=")
)


def fast_reader(sock: socket.socket, channels: Channels) -> Reader:
    """A reader made of the C library's recvmsg, into one arena, out by one unpack.

    Raises:
        ImportError: this Python has no ctypes.
    """
    import ctypes

    arena = bytearray(_ARENA_SIZE)
    base = ctypes.addressof((ctypes.c_char * _ARENA_SIZE).from_buffer(arena))
    _IOVEC.pack_into(arena, _IOVEC_AT, base + _FRAME_AT, CANFD_MTU)

    # The kernel writes the sizes back: 8 and 32, the same for every frame, so that this is
    # done once. Were a control message ever longer, MSG_CTRUNC would say so.
    address, control = base + _ADDRESS_AT, base + _CONTROL_AT
    _MSGHDR.pack_into(
        arena, 0, address, _ADDRESS_SIZE, base + _IOVEC_AT, 1, control, _CONTROL_SIZE, 0
    )
    libc = ctypes.PyDLL(None, use_errno=True)
    recvmsg = libc.recvmsg
    # No argtypes: plain ints go as C ints and `header` is a pointer already, as recvmsg(2)
    # wants them; declaring it would make each call convert them again.
    recvmsg.restype = ctypes.c_ssize_t
    get_errno = ctypes.get_errno
    # The bus closes the socket under the lock that it holds to read, so the number is right.
    fd, header, dontwait = sock.fileno(), ctypes.c_void_p(base), c.MSG_DONTWAIT
    unpack = _ARENA.unpack
    shown, fixed, name_of = channels.shown, channels.fixed, channels.name
    build = message_from_record
    ns = _NS

    def failed() -> CanError | None:
        number = get_errno()
        return None if number == errno.EAGAIN else receive_error(number, shown)

    def read() -> Message | None:
        size = recvmsg(fd, header, dontwait)
        if size < 0:
            error = failed()
            if error is None:
                return None
            raise error
        (
            msg_flags, index, kind, seconds, nanoseconds, can_id, length, fd_flags, data,
        ) = unpack(arena)  # fmt: skip
        origin = origin_of(msg_flags, shown) if msg_flags & _ODD else 0
        if kind != _STAMP:
            raise CanOperationError(f"a frame received on {shown} has no time stamp")
        return build(
            can_id, length, fd_flags, data, size,
            seconds * ns + nanoseconds, fixed or name_of(index), origin,
        )  # fmt: skip

    return read
