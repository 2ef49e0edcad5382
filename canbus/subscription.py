"""Subscription: frames of a bus for one consumer, in a row of its own.

What the user holds. How the row is bounded is inbox.py's, who fills it dispatcher.py's.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from canbus.arguments import check_number, one_of
from canbus.dispatcher import dispatcher_of
from canbus.errors import CanClosedError
from canbus.filters import CanFilter, Filters, matcher, normalise
from canbus.inbox import OVERFLOWS, Inbox
from canbus.message import Message
from canbus.receiving import check_recv_many, negative_timeout
from canbus.waiting import deadline_after

if TYPE_CHECKING:
    from canbus.dispatched import Dispatched

MAXLEN = 10_000
"""Frames that wait in a subscription, unless it is told otherwise."""


class _Row(Inbox):
    """The inbox as the dispatcher sees it: a consumer."""

    filters: Sequence[CanFilter] | None = None


class Subscription:
    """Frames of a bus that pass its filters, from when it was made; `BusABC.subscribe` makes one.

    It is read as a bus is: `recv`, `recv_many`, iteration. Any number of threads may do so. A
    context manager that closes at its end; it ends with its bus, too.

    Args:
        bus: the bus.
        filters: which frames; None for all.
        maxlen: frames that wait at most.
        overflow: which frames are lost where more wait; see `BusABC.subscribe`.
    """

    _is_closed = True  # until it is there

    def __init__(
        self,
        bus: Dispatched,
        filters: Filters | None = None,
        *,
        maxlen: int = MAXLEN,
        overflow: str = "drop_oldest",
    ) -> None:
        check_number("maxlen", maxlen, 1, None, "frames that may wait")
        one_of("overflow", overflow, OVERFLOWS)
        self._bus = bus
        self._pid = os.getpid()
        self._maxlen = maxlen
        shown = f"a subscription of {bus.channel_info}"
        self._row = _Row(
            shown,
            maxlen,
            overflow,
            advice="subscription.lost, msg.lost_before",
            raises=bus._raises_losses(),
        )
        self._row.filters = normalise(filters)
        self._dispatcher = dispatcher_of(bus)
        self._dispatcher.add(self._row)
        self._is_closed = False

    # -- taking frames ----------------------------------------------------------------

    def recv(self, timeout: float | None = None) -> Message | None:
        """Return the next frame, or None if none came in time.

        Args:
            timeout: seconds to wait; None waits for ever, 0 returns at once.

        Raises:
            CanClosedError: the subscription was closed, or the bus shut down.
            CanConfigError: a ValueError; the timeout is negative.
            CanFramesLostError: with overflow="raise", or where the bus was opened so; frames are
                missing before the next one.
            CanLinkDownError: the link went down; said once, at the place where it happened.
                Frames come again when it is up.
            CanError: the channel failed, said once: as `BusABC.recv`.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"recv({timeout})")
        frames = self._take(1, timeout)
        return frames[0] if frames else None

    def recv_many(self, max_frames: int = 64, timeout: float | None = None) -> list[Message]:
        """Return the frames that wait, in order; if none does, wait for the first.

        Args:
            max_frames: at most so many.
            timeout: seconds to wait for the first frame; None waits for ever, 0 not at all.

        Raises:
            CanConfigError: a ValueError; less than one frame, or a negative timeout.
            CanError: as `recv`.
        """
        check_recv_many(max_frames, timeout)
        return self._take(max_frames, timeout)

    def _take(self, limit: int, timeout: float | None) -> list[Message]:
        if os.getpid() != self._pid:
            raise CanClosedError(
                f"a subscription of {self._bus.channel_info} does not outlive a fork",
                hint="subscribe in the child; or open the bus there",
            )
        row = self._row
        frames = row.take_many(limit)
        if frames or timeout == 0:
            return frames
        deadline_ns = deadline_after(timeout)
        while row.wait(deadline_ns):
            frames = row.take_many(limit)
            if frames:
                return frames
        return []

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Message:
        """The next frame; iteration ends with the subscription."""
        try:
            return self._take(1, None)[0]
        except CanClosedError:
            raise StopIteration from None

    # -- state ------------------------------------------------------------------------

    @property
    def lost(self) -> int:
        """Frames that had no room here. What the kernel lost is in `bus.statistics`."""
        return self._row.lost

    @property
    def maxlen(self) -> int:
        """Frames that wait at most."""
        return self._maxlen

    @property
    def filters(self) -> Sequence[CanFilter] | None:
        """The filters in force; None means that every frame passes."""
        return self._row.filters

    @filters.setter
    def filters(self, filters: Filters | None) -> None:
        self.set_filters(filters)

    def set_filters(self, filters: Filters | None = None) -> None:
        """Choose which frames it gets, from now on: also of those that wait already.

        Args:
            filters: as of `BusABC.set_filters`.

        Raises:
            CanConfigError: a ValueError; a filter makes no sense. The old ones stay.
            CanClosedError: it was closed, or the bus shut down.
        """
        wanted = normalise(filters)
        if self._is_closed or self._bus._is_shutdown:
            raise self._closed()

        def change() -> None:
            self._row.filters = wanted
            self._row.sift(matcher(wanted))

        self._dispatcher.sift(self._row, change)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or the bus shut down."""
        return self._is_closed or self._bus._is_shutdown

    def close(self) -> None:
        """Get no more frames; who waits meets CanClosedError. May be called any number of times."""
        if self._is_closed:
            return
        self._is_closed = True
        if os.getpid() == self._pid:
            self._row.close(self._closed())
            self._dispatcher.remove(self._row)

    def _closed(self) -> CanClosedError:
        return CanClosedError(
            f"the subscription of {self._bus.channel_info} is closed",
            hint="make a new one with bus.subscribe()",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else "open"
        return f"<Subscription {self._bus.channel_info} [{state}]>"

    def __del__(self) -> None:
        if not self._is_closed and not self._bus._is_shutdown and os.getpid() == self._pid:
            try:
                warnings.warn(
                    f"{self!r} was not closed: use `with` or call close()",
                    ResourceWarning,
                    stacklevel=2,
                    source=self,
                )
            finally:  # the warning may be an error
                self.close()
