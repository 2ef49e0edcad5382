"""Bus(): what opens a channel when it is entered or awaited. Nothing is sent or received here."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from types import TracebackType
from typing import Any

from canbus import interface as factory
from canbus.aio.bus import AsyncBus
from canbus.aio.errands import in_thread
from canbus.bus import BusABC


class Bus:
    """A channel to be opened: ``async with aio.Bus(...) as bus``, or ``bus = await aio.Bus(...)``.

    Opening may take a second (a serial adapter is asked what it is), so a thread does it. What is
    open when the task has been cancelled meanwhile is closed again.

    Args:
        channel: as of `canbus.Bus`; or a bus that is open.
        interface: as of `canbus.Bus`.
        **kwargs: the others of `canbus.Bus`.

    Raises:
        CanError: as `canbus.Bus`, when it is entered or awaited.
    """

    def __init__(self, channel: Any = None, interface: str | None = None, **kwargs: Any) -> None:
        self._open = partial(factory.Bus, channel, interface, **kwargs)
        self._bus: AsyncBus | None = None
        self._given: BusABC | None = None
        if isinstance(channel, BusABC) and interface is None and not kwargs:
            self._given = channel

    async def _opened(self) -> AsyncBus:
        if self._given is not None:
            return AsyncBus(self._given)
        return AsyncBus(await in_thread(self._open, undo=BusABC.shutdown))

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
