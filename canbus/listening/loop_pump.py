"""LoopPump: calls the listeners of a Notifier in the thread of an event loop, a few at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from functools import partial
from time import monotonic
from typing import Any

from canbus.errors import CanConfigError
from canbus.listener import MessageRecipient
from canbus.listening.audience import Audience
from canbus.listening.pump import Owner, Pump


class LoopPump(Pump):
    """A turn of the loop for up to 64 frames; what listeners return is awaited.

    Args:
        owner: as of Pump.
        audience: as of Pump.
        maxlen: as of Pump.
        loop: the loop; it need not run yet.
    """

    def __init__(
        self,
        owner: Owner,
        audience: Audience,
        maxlen: int,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(owner, audience, maxlen)
        self._loop = loop
        self._scheduling = threading.RLock()
        self._is_scheduled = False
        self._tasks: set[asyncio.Future[Any]] = set()  # the loop itself does not keep them

    def start(self) -> None:
        """Nothing to start.

        Raises:
            CanConfigError: a ValueError; the loop is closed.
        """
        if self._loop.is_closed():
            raise CanConfigError(f"{self._owner}: the event loop is closed")

    def wait(self, timeout: float) -> bool:
        """See Pump; where the loop cannot do it, what is left is done here."""
        if self._done.is_set():
            return True
        if self._loop.is_running() and asyncio._get_running_loop() is not self._loop:
            self._schedule()
            return self._done.wait(max(timeout, 0))
        if self._loop.is_closed():
            self.abandon()
        end = monotonic() + timeout
        while self._turn():
            if monotonic() > end:
                return False
        self._end()
        return True

    def take_result(self, listener: MessageRecipient, result: Any) -> None:
        """See Pump."""
        if isinstance(result, Awaitable):
            task = asyncio.ensure_future(result, loop=self._loop)
            self._tasks.add(task)
            task.add_done_callback(partial(self._task_done, listener))

    def _task_done(self, listener: MessageRecipient, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        exc = None if task.cancelled() else task.exception()
        if exc is not None:
            self._audience.failed(listener, exc)

    def _came(self) -> None:
        if len(self.inbox) and not self._is_cut:
            self._schedule()

    def _schedule(self) -> None:
        with self._scheduling:
            if self._is_scheduled:
                return
            self._is_scheduled = True
        try:
            self._loop.call_soon_threadsafe(self._run)
        except RuntimeError:  # closed
            if not self._is_closing:
                self._owner._loop_closed()

    def _run(self) -> None:
        try:
            self._turn()
        finally:
            self._is_scheduled = False
            self._came()  # what came meanwhile scheduled nothing
            if self._is_closing and not self._is_scheduled and not self._done.is_set():
                self._end()
