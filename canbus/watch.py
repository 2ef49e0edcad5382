"""Watch: a frame that is waited for, and what happens to it, for callbacks and iteration.

Who looks (the kernel) is the backend's; what to look for is watch_job.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple, Self

from canbus.errors import CanClosedError, CanError
from canbus.logs import logger
from canbus.mailbox import Mailbox
from canbus.message import Message
from canbus.receiving import negative_timeout
from canbus.stoppable import Stoppable
from canbus.watch_job import WatchJob

QUEUE_SIZE = 10_000
"""Events that wait to be taken; those beyond are lost, and counted."""


class WatchKind(Enum):
    """What happened to a frame that is watched."""

    FIRST = "first"
    """It came for the first time."""
    CHANGED = "changed"
    """Its content differs, in the bits that are looked at, from what was told last. The first
    frame of each page of a multiplexed one counts as a change."""
    MISSING = "missing"
    """It did not come for so long that it counts as missing."""
    BACK = "back"
    """It came again after it was missing (or came at last)."""
    LOST = "lost"
    """Events were lost: nobody took them in time. The frame is told anew when it comes next."""
    LINK_DOWN = "link down"
    """The link went down; the watch goes on when it is up again."""
    GONE = "gone"
    """The interface is gone, and the watch has ended."""


class WatchEvent(NamedTuple):
    """Something happened to a frame that is watched.

    Attributes:
        kind: what.
        timestamp_ns: when, nanoseconds since the epoch.
        message: the frame, where it came; None where it did not.
        since_ns: of MISSING and BACK, since when it was missing: when it came last (or the
            watch began), nanoseconds since the epoch. The kernel tells how long it waited,
            so this is as exact as MISSING was prompt.
        watch: whose event it is.
    """

    kind: WatchKind
    timestamp_ns: int
    message: Message | None
    since_ns: int | None
    watch: Watch


class Watch(Stoppable):
    """A frame that is watched, until `stop()`; what `BusABC.watch` returns.

    A context manager that stops at its end. Iterate over it for events, or `get` them one by
    one; with a callback there are none to get.

    Args:
        job: what is looked for.
        on_event: called with each event, by the thread that tells of them.
        stop: makes the backend end it; may be called any number of times.
        renew: makes the backend tell the frame anew when it comes next.

    Attributes:
        lost: events that nobody took in time. Where the kernel lost them it does not say
            whose they were: it is the number for all watches of the link.
        is_missing: whether the frame is missing.
    """

    def __init__(
        self,
        job: WatchJob,
        on_event: Callable[[WatchEvent], object] | None,
        stop: Callable[[], None],
        renew: Callable[[], None],
    ) -> None:
        self._job = job
        self._on_event = on_event
        self._stop = stop
        self._renew = renew
        self._events: Mailbox[WatchEvent | None] = Mailbox()
        self._error: CanError | None = None
        self._is_over = False
        self._is_drained = False
        self._is_full = False
        self._has_overflown = False
        self._is_known = False
        self._since_ns: int | None = None
        self.lost = 0
        self.is_missing = False

    @property
    def arbitration_id(self) -> int:
        """The id of the frame."""
        return self._job.arbitration_id

    @property
    def done(self) -> bool:
        """Whether it was stopped, or ended with the bus or the interface."""
        return self._is_over

    def __repr__(self) -> str:
        state = "ended" if self._is_over else "missing" if self.is_missing else "watching"
        return f"<Watch {self._job.shown} [{state}]>"

    def get(self, timeout: float | None = None) -> WatchEvent | None:
        """Take the next event, waiting up to `timeout` seconds (None: as long as it takes).

        Returns:
            The event; None when there was none in time.

        Raises:
            CanClosedError: the watch was stopped, or the bus shut down.
            CanChannelNotFoundError: the interface is gone.
            CanConfigError: a ValueError; the timeout is negative.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"get({timeout})")
        try:
            event = self._events.get(timeout)
        except IndexError:
            return None
        if event is None or self._is_drained:
            self._is_drained = True  # what was told while it ended comes behind
            self._events.put(None)  # for the others who wait, and the next time
            raise self._error or CanClosedError(f"the watch of {self._job.shown} has ended")
        if event.kind is WatchKind.LOST and self._has_overflown:
            self._renew()
        return event

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> WatchEvent:
        try:
            event = self.get()
        except CanClosedError:
            raise StopIteration from None
        assert event is not None  # noqa: S101 - without a timeout there is one
        return event

    @property
    def waiting(self) -> int:
        """Events to be got, the end counted."""
        return len(self._events)

    def tell_also(self, has_come: Callable[[], None]) -> None:
        """Have this called from now on when there is an event to get, or the end."""
        self._events.has_come = has_come

    def stop(self) -> None:
        """End it; the events that were told already can be taken. Called any number of times."""
        self._stop()
        self._end()

    # -- for backends, called by the thread that tells of events ----------------------

    def _came(self, msg: Message) -> None:
        """The frame came, and is different, the first, or back."""
        kind = WatchKind.CHANGED
        since_ns = None
        if self.is_missing:
            kind, since_ns = WatchKind.BACK, self._since_ns
        elif not self._is_known:
            kind = WatchKind.FIRST
        self._is_known = True
        self.is_missing = False
        self._tell(kind, msg.timestamp_ns, msg, since_ns)

    def _went_missing(self, now_ns: int) -> None:
        self.is_missing = True
        self._since_ns = now_ns - self._job.timeout_ns
        self._tell(WatchKind.MISSING, now_ns, None, self._since_ns)

    def _was_lost(self, number: int, now_ns: int) -> None:
        self.lost += number
        self._is_known = False
        self._tell(WatchKind.LOST, now_ns)

    def _tell(
        self,
        kind: WatchKind,
        timestamp_ns: int,
        msg: Message | None = None,
        since_ns: int | None = None,
    ) -> None:
        if self._is_over:
            return
        event = WatchEvent(kind, timestamp_ns, msg, since_ns, self)
        if self._on_event is None:
            if len(self._events) < QUEUE_SIZE:
                self._is_full = False
                self._events.put(event)
            else:
                self._overflow(timestamp_ns)
            return
        try:
            self._on_event(event)
        except BaseException as exc:  # noqa: BLE001 - a fence: the user's callback; reported
            logger().error("callback of %r failed: %s", self, exc, exc_info=exc)

    def _overflow(self, now_ns: int) -> None:
        self.lost += 1
        self._is_known = False
        if not self._is_full:
            self._is_full = True
            self._events.put(WatchEvent(WatchKind.LOST, now_ns, None, None, self))
        if not self._has_overflown:
            self._has_overflown = True
            logger().warning(
                "%r: %d events wait, and nobody takes them: those that follow are lost (counted "
                "in watch.lost)",
                self,
                QUEUE_SIZE,
            )

    def _end(self, error: CanError | None = None) -> None:
        """Nothing more will happen. Called any number of times."""
        if not self._is_over:
            self._error = error
            self._is_over = True
            self._events.put(None)
