"""Frames for who awaits them, read by the loop through the bus's descriptor.

A frame is taken from here only by who returns it, so that nobody who is cancelled takes one along;
and an error only by who raises it. thread_arrivals.py has the way without a descriptor.
"""

from __future__ import annotations

import asyncio
import os
import sys
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress

from canbus.aio.waiters import TURN, Waiters
from canbus.bus import BusABC
from canbus.detailed_message import detailed
from canbus.errors import CanClosedError
from canbus.filters import Matcher
from canbus.message import Message

BATCH = TURN
"""Frames that one callback, or one task without a pause, handles at most."""


class Arrivals(ABC):
    """What came, and who waits for it. All methods are called in the loop's thread.

    Args:
        bus: what is read.
        loop: whose tasks wait.

    Attributes:
        loop: the same.
        frames: those that are here, in order.
        waiters: who waits for more.
    """

    def __init__(self, bus: BusABC, loop: asyncio.AbstractEventLoop) -> None:
        self._bus = bus
        self.frames: deque[Message] = deque()
        self._error: BaseException | None = None  # came behind the frames that are here
        self._end: CanClosedError | None = None
        self.serve(loop)

    def serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on those who wait are tasks of this loop; the one before is closed."""
        self.loop = loop
        self.waiters = Waiters(loop, self._how_many, self._arm)

    def _how_many(self) -> int:
        if self._error is not None or self._end is not None:
            return sys.maxsize  # if it lasts each of them is told by the bus itself
        return len(self.frames)

    async def take(self, limit: int, timeout: float | None) -> list[Message]:
        """Up to `limit` frames; waits for the first one up to `timeout` seconds.

        Raises:
            CanError: as the bus raises it.
        """
        return await self.waiters.take(lambda: self._now(limit), timeout)

    def has_some_now(self) -> bool:
        """Whether a frame can be had without waiting, as none is here; may raise a CanError."""
        if self._end is not None:
            raise self._end.with_traceback(None)
        if self._error is not None:
            error, self._error = self._error, None
            raise error.with_traceback(None)
        self._look()
        return bool(self.frames)

    def _now(self, limit: int) -> list[Message]:
        """What can be had without waiting."""
        frames = self.frames
        if not frames:
            self.has_some_now()
        return [frames.popleft() for _ in range(min(limit, len(frames)))]

    def sift(self, passes: Matcher | None) -> None:
        """Let go of the frames that do not pass; a mark of a loss moves to the next one."""
        kept: list[Message] = []
        lost = 0
        for msg in self.frames:
            lost += msg.lost_before
            if passes is None or passes(msg):
                odd = lost != msg.lost_before
                kept.append(detailed(msg, lost, msg.hardware_timestamp_ns) if odd else msg)
                lost = 0
        self.frames.clear()
        self.frames.extend(kept)

    def end(self, error: CanClosedError) -> None:
        """The bus was shut down, or is about to be."""
        if self._end is None:
            self._end = error
            self.frames.clear()
            self._release()
            with suppress(RuntimeError):  # the loop is closed
                self.waiters.wake()

    def _try_to_look(self) -> None:
        try:
            self._look()
        except Exception as exc:  # noqa: BLE001 - raised by whoever awaits; also a warning
            self._error = exc

    @abstractmethod
    def join(self) -> None:
        """Wait until no thread reads, for a moment."""

    @abstractmethod
    def _look(self) -> None:
        """Take in what waits in the bus, without waiting for it; raises if that is shut down."""

    @abstractmethod
    def _arm(self) -> None:
        """See to it that `waiters` are woken when something comes."""

    @abstractmethod
    def _release(self) -> None:
        """Nobody waits any more; also where the loop is closed."""


class DescriptorArrivals(Arrivals):
    """Read by the loop, as the bus has a descriptor.

    The loop waits on a copy of it: a number that the loop knows must not be closed behind its
    back, by a thread that shuts the bus down, and be given to somebody else.
    """

    def __init__(self, bus: BusABC, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        super().__init__(bus, loop)
        self._fd = os.dup(fd)

    def serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """See Arrivals."""
        self._is_armed = False
        super().serve(loop)

    def _look(self) -> None:
        self.frames.extend(self._bus.recv_many(BATCH, 0))

    def _arm(self) -> None:
        if not self._is_armed and self._end is None:
            self.loop.add_reader(self._fd, self._readable)
            self._is_armed = True

    def _disarm(self) -> None:
        if self._is_armed:
            self._is_armed = False
            if not self.loop.is_closed():
                self.loop.remove_reader(self._fd)

    def _release(self) -> None:
        self._disarm()
        fd, self._fd = self._fd, -1
        os.close(fd)

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) >= 0:  # the loop was stopped before it could be told of the end
            os.close(self._fd)

    def join(self) -> None:
        """There is no thread."""

    def _readable(self) -> None:
        if not self.waiters:  # whoever comes next looks before it waits
            self._disarm()
            return
        self._try_to_look()
        self.waiters.wake()
