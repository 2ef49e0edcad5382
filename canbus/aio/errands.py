"""Calls that would hold up the loop, made by threads. No CAN.

Not in the loop's own executor: that has few threads, and a call that waits for a bus would keep one
from the very call that ends the wait.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from canbus import thread_ends

T = TypeVar("T")


class Errand(Generic[T]):
    """One call, made for one task.

    Args:
        call: what to call.
        undo: called with the result, in a thread, if nobody is there to get it.

    Attributes:
        has_begun: the call is being made, or was.
        has_returned: it was, and has not raised.
    """

    def __init__(self, call: Callable[[], T], undo: Callable[[T], object] | None = None) -> None:
        self._call = call
        self._undo = undo
        self._context = copy_context()
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._lock = threading.Lock()
        self._is_given_up = False
        self._unclaimed: list[T] = []  # what was returned, until the task has it
        self._thread: threading.Thread | None = None
        self.has_begun = False
        self.has_returned = False

    def begin(self) -> None:
        """Have a thread of its own make the call."""
        self._thread = _begin(self.run)

    def run(self) -> None:
        """Make the call, unless it was given up; in a thread. Further times it is not made."""
        with self._lock:
            if self._is_given_up or self.has_begun:
                return
            self.has_begun = True
        try:
            result = self._context.run(self._call)
        except BaseException as exc:  # noqa: BLE001 - raised by the task
            self._settle(exc)
            return
        with self._lock:
            self.has_returned = True
            self._unclaimed.append(result)
            is_wanted = not self._is_given_up
        if not (is_wanted and self._settle(None)):
            self._undo_unclaimed()

    def _settle(self, error: BaseException | None) -> bool:
        """Wake the task; False: there is no loop any more."""

        def settle() -> None:
            if self._future.done():
                return
            if error is None:
                self._future.set_result(None)
            else:
                self._future.set_exception(error)

        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(settle)
            return True
        return False

    async def result(self) -> T:
        """What the call returned, or raised."""
        try:
            await self._future
        except asyncio.CancelledError:
            with self._lock:
                self._is_given_up = True
                is_there = bool(self._unclaimed)
            if is_there:
                _begin(self._undo_unclaimed)
            raise
        finally:
            if self._future.done() and not self._future.cancelled() and self._thread is not None:
                self._thread.join()  # that was the last thing it had to do
        return self._unclaimed.pop()

    def _undo_unclaimed(self) -> None:
        with self._lock:
            results, self._unclaimed = self._unclaimed, []
        if self._undo is not None:
            for result in results:
                self._undo(result)


def _begin(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call, name="canbus aio errand", daemon=True)
    thread.start()
    return thread


async def in_thread(call: Callable[[], T], undo: Callable[[T], object] | None = None) -> T:
    """Have a thread of its own make a call, and await it.

    Args:
        call: what to call; it goes on if the task is cancelled.
        undo: called with what it returned, in a thread, if the task was cancelled.
    """
    errand = Errand(call, undo)
    errand.begin()
    return await errand.result()


class Runner:
    """A thread that makes calls one after the other; it begins with the first.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._errands: deque[Errand[Any] | None] = deque()
        self._bell = threading.Semaphore(0)
        self._is_over = False
        self._thread: threading.Thread | None = None

    def begin(self, errand: Errand[Any]) -> None:
        """Make this call when those before it have been made."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._put(errand)
        if self._is_over:  # maybe it came too late for that thread
            errand.begin()

    def end(self) -> None:
        """Let the thread end when it has made the calls that wait; also from a signal handler."""
        self._is_over = True
        self._put(None)

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, so many seconds at most."""
        if self._thread is not None:
            thread_ends.join(self._thread, seconds)

    def _put(self, errand: Errand[Any] | None) -> None:
        self._errands.append(errand)
        self._bell.release()

    def _run(self) -> None:
        while True:
            self._bell.acquire()
            errand = self._errands.popleft()
            if errand is None:
                return
            errand.run()
