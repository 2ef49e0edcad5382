"""Waiting for room in the transmit queue: how long between tries, and telling why it lasts.

The queue of an interface is full (ENOBUFS) in the normal life of a busy bus, and poll() cannot
see that; so one tries again after a while that grows. The default queue of 10 frames lasts
1.3 ms at 1 Mbit/s, and poll() sleeps whole milliseconds.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from time import monotonic_ns

from canbus.plugin import CanState
from canbus.waiting import POLLOUT, Waiter
from canbus.warn import warn

FULL = frozenset({errno.ENOBUFS, errno.EAGAIN})
_FIRST_PAUSE_NS = 1_000_000
_LONGEST_PAUSE_NS = 10_000_000
_TELL_AFTER_NS = 10**9

_CAUSES: dict[CanState | None, str] = {
    CanState.ERROR_PASSIVE: "the controller is error-passive, so probably nobody acknowledges",
    CanState.ERROR_WARNING: "the controller counts errors (error-warning)",
    CanState.BUS_OFF: "the controller is bus-off",
    CanState.STOPPED: "the controller is stopped",
}


class Patience:
    """One frame's wait for room.

    Args:
        waiter: what to sleep on, so that closing wakes.
        deadline_ns: monotonic time at which to give up; None for never.
    """

    def __init__(self, waiter: Waiter, deadline_ns: int | None) -> None:
        self._waiter = waiter
        self._deadline_ns = deadline_ns
        self._pause_ns = _FIRST_PAUSE_NS
        self._tell_at_ns = monotonic_ns() + _TELL_AFTER_NS

    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return self._deadline_ns is not None and monotonic_ns() >= self._deadline_ns

    def lasts(self) -> bool:
        """Whether somebody who set no deadline waits for a second already."""
        return self._deadline_ns is None and monotonic_ns() >= self._tell_at_ns

    def sleep(self, code: int | None) -> None:
        """Wait until it may be worth trying again."""
        if code == errno.EAGAIN:  # the socket's own buffer: poll() sees that
            end = self._deadline_ns
            if end is None:
                end = max(self._tell_at_ns, monotonic_ns() + _LONGEST_PAUSE_NS)
            self._waiter.wait(POLLOUT, end)
            return
        end = monotonic_ns() + self._pause_ns
        self._waiter.wait(0, end if self._deadline_ns is None else min(end, self._deadline_ns))
        self._pause_ns = min(2 * self._pause_ns, _LONGEST_PAUSE_NS)


def tell_waiting(channel: str, ask_state: Callable[[], CanState | None]) -> None:
    """Warn that a send without a timeout has been waiting for a second, and why."""
    cause = _CAUSES.get(ask_state()) or "the bus is busy, or the controller does not send"
    warn(
        f"{channel}: send() has been waiting for room in the transmit queue for 1 s and waits on, "
        f"as it has no timeout; {cause}. Check bitrate, wiring and termination, or give a timeout"
    )
