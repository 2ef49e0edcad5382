"""Mailbox: a queue that a signal handler may put to, and that is waited on by a deadline.

`queue.SimpleQueue` allows the first, but its `get(timeout=)` may wait for ever where the time is
over just when it looks again (CPython, Modules/_queuemodule.c). No locks are held here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Items in the order in which they were put, each for one taker.

    Attributes:
        has_come: called after an item was put, by who puts it; for those who cannot wait here.
    """

    has_come: Callable[[], None] | None = None

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._bell = threading.Lock()  # free: there may be an item
        self._bell.acquire()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        """Add an item; never waits."""
        self._items.append(item)
        self._ring()
        if self.has_come is not None:
            self.has_come()

    def get(self, timeout: float | None) -> T:
        """Take the next item, waiting up to `timeout` seconds (None: as long as it takes).

        Raises:
            IndexError: there was none in time.
        """
        end = None if timeout is None else monotonic() + min(timeout, threading.TIMEOUT_MAX)
        while True:
            try:
                item = self._items.popleft()
            except IndexError:
                left = -1.0 if end is None else end - monotonic()
                if end is not None and left <= 0:
                    raise
                self._bell.acquire(timeout=min(left, threading.TIMEOUT_MAX))
                continue
            if self._items:
                self._ring()  # for another who waits
            return item

    def _ring(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            return  # it rings already
