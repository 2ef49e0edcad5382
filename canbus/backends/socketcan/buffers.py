"""The sizes of a socket's buffers: asked for, forced where there is the right, read back.

The kernel books about 770 bytes for a classic frame, so that its default of 212,992 bytes
holds 278: 31 ms of a full bus at 1 Mbit/s. It doubles what is asked for (socket(7)).
"""

from __future__ import annotations

import socket
from contextlib import suppress

from canbus.backends.socketcan import constants as c
from canbus.backends.socketcan.os_errors import option_error
from canbus.plugin import CanConfigError
from canbus.warn import warn

AS_MUCH_AS_GRANTED = 8 * 2**20
"""What is asked for by default; net.core.rmem_max caps it."""


def set_buffers(sock: socket.socket, shown: str, rcvbuf: int | None, sndbuf: int | None) -> None:
    """Set both buffers.

    Args:
        sock: whose.
        shown: the channel, for messages.
        rcvbuf: bytes; None for as much as the system grants without rights.
        sndbuf: bytes; None leaves it as it is.

    Raises:
        CanConfigError: not a number of bytes.
        CanInitializationError: the kernel refuses.
    """
    if rcvbuf is None:
        sock.setsockopt(c.SOL_SOCKET, socket.SO_RCVBUF, AS_MUCH_AS_GRANTED)
    else:
        _set(sock, shown, "rcvbuf", rcvbuf, (socket.SO_RCVBUF, c.SO_RCVBUFFORCE))
    if sndbuf is not None:
        _set(sock, shown, "sndbuf", sndbuf, (socket.SO_SNDBUF, c.SO_SNDBUFFORCE))


def granted(sock: socket.socket, option: int) -> int:
    """Bytes of a buffer as they were asked for: the kernel tells twice as many."""
    return sock.getsockopt(c.SOL_SOCKET, option) // 2


def _set(sock: socket.socket, shown: str, name: str, size: int, options: tuple[int, int]) -> None:
    if not 0 < size < 2**30:
        raise CanConfigError(f"{shown}: {name}={size} is no number of bytes", hint="e.g. 4194304")
    usual, forced = options
    try:
        sock.setsockopt(c.SOL_SOCKET, usual, size)
        if granted(sock, usual) < size:
            with suppress(PermissionError):  # without CAP_NET_ADMIN the limit holds; told below
                sock.setsockopt(c.SOL_SOCKET, forced, size)
    except OSError as exc:
        raise option_error(exc, shown, name) from exc
    got = granted(sock, usual)
    if got < size:
        limit = "rmem_max" if name == "rcvbuf" else "wmem_max"
        warn(
            f"{shown}: {name}={size} was asked for and {got} granted: "
            f"sysctl net.core.{limit}={size}, or give the process CAP_NET_ADMIN"
        )
