"""AsyncBufferedReader: frames that wait until a coroutine takes them. No loop is run here."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any, Self

from canbus.errors import CanClosedError, CanConfigError, CanError
from canbus.inbox import DROP_OLDEST
from canbus.listener import Listener
from canbus.listeners.buffer import Buffer, make_inbox
from canbus.message import Message
from canbus.warn import warn

MAXLEN = 100_000
"""Frames that wait at most, by default: ten seconds of a full 1 Mbit/s bus."""


class AsyncBufferedReader(Listener):
    """Keeps frames for ``async for msg in reader``, until `stop()`.

    It may be filled in any thread, whether its Notifier has a loop or not, and emptied in any
    loop.

    Args:
        maxlen: frames that wait at most; None: as many as come.
        overflow: which are lost where there are more, as of BufferedReader.
        loop: has no effect, and says so, as in python-can.

    Attributes:
        buffer: tells what waits: `qsize()`, `empty()`.

    Raises:
        CanConfigError: a ValueError; `maxlen` or `overflow` makes no sense.
    """

    def __init__(
        self,
        maxlen: int | None = MAXLEN,
        *,
        overflow: str = DROP_OLDEST,
        loop: Any = None,
    ) -> None:
        if loop is not None:
            warn("loop= of AsyncBufferedReader has no effect", DeprecationWarning)
        self._is_stopped = False
        self._lock = threading.RLock()
        self._waiters: list[asyncio.Future[None]] = []
        self._inbox = make_inbox("AsyncBufferedReader", maxlen, overflow, self._changed)
        self.buffer = Buffer(self._inbox)

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped."""
        return self._is_stopped

    @property
    def lost(self) -> int:
        """Frames that were lost because `maxlen` waited already."""
        return self._inbox.lost

    # -- filling, in any thread -------------------------------------------------------

    def on_message_received(self, msg: Message) -> None:
        """Keep a frame; once it is stopped, none is kept, as in python-can."""
        if not self._is_stopped:
            self._inbox.deliver([msg])

    def on_error(self, exc: Exception) -> None:
        """Let whoever takes frames meet this error of the bus, where it happened.

        The end of a bus is none: when the Notifier has none left, it stops this reader.
        """
        if isinstance(exc, CanClosedError):
            return
        if not isinstance(exc, CanError):
            raise NotImplementedError
        self._inbox.fail(exc)

    def stop(self) -> None:
        """Take no more frames; `async for` ends behind those that are there already."""
        self._is_stopped = True
        self._changed()

    def _changed(self) -> None:
        if not self._is_worth_a_look():
            return
        with self._lock:
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _wake(waiter)

    def _is_worth_a_look(self) -> bool:
        return self._is_stopped or bool(len(self._inbox))

    # -- taking, in a loop ------------------------------------------------------------

    async def get_message(self, timeout: float | None = None) -> Message:
        """Take the frame that waits longest; waits for one.

        Args:
            timeout: seconds to wait; None waits for ever, as in python-can.

        Raises:
            CanClosedError: the reader is stopped, and empty.
            CanError: reading the bus failed here; frames may come again afterwards.
            CanFramesLostError: with `overflow="raise"`, frames are missing here.
            TimeoutError: none came in time.
        """
        if timeout is not None:
            if not timeout >= 0:
                raise CanConfigError(f"get_message({timeout}): a timeout is not negative")
            async with asyncio.timeout(timeout):
                return await self.get_message()
        while True:
            msg = self._inbox.take()
            if msg is not None:
                return msg
            if self._is_stopped and not len(self._inbox):
                raise CanClosedError("this AsyncBufferedReader is stopped, and empty")
            await self._news()

    async def _news(self) -> None:
        """Wait until there may be something to take."""
        waiter = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiters.append(waiter)
        try:
            if not self._is_worth_a_look():
                await waiter
        finally:
            with self._lock, suppress(ValueError):
                self._waiters.remove(waiter)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        try:
            return await self.get_message()
        except CanClosedError:
            raise StopAsyncIteration from None


def _wake(waiter: asyncio.Future[None]) -> None:
    loop = waiter.get_loop()
    if asyncio._get_running_loop() is loop:
        _resolve(waiter)
        return
    with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
        loop.call_soon_threadsafe(_resolve, waiter)


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
