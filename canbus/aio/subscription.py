"""AsyncSubscription: a subscription of a bus, for one consumer among the tasks of a loop.

A thread of the bus's own keeps it filled; see canbus/subscription.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

from canbus.aio.row import AsyncRow
from canbus.arguments import check_number
from canbus.bus import BusABC
from canbus.dispatcher import dispatcher_of
from canbus.errors import CanClosedError, CanError
from canbus.filters import CanFilter, Filters, normalise
from canbus.message import Message


class AsyncSubscription:
    """Frames of a bus that pass its filters, from when it was made; read by awaiting.

    Args:
        bus: the bus.
        filters: which frames; None for all.
        maxlen: frames that wait at most; those that wait longest are lost, and counted.

    Attributes:
        lost: frames that were lost to this one.
    """

    def __init__(self, bus: BusABC, filters: Filters | None, maxlen: int) -> None:
        check_number("maxlen", maxlen, 1, None, "frames that may wait")
        self.filters: Sequence[CanFilter] | None = normalise(filters)
        self.lost = 0
        self._bus, self._maxlen = bus, maxlen
        self._row: AsyncRow[Message | CanError] = AsyncRow(asyncio.get_running_loop())
        self._dispatcher = dispatcher_of(bus)
        self._dispatcher.add(self)

    def deliver(self, frames: list[Message]) -> None:
        """For the dispatcher: called in its thread."""
        items = self._row._items
        surplus = len(items) + len(frames) - self._maxlen
        for _ in range(surplus):
            try:
                items.popleft()
            except IndexError:  # taken meanwhile, or more came at once than may wait
                frames = frames[1:]
            self.lost += 1
        self._row.put(*frames)

    def fail(self, error: CanError) -> None:
        """For the dispatcher: called in its thread."""
        if isinstance(error, CanClosedError):
            self._row.close(error)
        else:
            self._row.put(error)

    async def recv(self, timeout: float | None = None) -> Message | None:
        """The next frame, or None if none came in `timeout` seconds.

        Raises:
            CanClosedError: it was closed, or its bus shut down.
            CanError: the channel failed, said once.
        """
        taken = await self._row.take(1, timeout)
        if not taken:
            return None
        if isinstance(taken[0], CanError):
            raise taken[0].with_traceback(None)
        return taken[0]

    def close(self) -> None:
        """Take no more. May be called any number of times."""
        self._dispatcher.remove(self)
        self._row.close(CanClosedError(f"a subscription of {self._bus.channel_info} is closed"))

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            try:
                msg = await self.recv()
            except CanClosedError:
                return
            if msg is not None:
                yield msg

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
