"""Bus(): what opens a channel when it is entered or awaited. Nothing is sent or received here."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from functools import partial
from types import TracebackType
from typing import Any

from canbus import interface as factory
from canbus.aio.bus import AsyncBus


class Bus:
    """A channel to be opened: ``async with aio.Bus(...) as bus``, or ``bus = await aio.Bus(...)``.

    Opening may take a second (a serial adapter is asked what it is), so a thread does it.

    Args:
        channel: as of `canbus.Bus`.
        interface: as of `canbus.Bus`.
        **kwargs: the others of `canbus.Bus`.
    """

    def __init__(self, channel: Any = None, interface: str | None = None, **kwargs: Any) -> None:
        self._open = partial(factory.Bus, channel, interface, **kwargs)
        self._bus: AsyncBus | None = None

    async def _opened(self) -> AsyncBus:
        opening = asyncio.ensure_future(asyncio.to_thread(self._open))
        try:
            return AsyncBus(await asyncio.shield(opening))
        except asyncio.CancelledError:
            # The thread cannot be stopped; what it opens has to be closed.
            opening.add_done_callback(_close_again)
            raise

    def __await__(self) -> Generator[Any, None, AsyncBus]:
        return self._opened().__await__()

    async def __aenter__(self) -> AsyncBus:
        self._bus = await self._opened()
        return self._bus

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bus is not None:
            await self._bus.shutdown()


def _close_again(opening: asyncio.Future[Any]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().shutdown()
