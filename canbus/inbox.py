"""Inbox: a bounded row of frames that one takes and another fills, and what did not fit.

What a subscription, and the bus's own share, have beneath them. A frame that is lost is counted,
and the next one to come out is marked with it (`lost_before`). Errors stand where they happened.
No thread, no bus and no filters here but a function that says whether a frame still passes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic_ns

from canbus.detailed_message import detailed
from canbus.errors import CanError, CanFramesLostError
from canbus.filters import Matcher
from canbus.message import Message
from canbus.warn import warn

DROP_OLDEST, DROP_NEWEST, RAISE = "drop_oldest", "drop_newest", "raise"
OVERFLOWS = (DROP_OLDEST, DROP_NEWEST, RAISE)

_NS = 10**9


class Inbox:
    """Frames for one who takes them; any number of threads may take.

    Nothing here waits for another but `wait`, and a signal handler may close it anywhere.

    Args:
        shown: whose it is, for messages.
        maxlen: frames that wait at most.
        overflow: which are lost where there are more: "drop_oldest" those that wait longest,
            "drop_newest" those that come; "raise" the same, with `raises`.
        raises: whoever takes meets a CanFramesLostError before a frame that comes after a loss,
            also one of before it got here.
        advice: what to do about losses, for the warning of the first one; None: no warning.
        changed: called when something came or the last was taken, without locks.

    Attributes:
        lost: frames that did not fit.
        waiting: threads that wait.
    """

    def __init__(
        self,
        shown: str,
        maxlen: int,
        overflow: str,
        *,
        advice: str | None,
        raises: bool = False,
        changed: Callable[[], None] | None = None,
    ) -> None:
        self._shown = shown
        self._maxlen = maxlen
        self._drops_oldest = overflow == DROP_OLDEST
        self._raises = raises or overflow == RAISE
        self._changed = changed
        self._row: deque[Message | CanError] = deque()
        self._lock = threading.RLock()
        self._bell = threading.Lock()  # free: there may be news
        self._bell.acquire()
        self._gap_ahead = 0  # lost before the first that waits
        self._gap_behind = 0  # lost after the last
        self._is_gap_told = False
        self._due: CanError | None = None  # stood among frames that were dropped
        self._end: CanError | None = None
        self._is_loss_told = False
        self._is_left = False
        self._recheck: Matcher | None = None
        self.waiting = 0  # threads that wait
        self.lost = 0
        self._advice = advice

    def __len__(self) -> int:
        return len(self._row) + (self._due is not None)

    # -- filling, by one thread -------------------------------------------------------

    def deliver(self, frames: list[Message]) -> None:
        """Add frames, in order; never waits."""
        with self._lock:
            if self._end is not None:
                return
            if self._recheck is not None:
                frames = [msg for msg in frames if self._recheck(msg)]
            room = self._maxlen - len(self._row)
            if self._gap_behind and frames and room > 0:
                first = frames[0]
                frames = [_marked(first, first.lost_before + self._gap_behind), *frames[1:]]
                self._gap_behind = 0
            if len(frames) <= room:
                self._row.extend(frames)
            elif self._drops_oldest:
                self._row.extend(frames)
                self._drop_oldest(len(self._row) - self._maxlen)
            else:
                self._row.extend(frames[: max(room, 0)])
                self._lose_newest(frames[max(room, 0) :])
        self._tell()

    def _drop_oldest(self, count: int) -> None:
        with suppress(IndexError):  # a signal handler has closed it
            for _ in range(count):
                oldest = self._row.popleft()
                if isinstance(oldest, CanError):
                    self._due = oldest
                else:
                    self.lost += 1
                    self._gap_ahead += 1 + oldest.lost_before
                    self._is_gap_told = False

    def _lose_newest(self, frames: list[Message]) -> None:
        self.lost += len(frames)
        self._gap_behind += len(frames) + sum(msg.lost_before for msg in frames)

    def fail(self, error: CanError) -> None:
        """Let whoever takes meet this error, behind the frames that wait."""
        with self._lock:
            if self._end is not None:
                return
            self._row.append(error)
        self._tell()

    def close(self, error: CanError) -> None:
        """Nothing comes and nothing can be taken any more: who tries meets this error."""
        with self._lock:
            if self._end is None:
                self._end = error
                self._row.clear()
        self._tell()

    def sift(self, passes: Matcher | None) -> None:
        """Let go of the frames that do not pass; also of those that are on their way here.

        Until `settled` is called.
        """
        with self._lock:
            self._recheck = passes
            if passes is not None:
                kept = [one for one in self._row if isinstance(one, CanError) or passes(one)]
                self._row.clear()
                self._row.extend(kept)
        self._tell()

    def settled(self) -> None:
        """What comes from now on passes."""
        self._recheck = None

    def empty(self) -> tuple[list[Message], list[CanError]]:
        """Take out everything: the frames, and the errors that stood between them."""
        with self._lock:
            row = list(self._row)
            self._row.clear()
            errors = [one for one in row if isinstance(one, CanError)]
            if self._due is not None:
                errors.insert(0, self._due)
                self._due = None
        return [one for one in row if isinstance(one, Message)], errors

    @property
    def is_closed(self) -> bool:
        """Whether all has ended."""
        return self._end is not None

    def tell_also(self, changed: Callable[[], None]) -> None:
        """Have this called from now on when something came, has ended, or the last was taken."""
        self._changed = changed

    def leave(self) -> None:
        """Nothing comes any more, and there is another place to look: nobody waits here."""
        self._is_left = True
        self._ring()

    def look_again(self) -> None:
        """Wake those who wait: something has changed that is not in here."""
        self._ring()

    def _tell(self) -> None:
        self._ring()
        if self._changed is not None:
            self._changed()

    def _ring(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            return  # it rings already

    # -- taking -----------------------------------------------------------------------

    def take(self) -> Message | None:
        """The next frame; None if there is none.

        Raises:
            CanError: what stands before it, or has ended all.
        """
        msg = self._take()
        if not self._row and self._changed is not None:
            self._changed()
        return msg

    def take_many(self, limit: int) -> list[Message]:
        """Up to so many frames; what is to be raised after the first comes with the next call."""
        frames = self._take_simple(limit)
        while len(frames) < limit:
            if frames and self._stops():
                break
            msg = self._take()
            if msg is None:
                break
            frames.append(msg)
        if not self._row and self._changed is not None:
            self._changed()
        return frames

    def _take_simple(self, limit: int) -> list[Message]:
        """Those at once before which nothing can stand."""
        frames: list[Message] = []
        with self._lock:
            is_odd = self._end or self._due or self._gap_ahead or self._raises
            if is_odd or (self.lost and not self._is_loss_told):
                return frames
            row = self._row
            with suppress(IndexError):  # a signal handler has closed it
                for _ in range(min(limit, len(row))):
                    ahead = row[0]
                    if isinstance(ahead, CanError):
                        break
                    row.popleft()
                    frames.append(ahead)
        return frames

    def _stops(self) -> bool:
        """Whether an error may stand next."""
        try:
            ahead = self._row[0]
        except IndexError:
            return self._end is not None
        if isinstance(ahead, CanError) or self._due is not None:
            return True
        return self._raises and bool(self._gap_ahead or ahead.lost_before)

    def _take(self) -> Message | None:
        with self._lock:
            if self._end is not None:
                raise self._end.with_traceback(None)
            if self.lost and not self._is_loss_told:
                self._warn()
            if self._due is not None:
                error, self._due = self._due, None
                raise error.with_traceback(None)
            if not self._row:
                return None
            ahead = self._row.popleft()
            if isinstance(ahead, CanError):
                raise ahead.with_traceback(None)
            lost = self._gap_ahead + ahead.lost_before
            if lost and self._raises and not self._is_gap_told:
                self._row.appendleft(ahead)
                self._is_gap_told = True
                raise self._frames_lost(lost)
            self._is_gap_told = False
            if self._gap_ahead:
                self._gap_ahead = 0
                ahead = _marked(ahead, lost)
            return ahead

    def _frames_lost(self, lost: int) -> CanFramesLostError:
        error = CanFramesLostError(
            f"{self._shown}: {lost} frames were lost before the next one",
            hint="take frames faster, or let more of them wait",
        )
        error.count = lost
        return error

    def _warn(self) -> None:
        self._is_loss_told = True
        if self._advice is not None and not self._raises:
            warn(
                f"{self._shown}: {self.lost} frames were lost, as {self._maxlen} waited already; "
                f"further ones are only counted ({self._advice})"
            )

    def wait(self, deadline_ns: int | None, unless: Callable[[], object] | None = None) -> bool:
        """Wait until there is something to take, or to raise; takes nothing.

        Args:
            deadline_ns: monotonic time; None for never.
            unless: what is true then ends the wait, too, once `look_again` was called.

        Returns:
            False when the deadline passed.
        """
        with self._lock:
            self.waiting += 1
        try:
            while not (self._has_news() or (unless is not None and unless())):
                left = _FOR_EVER if deadline_ns is None else (deadline_ns - monotonic_ns()) / _NS
                if left <= 0:
                    return False
                self._bell.acquire(timeout=min(left, threading.TIMEOUT_MAX))
        finally:
            with self._lock:
                self.waiting -= 1
        self._ring()  # for another who waits
        return True

    def _has_news(self) -> bool:
        return bool(self._row or self._due or self._end or self._is_left)


_FOR_EVER = threading.TIMEOUT_MAX


def _marked(msg: Message, lost: int) -> Message:
    return detailed(msg, lost, msg.hardware_timestamp_ns)
