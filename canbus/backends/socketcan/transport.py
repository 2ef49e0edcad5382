"""Which way of reading and writing this platform supports: in batches, or one by one."""

from __future__ import annotations

import struct
from collections.abc import Callable

from canbus.backends.socketcan.arrivals import Arrivals
from canbus.backends.socketcan.batch_writer import Write, batch_writer
from canbus.backends.socketcan.channels import Channels
from canbus.backends.socketcan.plain_reader import plain_reader
from canbus.backends.socketcan.raw_socket import NATIVE_64_BIT, RawSocket
from canbus.collecting import BatchReader

Failed = Callable[[int], None]


_LAYOUT_KNOWN = NATIVE_64_BIT and struct.calcsize("P") == 8


def make_reader(
    sock: RawSocket,
    channels: Channels,
    arrivals: Arrivals,
    failed: Failed,
    *,
    fd: bool,
    xl: bool,
) -> BatchReader:
    """The fastest reader that this platform is known to support; see `PrefetchingBus`.

    Args:
        sock: the socket.
        channels: what it is bound to.
        arrivals: makes the messages, and remembers the losses.
        failed: called with the errno of a failure; raises, or returns to read on.
        fd: CAN FD frames may come.
        xl: CAN XL frames may come.
    """
    if _LAYOUT_KNOWN and not xl:
        try:
            from canbus.backends.socketcan.batch_reader import batch_reader

            return batch_reader(sock, channels, arrivals, failed, fd=fd)
        except (ImportError, AttributeError):
            pass  # no ctypes, or no recvmmsg in the C library: the plain reader does the same
    return plain_reader(sock, channels, arrivals, failed, xl=xl)


def make_writer(sock: RawSocket) -> Write | None:
    """A function that sends many encoded frames at once; None where the platform has none."""
    if _LAYOUT_KNOWN:
        try:
            return batch_writer(sock)
        except (ImportError, AttributeError):
            pass
    return None
