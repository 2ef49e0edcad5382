"""Frames for who awaits them: read by the loop through a descriptor, or by a thread without one.

A frame is taken from here only by who returns it, so that nobody who is cancelled takes one along.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress

from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanError, CanFramesLostError, CanUnsupportedError
from canbus.message import Message

BATCH = 64
"""Frames that one callback, or one task without a pause, handles at most."""


class Arrivals(ABC):
    """What came, and who waits for it. All methods are called in the loop's thread.

    Args:
        bus: what is read.
        loop: whose tasks wait.
    """

    def __init__(self, bus: BusABC, loop: asyncio.AbstractEventLoop) -> None:
        self._bus, self._loop = bus, loop
        self.frames: deque[Message] = deque()
        self._waiters: deque[asyncio.Future[bool]] = deque()
        self._error: CanError | None = None  # came behind the frames that are here
        self.handed = 0  # since a task of ours has last given way

    async def take(self, limit: int, timeout: float | None) -> list[Message]:
        """Up to `limit` frames; waits for the first one up to `timeout` seconds.

        Raises:
            CanError: as the bus raises it.
        """
        if self.handed >= BATCH:
            await self._give_way()
        end = None if timeout is None else self._loop.time() + timeout
        while True:
            frames = self._now(limit)
            if frames or timeout == 0:
                self.handed += len(frames)
                return frames
            if not await self._wait(end):
                timeout = 0

    async def _give_way(self) -> None:
        self.handed = 0
        await asyncio.sleep(0)

    def has_some_now(self) -> bool:
        """Whether a frame can be had without waiting, as none is here; may raise a CanError."""
        if self._error is not None:
            self._raise_error()
        self._look()
        return bool(self.frames)

    def _now(self, limit: int) -> list[Message]:
        """What can be had without waiting."""
        frames = self.frames
        if not frames:
            self.has_some_now()
        return [frames.popleft() for _ in range(min(limit, len(frames)))]

    def _raise_error(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error.with_traceback(None)

    async def _wait(self, end: float | None) -> bool:
        """Until there may be something; False: the time was up."""
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiters.append(waiter)
        timer = None if end is None else self._loop.call_at(end, _time_is_up, waiter)
        try:
            self._arm()
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake(1)  # what it was woken for is another's
            raise
        finally:
            self.handed = 0
            if timer is not None:
                timer.cancel()
            with suppress(ValueError):
                self._waiters.remove(waiter)

    def _wake(self, number: int) -> None:
        """As many as there are frames for."""
        while number and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(True)
                number -= 1

    def _fail(self, error: CanError) -> None:
        """Let those know who wait: all of them, if it is still so for the next."""
        only_one = isinstance(error, CanFramesLostError)
        told = False
        while self._waiters and not (told and only_one):
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error)
                told = True
        if not told:
            self._error = error

    def end(self, error: CanClosedError) -> None:
        """The bus was shut down."""
        self._disarm()
        self.frames.clear()
        self._error = None
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error)

    @abstractmethod
    def _look(self) -> None:
        """Take in what waits in the bus, without waiting for it; raises if that is shut down."""

    @abstractmethod
    def _arm(self) -> None:
        """See to it that `_wake` is called when something comes."""

    @abstractmethod
    def _disarm(self) -> None:
        """Nobody waits any more."""


class DescriptorArrivals(Arrivals):
    """Read by the loop, as the bus has a descriptor."""

    def __init__(self, bus: BusABC, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        super().__init__(bus, loop)
        self._fd = fd
        self._is_armed = False

    def _look(self) -> None:
        self.frames.extend(self._bus.recv_many(BATCH, 0))

    def _arm(self) -> None:
        if not self._is_armed:
            self._loop.add_reader(self._fd, self._readable)
            self._is_armed = True

    def _disarm(self) -> None:
        if self._is_armed:
            self._is_armed = False
            self._loop.remove_reader(self._fd)

    def _readable(self) -> None:
        if not self._waiters:  # whoever comes next looks before it waits
            self._disarm()
            return
        try:
            self._look()
        except CanError as exc:
            self._fail(exc)
        self._wake(len(self.frames))


class ThreadArrivals(Arrivals):
    """Read by a thread, a batch ahead at most, as the bus has no descriptor."""

    def __init__(self, bus: BusABC, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(bus, loop)
        self._wanted = threading.Semaphore(0)
        self._is_asked = False
        self._is_over = False
        self._thread: threading.Thread | None = None

    def _look(self) -> None:
        # What came is here already.
        if self._bus._is_shutdown:
            raise self._bus._closed()

    def _arm(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._read, name=f"canbus aio {self._bus.channel_info}", daemon=True
            )
            self._thread.start()
        if not self._is_asked:
            self._is_asked = True
            self._wanted.release()

    def _disarm(self) -> None:
        self._is_over = True
        self._wanted.release()

    def _read(self) -> None:
        while True:
            self._wanted.acquire()
            if self._is_over:
                return
            frames: list[Message] = []
            error: CanError | None = None
            try:
                frames = self._bus.recv_many(BATCH, None)
            except CanError as exc:
                error = exc
            try:
                self._loop.call_soon_threadsafe(self._came, frames, error)
            except RuntimeError:  # the loop is closed
                return

    def _came(self, frames: list[Message], error: CanError | None) -> None:
        self._is_asked = False
        self.frames.extend(frames)
        if error is not None:
            self._fail(error)
        self._wake(len(self.frames))
        if self._waiters:
            self._arm()


def arrivals_of(bus: BusABC, loop: asyncio.AbstractEventLoop) -> Arrivals:
    """How frames of this bus arrive."""
    try:
        return DescriptorArrivals(bus, loop, bus.fileno())
    except CanUnsupportedError:
        return ThreadArrivals(bus, loop)


def _time_is_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
