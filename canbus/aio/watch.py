"""AsyncWatch: the events of a watch, for tasks. What is watched, and by whom, is the bus's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from canbus.aio.row import AsyncRow
from canbus.errors import CanClosedError
from canbus.watch import Watch, WatchEvent


class AsyncWatch:
    """A watch whose events are awaited.

    Args:
        begin: makes the watch that calls the given function with each event.
    """

    def __init__(self, begin: Callable[[Callable[[WatchEvent], object]], Watch]) -> None:
        self._row: AsyncRow[WatchEvent] = AsyncRow(asyncio.get_running_loop())
        self.watch = begin(self._row.put)

    async def get(self, timeout: float | None = None) -> WatchEvent | None:
        """The next event, or None if none came in `timeout` seconds.

        Raises:
            CanClosedError: it was stopped.
        """
        taken = await self._row.take(1, timeout)
        return taken[0] if taken else None

    def stop(self) -> None:
        """Watch no more. May be called any number of times."""
        self.watch.stop()
        self._row.close(CanClosedError("the watch is stopped"))

    async def __aiter__(self) -> AsyncIterator[WatchEvent]:
        while True:
            try:
                event = await self.get()
            except CanClosedError:
                return
            if event is not None:
                yield event

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
