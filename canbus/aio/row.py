"""AsyncRow: what threads hand over, for tasks that await it. No CAN."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class AsyncRow(Generic[T]):
    """Items in the order in which they were put, by any thread, each for one taker.

    Args:
        loop: whose tasks take.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: deque[T] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._end: BaseException | None = None
        self._is_scheduled = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, *items: T) -> None:
        """Add items; called by any thread."""
        self._items.extend(items)
        self._schedule()

    def close(self, reason: BaseException) -> None:
        """Nothing comes any more: who awaits gets the reason, behind what is there."""
        self._end = self._end or reason
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._is_scheduled = False
        number = len(self._waiters) if self._end is not None else len(self._items)
        while number and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                number -= 1

    async def take(self, limit: int, timeout: float | None) -> list[T]:
        """Up to `limit` items; waits for the first one up to `timeout` seconds.

        Raises:
            BaseException: the reason given to `close`, when all was taken.
        """
        end = None if timeout is None else self._loop.time() + timeout
        while True:
            items = self._items
            if items:
                return [items.popleft() for _ in range(min(limit, len(items)))]
            if self._end is not None:
                raise self._end
            if timeout == 0:
                return []
            timeout = await self._wait(end, timeout)

    async def _wait(self, end: float | None, timeout: float | None) -> float | None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout_at(end):
                await waiter
        except TimeoutError:
            return 0
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake()  # what it was woken for is another's
            raise
        finally:
            with suppress(ValueError):
                self._waiters.remove(waiter)
        return timeout
