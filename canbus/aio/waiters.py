"""Waiters: tasks that wait for something of which one takes at a time. No CAN.

Nothing is handed to who waits: it is woken and takes for itself. So nobody who is cancelled takes
anything along, and whoever is quicker is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

TURN = 64
"""Things that are taken without giving way to other tasks, at most."""


class Waiters:
    """The tasks of one loop that wait. All methods but `ring` are called in its thread.

    Args:
        loop: whose tasks wait.
        how_many: for how many of them there is something now.
        before_waiting: called before one waits, to see to it that it is woken.

    Attributes:
        taken: things that were taken since a task has last given way.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        how_many: Callable[[], int],
        before_waiting: Callable[[], None] | None = None,
    ) -> None:
        self._loop = loop
        self._how_many = how_many
        self._before_waiting = before_waiting
        self._waiters: deque[asyncio.Future[bool]] = deque()
        self._is_rung = False
        self.taken = 0

    def __bool__(self) -> bool:
        return bool(self._waiters)

    def ring(self) -> None:
        """Something has come, or has ended; from any thread."""
        if not self._is_rung and self._how_many():
            self._is_rung = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self._is_rung = False  # before the look: what comes after it rings anew
        self.wake()

    def wake(self) -> None:
        """Let as many look as there is something for."""
        left = self._how_many()
        while left and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(True)
                left -= 1

    async def take(self, take: Callable[[], list[T]], timeout: float | None) -> list[T]:
        """What `take()` returns, as soon as that is something; nothing when the time is up."""
        if self.taken >= TURN:
            self.taken = 0
            await asyncio.sleep(0)
        found = take()
        if not found and timeout != 0:
            end = None if timeout is None else self._loop.time() + timeout
            while not found and await self._wait(end):
                found = take()
            found = found or take()
        self.taken += len(found)
        return found

    async def _wait(self, end: float | None) -> bool:
        """Until there may be something; False: the time was up."""
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiters.append(waiter)
        timer = None if end is None else self._loop.call_at(end, _time_is_up, waiter)
        try:
            if self._before_waiting is not None:
                self._before_waiting()
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.wake()  # what it was woken for is another's
            raise
        finally:
            self.taken = 0
            if timer is not None:
                timer.cancel()
            with suppress(ValueError):
                self._waiters.remove(waiter)


def _time_is_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
