"""AsyncWatch: the events of a watch, for tasks. What is watched, and by whom, is the bus's."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from canbus.aio.waiters import Waiters
from canbus.errors import CanClosedError
from canbus.receiving import negative_timeout
from canbus.watch import Watch, WatchEvent


class AsyncWatch:
    """A watch whose events are awaited, one by one or by `async for`.

    An async context manager that stops at its end; it ends with its bus and its link, too.

    Args:
        watch: one that has no callback.

    Attributes:
        watch: what it was made of: `is_missing`, `lost` and others are there.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self._waiters = Waiters(asyncio.get_running_loop(), lambda: watch.waiting)
        watch.tell_also(self._waiters.ring)

    async def get(self, timeout: float | None = None) -> WatchEvent | None:
        """The next event, or None if none came in `timeout` seconds.

        Raises:
            CanError: as `Watch.get`.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"get({timeout})")
        events = await self._waiters.take(self._take, timeout)
        return events[0] if events else None

    def _take(self) -> list[WatchEvent]:
        event = self.watch.get(0)
        return [] if event is None else [event]

    @property
    def done(self) -> bool:
        """Whether it was stopped, or ended with the bus or the interface."""
        return self.watch.done

    def stop(self) -> None:
        """Watch no more; the events that were told already can be taken. May be called again."""
        self.watch.stop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> WatchEvent:
        try:
            return (await self._waiters.take(self._take, None))[0]
        except CanClosedError:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<AsyncWatch: {self.watch!r}>"
