"""RouteSocket: a NETLINK_ROUTE socket, which answers questions about links. Linux only.

No bytes are made or understood here, and no errors of ours: they are the operating system's.
Needs no rights; blocks for as long as the kernel takes, which is microseconds.
"""

from __future__ import annotations

import math
import select
import socket
from typing import Self

_ANSWER_SIZE = 65536  # the kernel sends a part of a dump of 32 KiB at most
_PATIENCE = 5.0  # seconds; the kernel answers before `send` returns

RTMGRP_LINK = 1
"""What `groups` is for events about links (<linux/rtnetlink.h>)."""


class RouteSocket:
    """Open from the start; to be closed, or used in a `with` statement.

    Args:
        groups: which events arrive, too.

    Raises:
        OSError: the operating system refuses.
    """

    def __init__(self, groups: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        try:
            self._socket.settimeout(_PATIENCE)
            self._socket.bind((0, groups))
        except BaseException:
            self._socket.close()
            raise

    def send(self, request: bytes) -> None:
        """Ask.

        Raises:
            OSError: the operating system refuses.
        """
        self._socket.send(request)

    def receive(self) -> bytes:
        """What has arrived at once: one or several messages.

        Raises:
            TimeoutError: an OSError; nothing came.
            OSError: ENOBUFS: some did not fit.
        """
        return self._socket.recv(_ANSWER_SIZE)

    def wait(self, timeout: float | None) -> bool:
        """Wait until there is something to receive; whether there is.

        Args:
            timeout: seconds; None for ever.
        """
        poll = select.poll()  # not select(), which takes no descriptor above 1023
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(None if timeout is None else math.ceil(timeout * 1000)))

    def fileno(self) -> int:
        """For whoever waits for other things, too."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
