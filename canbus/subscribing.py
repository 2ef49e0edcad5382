"""The subscribing part of BusABC: many consumers of one bus, and asking for an answer.

How frames get to each is dispatcher.py's. No operating system is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from canbus.dispatched import Dispatched
from canbus.errors import CanConfigError, CanTimeoutError
from canbus.filters import CanFilter, Filters
from canbus.frame_flags import ERR, OWN
from canbus.message import Message
from canbus.receiving import negative_timeout
from canbus.waiting import Deadline

if TYPE_CHECKING:
    from canbus.subscription import Subscription

_OTHERS = ERR | OWN  # error frames, and what this bus has sent itself


class Subscribing(Dispatched):
    """What a user calls for further consumers; see BusABC."""

    send: Callable[..., Any]

    def subscribe(
        self, filters: Filters | None = None, *, maxlen: int = 10_000, overflow: str = "drop_oldest"
    ) -> Subscription:
        """Get frames in a row of their own, independently of all others who read this bus.

        Any number of subscriptions can be made, also while others read: each gets the frames that
        pass its filters and come from now on, and each has frames of its own. While there are
        any, one thread reads the bus. The bus's own filters do not matter to them, and below
        Python everything passes that anybody wants.

        Args:
            filters: which frames; as of `set_filters`.
            maxlen: frames that wait at most; those beyond are lost to this one only, counted in
                `subscription.lost`, and marked on the frame after the gap (`lost_before`).
            overflow: which are lost: "drop_oldest" those that wait longest, "drop_newest" those
                that come; "raise" too, and `recv` raises CanFramesLostError at that place.

        Raises:
            CanConfigError: a ValueError; a filter or another argument makes no sense.
            CanClosedError: the bus was shut down.
            CanError: the filters cannot be installed.
        """
        from canbus.subscription import Subscription

        return Subscription(self, filters, maxlen=maxlen, overflow=overflow)

    def request(
        self,
        msg: Message,
        match: Callable[[Message], object] | CanFilter | Mapping[str, Any] | Filters,
        timeout: float | None = None,
        *,
        filters: Filters | None = None,
    ) -> Message:
        """Send a frame and return the one that answers it.

        What came before the frame was sent is no answer, and neither is an error frame, nor what
        this bus sent itself. Nobody else misses anything: the answer, and what comes meanwhile,
        is received by whoever reads the bus as well.

        Args:
            msg: the frame to send.
            match: what an answer looks like: a filter, several, or a function that is called
                with frames and returns true for the answer.
            timeout: seconds for both, sending and waiting; None waits as long as it takes.
            filters: which frames the function is called with; all, if left out.

        Raises:
            CanTimeoutError: a TimeoutError; no answer came in time.
            CanConfigError: a ValueError; an argument makes no sense.
            CanError: as `send` and `recv`. Whatever the function raises comes out, too.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"request(timeout={timeout})")
        answers, wanted = _matching(match, filters)
        deadline = Deadline(timeout)
        with self._dispatch_lock():
            self._was_read = self._was_read or not self._is_dispatched  # what waits is kept
        with self.subscribe(wanted) as replies:
            self.send(msg, deadline.remaining())
            while True:
                reply = replies.recv(deadline.remaining())
                if reply is None:
                    raise CanTimeoutError(
                        f"{self.channel_info}: no answer to {msg:candump} within {timeout} s",
                        hint="is the other node there, and its answer's id what was asked for?",
                    )
                if not reply._flags & _OTHERS and answers(reply):
                    return reply


def _matching(
    match: Callable[[Message], object] | CanFilter | Mapping[str, Any] | Filters,
    filters: Filters | None,
) -> tuple[Callable[[Message], object], Filters | None]:
    """What says whether a frame is the answer, and the filters for those that it is asked of."""
    if isinstance(match, (CanFilter, Mapping)):
        match = [match]
    elif callable(match):
        return match, filters
    if filters is not None:
        raise CanConfigError(
            "request(filters=) is for a function; the filters are given already",
            hint="leave filters= out",
        )
    return (lambda reply: True), match
