"""Waiter: wait on a descriptor by a deadline, and be woken when its owner closes.

For backends with a file descriptor. No CAN, no protocol and no error mapping here.
POSIX only (poll); imported by the backends that need it.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from time import monotonic_ns

POLLIN = getattr(select, "POLLIN", 1)  # absent where there is no poll(): nothing opens there
POLLOUT = getattr(select, "POLLOUT", 4)

_MS = 10**6
_FOR_EVER = 10**10  # seconds: three hundred years, and no float beyond overflows
_LONGEST_POLL_MS = 10**9  # poll(2) takes an int of milliseconds


def deadline_after(timeout: float | None) -> int | None:
    """The monotonic time in ns that is `timeout` seconds away; None for never."""
    if timeout is None or timeout > _FOR_EVER:
        return None
    return monotonic_ns() + round(timeout * 10**9)


class Deadline:
    """A point in time, asked again and again how far away it is.

    Args:
        timeout: seconds from now; None for never.
    """

    __slots__ = ("ns",)

    def __init__(self, timeout: float | None) -> None:
        self.ns = deadline_after(timeout)

    def remaining(self) -> float | None:
        """Seconds left, 0 when it has passed; None for never."""
        return None if self.ns is None else max(0, self.ns - monotonic_ns()) / 10**9


class Waiter:
    """Waits for events on one descriptor, from any number of threads at once.

    A descriptor number must not be closed while a thread polls it: the number could be
    reused for something else. So `close()` wakes everybody, and the last to leave closes.
    Nobody waits for anybody, hence `close()` is safe in a signal handler.

    Args:
        fd: descriptor to wait on.
        release: closes it; called once.
    """

    def __init__(self, fd: int, release: Callable[[], None]) -> None:
        self._fd = fd
        self._release = release
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._lock = threading.RLock()
        self._users = 0
        self._closing = False
        self._kicks = 0
        self._to_leave = 0  # who waited at the last kick and has not left yet
        self._is_kicked = False  # as long as there is one, a byte lies in the pipe
        self._pid = os.getpid()

    @property
    def is_used(self) -> bool:
        """Whether somebody waits now, so that `kick` has somebody to wake."""
        return self._users > 0

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked child's copy: threads that had locks are not here."""
        return os.getpid() != self._pid

    def wait(
        self,
        events: int,
        deadline_ns: int | None,
        unless: Callable[[], object] | None = None,
    ) -> bool:
        """Wait for `events` (POLLIN, POLLOUT; 0 just sleeps) until the deadline.

        Args:
            events: what to wait for on the descriptor.
            deadline_ns: monotonic time; None for never.
            unless: asked once `kick` would wake us; what is true then ends the wait.

        Returns:
            False when the deadline passed; True when something happened: an event, an
            error on the descriptor, or `close()`. The caller looks which.
        """
        entered = None
        try:
            with self._lock:
                entered = self._kicks
                self._users += 1  # first of all: a signal handler may close right after
            if self._closing or (unless is not None and unless()):
                return True
            return self._poll(events, deadline_ns)
        finally:
            if entered is not None:
                self._leave(entered)

    def _leave(self, entered: int) -> None:
        with self._lock:
            self._users -= 1
            if entered != self._kicks:
                self._to_leave -= 1
                if self._to_leave == 0:
                    self._is_kicked = False
                    os.read(self._wake_read, 1)
        self._release_if_idle()

    def _poll(self, events: int, deadline_ns: int | None) -> bool:
        poller = select.poll()
        if events:
            poller.register(self._fd, events)
        poller.register(self._wake_read, select.POLLIN)
        while True:
            timeout_ms = None
            if deadline_ns is not None:
                timeout_ms = min(max(0, deadline_ns - monotonic_ns()) / _MS, _LONGEST_POLL_MS)
            # poll() rounds fractions of a millisecond up, so it never ends too early.
            if poller.poll(timeout_ms):
                return True
            if deadline_ns is not None and monotonic_ns() >= deadline_ns:
                return False

    def kick(self) -> None:
        """Make those return that wait now: something has changed that no event tells.

        The pipe stays readable until the last of them has left, so that none can take what
        was meant for another; who comes meanwhile is woken, too, and looks once too often.
        """
        if self.is_inherited:
            return
        with self._lock:
            if not self._users or self._closing:
                return
            self._kicks += 1
            self._to_leave = self._users
            if not self._is_kicked:
                self._is_kicked = True
                os.write(self._wake_write, b"\0")

    def close(self) -> None:
        """Wake all waiters and close the descriptor as soon as the last has left."""
        if self.is_inherited:  # whoever held the lock, or waited, is not in this process
            self._lock = threading.RLock()
            self._users = 0
        with self._lock:
            if self._closing:
                return
            self._closing = True
            # A forked child shares the pipe: what it closes is its own copy only.
            if not self.is_inherited:
                os.write(self._wake_write, b"\0")  # never read: it stays readable for all
        self._release_if_idle()

    def _release_if_idle(self) -> None:
        with self._lock:
            if not self._closing or self._users or self._wake_read < 0:
                return
            ends = self._wake_read, self._wake_write
            self._wake_read = self._wake_write = -1
        # Not within the lock: `release` may wait for one whose holder wants ours.
        for end in ends:
            os.close(end)
        self._release()
