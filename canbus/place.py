"""Place: where network interfaces are looked for and sockets are made; here, unless said otherwise.

The seam for network namespaces: whoever opens sockets by a Place can do it in another one, too
(canbus.links.namespaces, which is imported only then). Here it costs nothing. No CAN.
"""

from __future__ import annotations

import os
import socket
from contextlib import AbstractContextManager, nullcontext

OWN_NAMESPACE = "/proc/thread-self/ns/net"

_STAY = nullcontext()


class Place:
    """The network namespace where the calling thread is."""

    def __str__(self) -> str:
        return ""

    @property
    def ip(self) -> str:
        """The command `ip`, as it is to be said for this place."""
        return "ip"

    def identity(self) -> int:
        """What tells its namespace from every other that there is (the number of an inode)."""
        return os.stat(OWN_NAMESPACE).st_ino  # noqa: PTH116 - a Path would be no file's

    def entered(self) -> AbstractContextManager[None]:
        """Be in there for the length of a `with` block."""
        return _STAY

    def close(self) -> None:
        """Let go of it; may be called any number of times."""

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Make a socket in there; OSError as socket.socket()."""
        with self.entered():
            return socket.socket(family, kind, protocol)

    def index_of(self, name: str) -> int:
        """The number of an interface in there; an OSError if there is none."""
        return socket.if_nametoindex(name)

    def name_of(self, index: int) -> str:
        """The name of an interface in there; an OSError if there is none."""
        return socket.if_indextoname(index)

    def ask(self, request: int, ifreq: bytes) -> bytes:
        """What ioctl(2) answers about an interface in there; an OSError if there is none.

        Args:
            request: SIOCGIF* of <linux/sockios.h>.
            ifreq: struct ifreq of <linux/if.h>, with the question.
        """
        from fcntl import ioctl  # not on every system that may import this file

        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as asker:
            return ioctl(asker, request, ifreq)


HERE = Place()
