"""Waiters: tasks that wait for something that threads may bring. No CAN."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")

TURN = 64
"""Things that are handed out without giving way to other tasks, at most."""


class Waiters:
    """The tasks of one loop that wait for things, each of which is for one of them.

    Args:
        loop: whose tasks wait; all methods but `ring` are called in its thread.
        how_many: for how many tasks there is something now.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, how_many: Callable[[], int]) -> None:
        self._loop = loop
        self._how_many = how_many
        self._waiters: deque[asyncio.Future[bool]] = deque()
        self._is_rung = False
        self._handed = 0

    def ring(self) -> None:
        """Something has come, or has ended; from any thread."""
        if not self._is_rung and self._how_many():
            self._is_rung = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._serve)

    def _serve(self) -> None:
        self._is_rung = False  # before the look: what comes after it rings anew
        left = self._how_many()
        while left and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(True)
                left -= 1

    async def take(self, take: Callable[[], list[T]], timeout: float | None) -> list[T]:
        """What `take()` returns, as soon as that is something; nothing when the time is up.

        Who is cancelled has taken nothing.
        """
        if self._handed >= TURN:
            self._handed = 0
            await asyncio.sleep(0)
        taken = take()
        if not taken and timeout != 0:
            end = None if timeout is None else self._loop.time() + timeout
            while not taken and await self._wait(end):
                taken = take()
            self._handed = 0
            taken = taken or take()
        self._handed += len(taken)
        return taken

    async def _wait(self, end: float | None) -> bool:
        """Until there may be something; False: the time was up."""
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiters.append(waiter)
        timer = None if end is None else self._loop.call_at(end, _time_is_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._serve()  # what it was woken for is another's
            raise
        finally:
            if timer is not None:
                timer.cancel()
            with suppress(ValueError):
                self._waiters.remove(waiter)


def _time_is_up(waiter: asyncio.Future[bool]) -> None:
    if not waiter.done():
        waiter.set_result(False)
