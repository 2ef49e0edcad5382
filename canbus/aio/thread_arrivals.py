"""Frames for who awaits them, read by a thread, as the bus has no descriptor.

The thread reads only while somebody waits, and a batch at most; otherwise the bus keeps the frames,
and the loop looks there by itself.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from contextlib import suppress

from canbus import thread_ends
from canbus.aio.arrivals import BATCH, Arrivals, DescriptorArrivals
from canbus.bus import BusABC
from canbus.cyclic_task import GRACE
from canbus.errors import CanUnsupportedError
from canbus.filters import Matcher
from canbus.message import Message


class ThreadArrivals(Arrivals):
    """Read by a thread, which begins when first somebody waits and ends with the bus."""

    def __init__(self, bus: BusABC, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(bus, loop)
        self._wanted = threading.Semaphore(0)
        self._is_asked = False  # the thread reads, and nobody else does, for the order's sake
        self._brought: deque[Message | BaseException] = deque()
        self._thread: threading.Thread | None = None

    def _look(self) -> None:
        is_free = not self._is_asked  # asked first: what it has brought is older than the rest
        self._collect()
        if self._error is not None and not self.frames:
            error, self._error = self._error, None
            raise error.with_traceback(None)
        if not self.frames and is_free:
            self.frames.extend(self._bus.recv_many(BATCH, 0))

    def _collect(self) -> None:
        """Take in what the thread has brought; up to an error, which stands where it happened."""
        while self._brought and self._error is None:
            one = self._brought.popleft()
            if isinstance(one, BaseException):
                self._error = one
            else:
                self.frames.append(one)

    def sift(self, passes: Matcher | None) -> None:
        """See Arrivals; what the thread has brought was filtered before."""
        self._collect()
        super().sift(passes)

    def _arm(self) -> None:
        if self._is_asked or self._end is not None:
            return
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._read, name=f"canbus aio {self._bus.channel_info}", daemon=True
            )
            self._thread.start()
        self._is_asked = True
        self._wanted.release()

    def _release(self) -> None:
        self._wanted.release()

    def join(self) -> None:
        """See Arrivals; called when the bus is shut down, in another thread than the loop's."""
        if self._thread is not None:
            thread_ends.join(self._thread, GRACE)

    def _read(self) -> None:
        while True:
            self._wanted.acquire()
            if self._end is not None:
                return
            try:
                self._brought.extend(self._bus.recv_many(BATCH, None))
            except BaseException as exc:  # noqa: BLE001 - raised by whoever awaits
                self._brought.append(exc)
            self._is_asked = False
            with suppress(RuntimeError):  # the loop is closed
                self.loop.call_soon_threadsafe(self._came)

    def _came(self) -> None:
        if self._end is not None:
            return
        if self._error is None:
            self._try_to_look()
        self.waiters.wake()
        if self.waiters:
            self._arm()


def arrivals_of(bus: BusABC, loop: asyncio.AbstractEventLoop) -> Arrivals:
    """How frames of this bus arrive."""
    if os.name == "posix":  # elsewhere a loop waits on sockets, or on nothing
        with suppress(CanUnsupportedError):
            return DescriptorArrivals(bus, loop, bus.fileno())
    return ThreadArrivals(bus, loop)
