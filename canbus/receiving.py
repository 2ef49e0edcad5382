"""The receiving half of BusABC: deadlines, software filters, many frames at once, iteration.

Frames that were read ahead lie in `_ready`, the next one last, and have passed the filters.
Taking one from a list's end is atomic, so that needs no lock; who puts frames there has one
(prefetch.py). Nothing is sent here, and no operating system is known.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from threading import RLock
from time import monotonic, monotonic_ns
from typing import Any

from canbus.errors import CanClosedError, CanConfigError, CanError
from canbus.filters import CanFilter, Filters, Matcher, matcher, normalise
from canbus.inbox import Inbox
from canbus.lifetime import Lifetime
from canbus.message import Message
from canbus.waiting import deadline_after

_LOOKS_AFTER_DEADLINE = 1000


class Receiving(Lifetime):
    """What a user calls to get frames; see BusABC."""

    _ready: list[Message]
    _filters: Sequence[CanFilter] | None = None
    _matcher: Matcher | None = None
    _log: Callable[[str, Any], None] | None = None
    _screened: bool = False  # there is a matcher or a log to look at each frame
    _filter_lock: RLock
    _due: CanError | None = None  # met after frames that were handed out, so raised by the next
    _detour: bool = True  # something comes before the channel: _due, or it is the first call
    _is_dispatched: bool = False  # or a thread reads for many consumers: dispatcher.py

    def recv(self, timeout: float | None = None) -> Message | None:
        """Return the next frame that passes the filters, or None if none came in time.

        Args:
            timeout: seconds to wait; None waits for ever, 0 returns at once.

        Raises:
            CanClosedError: the bus was shut down, before or while waiting.
            CanConfigError: a ValueError; the timeout is negative.
            CanLinkDownError: the link is down; said at every call until it is up again.
            CanChannelNotFoundError: the channel is gone; said at every call.
            CanOperationError: the channel failed; it says how.
        """
        if timeout is not None and not timeout >= 0:
            raise negative_timeout(f"recv({timeout})")
        if self._is_shutdown:
            raise self._closed()
        if self._detour:
            return self._recv_detoured(timeout)
        # One look before any wait: a deadline costs a clock reading, which is only needed now.
        msg = self._recv_frame(0)
        if msg is None:
            return None if timeout == 0 else self._recv_by(timeout)
        if self._screened and not self._passes(msg):
            return self._recv_by(timeout)
        return msg

    def _recv_detoured(self, timeout: float | None) -> Message | None:
        """The careful way: take from where frames are, which may change while we wait."""
        deadline_ns = deadline_after(timeout)
        while True:
            if self._is_shutdown:
                raise self._closed()
            self._raise_due()
            share = self._elsewhere()
            if share is None:
                left = None if deadline_ns is None else max(0, deadline_ns - monotonic_ns()) / 10**9
                return self._recv_by(left)
            msg = share.take()
            if msg is not None or timeout == 0:
                return msg
            if not share.wait(deadline_ns, lambda: not self._is_dispatched):
                return None

    def _recv_by(self, timeout: float | None) -> Message | None:
        """Wait for a frame that passes; those that do not pass do not eat the timeout."""
        deadline = None if timeout is None else monotonic() + timeout
        late = 0
        while True:
            msg = self._recv_frame(timeout)
            if self._is_dispatched:  # since we wait
                if msg is not None:
                    self._pass_on(msg)
                left = None if deadline is None else max(0.0, deadline - monotonic())
                return self._recv_detoured(left)
            if msg is None:
                return None
            if not self._screened or self._passes(msg):
                return msg
            if deadline is None:
                continue
            timeout = max(0.0, deadline - monotonic())
            # Time may be up with a frame that passes still queued behind: look on, though
            # not for ever, as frames may come faster than they can be looked at.
            late += timeout == 0
            if late > _LOOKS_AFTER_DEADLINE:
                return None

    def _passes(self, msg: Message) -> bool:
        """Look at a frame as it comes out: the filters in force now, and the log."""
        passes = self._matcher
        if passes is not None and not passes(msg):
            return False
        if self._log:
            self._log("Received: %s", msg)
        return True

    def recv_many(self, max_frames: int = 64, timeout: float | None = None) -> list[Message]:
        """Return the frames that wait, in order; if none does, wait for the first.

        Args:
            max_frames: at most so many.
            timeout: seconds to wait for the first frame; None waits for ever, 0 does not
                wait. Never waits for a second one.

        Returns:
            1 to `max_frames` frames, or none if the time was up.

        Raises:
            CanConfigError: a ValueError; less than one frame, or a negative timeout.
            CanError: as `recv`.
        """
        check_recv_many(max_frames, timeout)
        if self._is_shutdown:
            raise self._closed()
        frames = self._recv_waiting(max_frames)
        if frames or timeout == 0:
            return frames
        first = self._recv_detoured(timeout) if self._detour else self._recv_by(timeout)
        if first is None:
            return []
        return self._recv_waiting(max_frames, first) if max_frames > 1 else [first]

    def _recv_waiting(self, limit: int, first: Message | None = None) -> list[Message]:
        """Up to `limit` frames that are there now; a backend that reads many replaces it.

        Args:
            limit: at most so many.
            first: one that is there already; with it nothing is raised.
        """
        if first is None:
            self._raise_due()
        frames = [] if first is None else [first]
        share = self._elsewhere() if self._detour else None
        if share is not None:
            return frames + share.take_many(limit - len(frames))
        while len(frames) < limit:
            try:
                msg = self._recv_frame(0)
            except CanError as exc:
                if not frames:
                    raise
                self._due = exc
                self._detour = True
                break
            if msg is None:
                break
            if not self._screened or self._passes(msg):
                frames.append(msg)
        return frames

    def _raise_due(self) -> None:
        if self._due is not None:
            error, self._due = self._due, None
            raise error.with_traceback(None)

    def __iter__(self) -> Iterator[Message]:
        """Yield frames as they come; ends when the bus is shut down."""
        if self._is_shutdown:
            raise self._closed()
        ready = self._ready
        while True:
            if ready:
                try:
                    msg: Message | None = ready.pop()
                except IndexError:  # another thread was quicker
                    continue
            else:
                try:
                    msg = self.recv(None)
                except CanClosedError:
                    return
            if msg is not None:
                yield msg

    # -- filters ----------------------------------------------------------------------

    @property
    def filters(self) -> Sequence[CanFilter] | None:
        """The filters in force; None means that every frame passes."""
        return self._filters

    @filters.setter
    def filters(self, filters: Filters | None) -> None:
        self.set_filters(filters)

    def set_filters(self, filters: Filters | None = None) -> None:
        """Choose which frames `recv` returns, from now on: also of those that wait already.

        Args:
            filters: CanFilter or python-can's dictionaries; a frame passes if any matches.
                None and `[]` let everything pass, `CanFilter.nothing()` lets nothing.
                Error frames pass always.

        Raises:
            CanConfigError: a ValueError; a filter makes no sense. The old ones stay.
        """
        if self._is_shutdown:
            raise self._closed()
        wanted = normalise(filters)
        with self._filter_lock:  # what is below Python and what is here change together
            if not self._is_dispatched:  # else they are for who reads the bus beside others only
                self._screen(None if self._apply_filters(wanted) else self._make_matcher(wanted))
            self._filters = wanted
            self._refilter()

    def _apply_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        """Install filters below Python, if the backend can.

        Returns:
            True if from now on `_recv_frame` returns matching frames only, frames already
            queued included; False if the base class has to look at each frame.
        """
        return False

    def _make_matcher(self, filters: Sequence[CanFilter] | None) -> Matcher | None:
        """What says whether a frame passes; None where every frame does."""
        return matcher(filters)

    def _screen(self, passes: Matcher | None) -> None:
        self._matcher = passes
        self._screened = passes is not None or self._log is not None

    @abstractmethod
    def _elsewhere(self) -> Inbox | None:
        """What to take from instead of the channel; None: the channel it is."""

    @abstractmethod
    def _refilter(self) -> None:
        """Have the filters looked at anew by who reads for many consumers."""

    @abstractmethod
    def _pass_on(self, msg: Message) -> None:
        """A frame that was taken from the channel when another thread reads already."""

    @abstractmethod
    def _recv_frame(self, timeout: float | None) -> Message | None: ...

    @abstractmethod
    def _closed(self) -> CanClosedError: ...


def check_recv_many(max_frames: int, timeout: float | None) -> None:
    """Raise CanConfigError if `recv_many` cannot mean that.

    Args:
        max_frames: at most so many.
        timeout: seconds; None for ever.
    """
    if not max_frames >= 1:
        raise CanConfigError(f"recv_many({max_frames}): ask for at least one frame")
    if timeout is not None and not timeout >= 0:
        raise negative_timeout(f"recv_many(timeout={timeout})")


def negative_timeout(call: str) -> CanConfigError:
    """The error for a timeout that is no time to wait."""
    return CanConfigError(
        f"{call}: a timeout cannot be negative", hint="0 does not wait, None waits for ever"
    )
