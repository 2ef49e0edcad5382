"""A witness: a socket that is sent every frame of a link, and so tells when all have them.

The kernel may deliver a frame some time after it was sent. It hands it to all sockets on the
processor that sent it, in one go; so on one processor, what the witness has, all have.
"""

from __future__ import annotations

import os
import socket
from types import TracebackType
from typing import Self

from canbus.testing.support import PATIENCE

CAN_RAW_ERR_FILTER = 2
CANFD_MTU = 72


class Witness:
    """Hold this thread, and those that it starts, on one processor, and watch a link."""

    def __init__(self, link: str) -> None:
        self._processors = os.sched_getaffinity(0)
        self._socket = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        self._socket.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FD_FRAMES, 1)
        self._socket.setsockopt(socket.SOL_CAN_RAW, CAN_RAW_ERR_FILTER, 0x1FFFFFFF)
        self._socket.bind((link,))
        self._socket.settimeout(PATIENCE)

    def __enter__(self) -> Self:
        os.sched_setaffinity(0, {min(self._processors)})
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()
        os.sched_setaffinity(0, self._processors)

    def saw(self, count: int) -> None:
        """Return when so many more frames have been delivered."""
        for _ in range(count):
            self._socket.recv(CANFD_MTU)

    def heard_of_link(self) -> None:
        """Return when the kernel has told that the link went down."""
        try:
            self._socket.recv(CANFD_MTU)
        except OSError:
            return
        raise AssertionError("a frame came that nobody sent")
