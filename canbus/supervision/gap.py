"""Gap: a time in which no frame could come or go, and how it is told. Nothing is timed here."""

from __future__ import annotations

import threading
from collections import deque
from enum import Enum
from typing import Any, NamedTuple

from canbus.errors import CanChannelNotFoundError, CanClosedError, CanError, CanLinkDownError
from canbus.receiving import negative_timeout
from canbus.waiting import Deadline

MOST_GAPS = 1000
"""Gaps that wait to be taken; older ones are forgotten, and counted."""


class GapCause(Enum):
    """Why no frame could pass."""

    LINK_DOWN = "link down"
    GONE = "gone"
    """Unplugged, or the interface was removed."""
    BUS_OFF = "bus-off"
    FAILED = "failed"
    """Anything else that reading raised; the error says what."""


class Gap(NamedTuple):
    """A time in which no frame could come or go.

    Attributes:
        from_ns: when the loss was noticed, nanoseconds since the epoch.
        to_ns: when the channel was back; None where it was given up.
        cause: why, in a word; the worst where it was several.
        channel: of the bus.
        error: what was met first.
    """

    from_ns: int
    to_ns: int | None
    cause: GapCause
    channel: Any
    error: CanError

    @property
    def duration(self) -> float | None:
        """Seconds; None where it was given up."""
        return None if self.to_ns is None else (self.to_ns - self.from_ns) / 10**9


def cause_of(error: CanError) -> GapCause:
    """The word for an error."""
    if isinstance(error, CanLinkDownError):
        return GapCause.LINK_DOWN
    return GapCause.GONE if isinstance(error, CanChannelNotFoundError) else GapCause.FAILED


class Gaps:
    """The gaps of a bus, to be taken one by one: `get`, or iterate until it is shut down.

    Attributes:
        lost: how many were forgotten, as nobody took them.
    """

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._row: deque[Gap] = deque()
        self._changed = threading.Condition()
        self._is_over = False
        self.lost = 0

    def __len__(self) -> int:
        return len(self._row)

    def get(self, timeout: float | None = None) -> Gap | None:
        """Take the next, waiting up to `timeout` seconds (None: as long as it takes).

        Returns:
            The gap; None when there was none in time.

        Raises:
            CanClosedError: the bus was shut down, and all gaps of before were taken.
            CanConfigError: a ValueError; the timeout is negative.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"get({timeout})")
        deadline = Deadline(timeout)
        with self._changed:
            while not self._row:
                if self._is_over:
                    raise CanClosedError(f"the bus on {self._shown} is shut down: no more gaps")
                left = deadline.remaining()
                if left == 0:
                    return None
                self._changed.wait(None if left is None else min(left, threading.TIMEOUT_MAX))
            return self._row.popleft()

    def __iter__(self) -> Gaps:
        return self

    def __next__(self) -> Gap:
        try:
            gap = self.get()
        except CanClosedError:
            raise StopIteration from None
        assert gap is not None  # noqa: S101 - without a timeout there is one
        return gap

    def put(self, gap: Gap) -> None:
        """Add one; for who notices it."""
        with self._changed:
            if len(self._row) >= MOST_GAPS:
                self._row.popleft()
                self.lost += 1
            self._row.append(gap)
            self._changed.notify()

    def end(self) -> None:
        """No more will come."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
