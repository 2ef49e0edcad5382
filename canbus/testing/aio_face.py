"""AioFace: a bus whose frames go through the asyncio face, for rules that know of no loop.

Receiving, sending and the end are awaited in a loop of a thread; everything else is the bus's. No
rule stands here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self, TypeVar

from canbus.aio import AsyncBus
from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanUnsupportedError
from canbus.message import Message

T = TypeVar("T")
_OWN = frozenset({"_bus", "_loop", "_thread", "_face", "_ending"})


class AioFace:
    """A bus for threads, on the asyncio face of the given one.

    Args:
        bus: an open bus; it is shut down with this one.
    """

    _bus: BusABC
    _face: AsyncBus

    def __init__(self, bus: BusABC) -> None:
        self._bus = bus
        self._ending = threading.RLock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._face = self._run(self._wrapped())

    async def _wrapped(self) -> AsyncBus:
        return AsyncBus(self._bus)

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if not self._thread.is_alive():
            coroutine.close()
            raise self._bus._closed()
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
        except asyncio.CancelledError:
            raise self._bus._closed() from None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._bus, name, value)

    if not TYPE_CHECKING:  # for isinstance(): it is whatever the bus is

        @property
        def __class__(self) -> type[BusABC]:
            return type(self._bus)

    def fileno(self) -> int:
        """The loop waits on the descriptor, so there is none for others."""
        raise CanUnsupportedError(f"{self._bus.channel_info}: its descriptor is the loop's")

    def __str__(self) -> str:
        return str(self._bus)

    def __repr__(self) -> str:
        return repr(self._bus).replace(type(self._bus).__name__, "AioFace", 1)

    # -- through the loop -------------------------------------------------------------

    def recv(self, timeout: float | None = None) -> Message | None:
        """As of the bus."""
        return self._run(self._face.recv(timeout))

    def recv_many(self, max_frames: int = 64, timeout: float | None = None) -> list[Message]:
        """As of the bus."""
        return self._run(self._face.recv_many(max_frames, timeout))

    def send(self, msg: Message, timeout: float | None = None, **kwargs: Any) -> Any:
        """As of the bus."""
        return self._run(self._face.send(msg, timeout, **kwargs))

    def send_many(self, msgs: Iterable[Message], timeout: float | None = None) -> int:
        """As of the bus."""
        return self._run(self._face.send_many(msgs, timeout))

    def set_filters(self, filters: Any = None) -> None:
        """As of the bus."""

        async def set_them() -> None:
            self._face.set_filters(filters)

        self._run(set_them())

    @property
    def filters(self) -> Any:
        """As of the bus."""
        return self._bus.filters

    def __iter__(self) -> Iterator[Message]:
        if self._bus._is_shutdown:
            raise self._bus._closed()
        while True:
            try:
                msg = self.recv(None)
            except CanClosedError:
                return
            if msg is not None:
                yield msg

    def shutdown(self) -> None:
        """As of the bus; the loop ends with it."""
        with self._ending:  # several threads may want that at once
            if self._thread.is_alive():
                self._run(self._face.shutdown())
                self._run(self._loop.shutdown_default_executor())
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()
