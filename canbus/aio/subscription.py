"""AsyncSubscription: a subscription of a bus, for the tasks of a loop.

It is a `canbus.Subscription`, which a thread of the bus keeps filled; here is only how to await
what comes into it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from canbus.aio.waiters import TURN, Waiters
from canbus.bus import BusABC
from canbus.errors import CanClosedError
from canbus.filters import CanFilter, Filters
from canbus.message import Message
from canbus.receiving import check_recv_many, negative_timeout
from canbus.subscription import Subscription


class AsyncSubscription:
    """Frames of a bus that pass its filters, from when it was made; read by awaiting.

    An async context manager that closes at its end; it ends with its bus, too.

    Args:
        bus: the bus.
        filters: which frames; None for all.
        maxlen: frames that wait at most.
        overflow: which frames are lost where more wait; see `BusABC.subscribe`.
    """

    def __init__(
        self, bus: BusABC, filters: Filters | None, maxlen: int, overflow: str = "drop_oldest"
    ) -> None:
        self._subscription = Subscription(bus, filters, maxlen=maxlen, overflow=overflow)
        self._row = self._subscription._row
        self._waiters = Waiters(asyncio.get_running_loop(), self._how_many)
        self._row.tell_also(self._waiters.ring)

    def _how_many(self) -> int:
        return sys.maxsize if self._row.is_closed else len(self._row)

    async def recv(self, timeout: float | None = None) -> Message | None:
        """The next frame, or None if none came in `timeout` seconds.

        Raises:
            CanClosedError: it was closed, or its bus shut down.
            CanError: as `Subscription.recv`.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"recv({timeout})")
        frames = await self._take(1, timeout)
        return frames[0] if frames else None

    async def recv_many(
        self, max_frames: int = TURN, timeout: float | None = None
    ) -> list[Message]:
        """The frames that wait, in order, at most 64; if none does, wait for the first.

        Raises:
            CanConfigError: a ValueError; less than one frame, or a negative timeout.
            CanError: as `recv`.
        """
        check_recv_many(max_frames, timeout)
        return await self._take(min(max_frames, TURN), timeout)

    async def _take(self, limit: int, timeout: float | None) -> list[Message]:
        return await self._waiters.take(lambda: self._subscription._take(limit, 0), timeout)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        try:
            return (await self._take(1, None))[0]
        except CanClosedError:
            raise StopAsyncIteration from None

    # -- state ------------------------------------------------------------------------

    @property
    def lost(self) -> int:
        """Frames that had no room here. What the kernel lost is in `bus.statistics`."""
        return self._subscription.lost

    @property
    def maxlen(self) -> int:
        """Frames that wait at most."""
        return self._subscription.maxlen

    @property
    def filters(self) -> Sequence[CanFilter] | None:
        """The filters in force; None means that every frame passes."""
        return self._subscription.filters

    def set_filters(self, filters: Filters | None = None) -> None:
        """See `Subscription.set_filters`: from now on, also for what waits already."""
        self._subscription.set_filters(filters)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or the bus shut down."""
        return self._subscription.is_closed

    def close(self) -> None:
        """Get no more frames; who awaits one meets CanClosedError. Called any number of times."""
        self._subscription.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<AsyncSubscription: {self._subscription!r}>"
