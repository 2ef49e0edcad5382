"""AioFace: a bus whose frames go through the asyncio face, for rules that know of no loop.

Whatever waits is awaited in a loop of a thread; everything else is the bus's. No rule stands here.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from canbus.aio import AsyncBus, AsyncSubscription, AsyncWatch
from canbus.bus import BusABC
from canbus.errors import CanClosedError, CanUnsupportedError
from canbus.message import Message

T = TypeVar("T")
_OWN = frozenset({"_bus", "_loop", "_thread", "_face", "_ending", "_gate", "_is_over"})


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
        self._gate = threading.Lock()
        self._is_over = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._face = self._run(self._wrapped())

    async def _wrapped(self) -> AsyncBus:
        return AsyncBus(self._bus)

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        with self._gate:
            if self._is_over:
                coroutine.close()
                raise self._bus._closed()
            running = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return running.result()

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

    @filters.setter
    def filters(self, filters: Any) -> None:
        self.set_filters(filters)

    def request(self, *args: Any, **kwargs: Any) -> Message:
        """As of the bus."""
        return self._run(self._face.request(*args, **kwargs))

    def subscribe(self, *args: Any, **kwargs: Any) -> Any:
        """As of the bus."""

        async def subscribe() -> AsyncSubscription:
            return self._face.subscribe(*args, **kwargs)

        made = self._run(subscribe())
        return _Awaited(self._run, made, made._subscription, frozenset({"recv", "recv_many"}))

    def watch(self, *args: Any, **kwargs: Any) -> Any:
        """As of the bus."""

        async def watch() -> AsyncWatch:
            return self._face.watch(*args, **kwargs)

        made = self._run(watch())
        return _Awaited(self._run, made, made.watch, frozenset({"get"}))

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
            if self._is_over:
                return
            self._run(self._face.shutdown())
            with self._gate:  # whoever came before this is awaited, and meets a closed bus
                self._is_over = True
                ended = asyncio.run_coroutine_threadsafe(self._let_finish(), self._loop)
            ended.result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _let_finish(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()


class _Awaited:
    """A subscription or a watch, which is awaited in the loop, for threads.

    Args:
        run: runs a coroutine in the loop.
        awaited: what is awaited.
        plain: the same for threads, which has all else.
        waiting: the methods of both that wait.
    """

    def __init__(
        self,
        run: Callable[[Coroutine[Any, Any, Any]], Any],
        awaited: AsyncSubscription | AsyncWatch,
        plain: Any,
        waiting: frozenset[str],
    ) -> None:
        self._run, self._awaited, self._plain, self._waiting = run, awaited, plain, waiting

    def __getattr__(self, name: str) -> Any:
        if name not in self._waiting:
            return getattr(self._plain, name)
        method = getattr(self._awaited, name)
        return lambda *args, **kwargs: self._run(method(*args, **kwargs))

    def __iter__(self) -> Iterator[Any]:
        with suppress(StopAsyncIteration):
            while True:
                yield self._run(self._next())

    async def _next(self) -> Any:
        return await anext(self._awaited)

    def __enter__(self) -> Self:
        self._plain.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._plain.__exit__(*exc)
