"""Wakeups: all that a keeper waits for, in one place: links, signals, its daemon, its starter.

No policy: what to do after waking up is decided in keeping.py. Main thread only.
"""

from __future__ import annotations

import math
import os
import select
import signal
import socket
from collections.abc import Iterable
from contextlib import suppress
from types import FrameType
from typing import Self

from canbus.links.reading import asking
from canbus.links.route_socket import RTMGRP_LINK, RouteSocket

_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_AT_ONCE = 1000  # messages passed over; what they say is looked up


class Wakeups:
    """Open from the start; to be closed.

    Args:
        lifeline: a descriptor at whose end the keeper is to stop, as whoever holds the other
            end is gone; None for a keeper that lives on.

    Attributes:
        is_over: the keeper was told to stop.
        lifeline: as above; may be dropped.

    Raises:
        CanLinkError: the kernel does not tell about links.
    """

    def __init__(self, lifeline: int | None = None) -> None:
        self.is_over = False
        self.lifeline = lifeline
        with asking("watch CAN interfaces"):
            self._links = RouteSocket(RTMGRP_LINK)
        self._ear, self._mouth = socket.socketpair()
        for end in (self._ear, self._mouth):
            end.setblocking(False)
        self._fd_before = signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        heard = [number for number in _STOP if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._stop) for number in heard}
        # A handler, so that the end of the daemon interrupts the wait.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_over = True

    def wait(self, timeout: float | None, also: Iterable[int] = ()) -> None:
        """Wait until something happens, or time is up.

        Args:
            timeout: seconds; None for ever.
            also: more descriptors to wait for.
        """
        if self.is_over:
            return
        poll = select.poll()
        for fd in (self._links.fileno(), self._ear.fileno(), *also):
            poll.register(fd, select.POLLIN)
        if self.lifeline is not None:
            poll.register(self.lifeline, select.POLLIN)
        ready = dict(poll.poll(None if timeout is None else math.ceil(timeout * 1000)))
        if self._links.fileno() in ready:
            self._pass_over_links()
        with suppress(BlockingIOError):
            while self._ear.recv(4096):
                pass
        if self.lifeline is not None and self.lifeline in ready and not os.read(self.lifeline, 1):
            self.is_over = True

    def _pass_over_links(self) -> None:
        for _ in range(_AT_ONCE):
            with suppress(OSError):  # ENOBUFS: some did not fit, which is no more than a hint
                self._links.receive()
            if not self._links.wait(0):
                return

    def close(self) -> None:
        """Close it; signals are as they were."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        for each in (self._links, self._ear, self._mouth):
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
