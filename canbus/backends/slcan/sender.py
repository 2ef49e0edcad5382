"""FrameSender: frames on their way to the adapter, and what it answers to them.

An adapter that answers each frame is given a few ahead, the window, and no more: so order is
kept, its buffer is not overrun, and a frame that it refuses is known by name. One that never
answers is given what the serial line takes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from time import monotonic_ns, time_ns

from canbus.backends.slcan.answers import Asked, Outcome
from canbus.backends.slcan.conversation import Conversation
from canbus.codecs.lawicel import LawicelDecoder, encode_frame
from canbus.frame_flags import ESI, RTR
from canbus.notation import compact
from canbus.plugin import (
    POLLIN,
    POLLOUT,
    CanError,
    CanFrameRefusedError,
    CanTimeoutError,
    CanTxQueueFullError,
    CanUnsupportedError,
    ConfirmedBy,
    Message,
    SendReceipt,
    TimestampSource,
    deadline_after,
    warn,
)

ANSWER_NS = 1_000_000_000
"""What is not answered by then is not answered: a frame of 10 kbit/s takes 13 ms."""

_AT_ONCE = 64  # lines in one write, where nothing limits them


class FrameSender:
    """Sends frames through a conversation.

    Args:
        talk: with the adapter.
        lock: guards the line.
        shown: the channel, for messages.
        check: raises unless the channel is open, or about to be.
        why: asks the adapter why it refused a frame, for so many seconds at most; "" if it
            does not say.

    Attributes:
        is_paused: the channel is being opened; who sends waits.
        window: frames that may wait for an answer when `send` returns, one more or less: with 1
            none does. 0: the adapter does not answer frames.
        extended_x: how the adapter takes extended frames.
        remote_digits: how it takes remote frames.
        confirmed_by: what its answer proves.
    """

    def __init__(
        self,
        talk: Conversation,
        lock: RLock,
        shown: str,
        check: Callable[[], None],
        why: Callable[[float], str],
    ) -> None:
        self._talk = talk
        self._lock = lock
        self._shown = shown
        self._check = check
        self._why = why
        self.is_paused = False
        self.window = 0
        self.extended_x = False
        self.remote_digits = False
        self.confirmed_by = ConfirmedBy.BUFFER

    # -- one frame --------------------------------------------------------------------

    def send(self, msg: Message, timeout: float | None) -> None:
        """Send; with a window of 1 also wait for the answer.

        Raises:
            CanTxQueueFullError: no room by the deadline; not sent.
            CanFrameRefusedError: the adapter refused this frame, or one before it; it says which.
            CanTimeoutError: the same, but it did not answer.
        """
        deadline_ns = deadline_after(timeout)
        waits = self.window == 1 and timeout != 0
        asked = self._hand_over(msg, deadline_ns, is_watched=waits)
        # If time is up in the midst of its line, the rest goes out with whatever comes next.
        self._talk.finish(deadline_ns)
        if waits:
            self._await(asked, deadline_ns)

    def confirm(self, msg: Message, timeout: float | None) -> SendReceipt:
        """Send and wait for the adapter's report.

        Raises:
            CanUnsupportedError: this adapter has none.
            CanError: as `send`.
        """
        if not self.window:
            raise CanUnsupportedError(
                f"{self._shown}: this adapter does not answer frames",
                hint="leave confirm out",
            )
        deadline_ns = deadline_after(timeout)
        asked = self._hand_over(msg, deadline_ns, is_watched=True)
        if not self._await(asked, deadline_ns):
            error = CanTimeoutError(
                f"{self._shown}: frame {compact(msg)} was handed over, but not answered in time"
            )
            error.sent = 1
            raise error
        return SendReceipt(time_ns(), TimestampSource.HOST, self.confirmed_by)

    def _hand_over(self, msg: Message, deadline_ns: int | None, *, is_watched: bool) -> Asked:
        line = self._encode(msg)
        answers = self._talk.line.answers
        while True:
            self._check()
            now_ns = self._settle_what_is_due()
            with self._lock:
                failed = answers.first_failure()
                if failed is None and self._room():
                    asked = Asked("", line, now_ns + ANSWER_NS)
                    asked.is_watched = is_watched
                    if self._talk.put(line, (asked,) if self.window else ()):
                        return asked
                    line_is_full = True
                else:
                    line_is_full = False
            if failed is not None:
                raise self._failure(failed, deadline_ns)
            self._wait_for_room(line_is_full, deadline_ns)

    def _await(self, asked: Asked, deadline_ns: int | None) -> bool:
        """Wait for the answer to this frame; False if the time was up before it is overdue."""
        if asked.outcome is Outcome.DONE:
            return True
        by_ns = asked.due_ns if deadline_ns is None else min(deadline_ns, asked.due_ns)
        self._talk.until(lambda: not asked.is_pending, by_ns)
        with self._lock:
            answers = self._talk.line.answers
            answers.expire(monotonic_ns())
            if asked.is_pending:
                answers.unwatch(asked)
        if has_failed(asked):
            raise self._failure(asked, deadline_ns)
        return not asked.is_pending

    # -- many -------------------------------------------------------------------------

    def send_many(self, frames: Sequence[Message], timeout: float | None) -> None:
        """Send in order, and wait until all are answered, or the deadline has passed.

        Raises:
            CanError: as `send`; `sent` says how many went out before the first that failed. Some
                that were under way already may have gone out after it.
        """
        deadline_ns = deadline_after(timeout)
        lines = [self._encode(msg) for msg in frames]
        asked: list[Asked] = []
        told = 0
        try:
            while len(asked) < len(lines):
                self._check()
                now_ns = self._settle_what_is_due()
                while asked[told:] and not asked[told].is_pending:
                    told += 1
                    self._await(asked[told - 1], deadline_ns)  # no more behind one that failed
                self._hand_over_some(lines, asked, now_ns, deadline_ns)
            self._talk.finish(deadline_ns)
            if self.window:
                while asked[told:]:
                    told += 1
                    self._await(asked[told - 1], deadline_ns)
        except CanError as exc:
            exc.sent = self._went_out(asked)
            with self._lock:
                for each in asked[told:]:
                    self._talk.line.answers.unwatch(each)
            raise

    def _hand_over_some(
        self,
        lines: Sequence[bytes],
        asked: list[Asked],
        now_ns: int,
        deadline_ns: int | None,
    ) -> None:
        with self._lock:
            failed = self._talk.line.answers.first_failure()
            start = len(asked)
            stop = min(start + self._room(), len(lines))
            line_is_full = failed is None and stop > start
            if line_is_full:
                new = [Asked("", line, now_ns + ANSWER_NS) for line in lines[start:stop]]
                for each in new:
                    each.is_watched = True
                data = b"".join(lines[start:stop])
                if taken := self._talk.put(data, new if self.window else ()):
                    asked += new[: data.count(b"\r", 0, taken)]
                    return
        if failed is not None:
            raise self._failure(failed, deadline_ns)
        self._wait_for_room(line_is_full, deadline_ns)

    def _went_out(self, asked: Sequence[Asked]) -> int:
        """How many went out before the first that failed."""
        if not self.window:
            return len(asked)
        for place, each in enumerate(asked):
            if has_failed(each):
                return place
        return len(asked)

    def _encode(self, msg: Message) -> bytes:
        if msg._flags & ESI:
            warn(f"{self._shown}: the error state indicator of {compact(msg)} cannot be sent")
        line = encode_frame(msg, extended_x=self.extended_x)
        if self.extended_x and msg._flags & RTR:
            raise CanUnsupportedError(
                f"{self._shown}: a CANdapter takes no remote frames, as far as is known"
            )
        if self.remote_digits and msg._flags & RTR:
            return line[:-1] + b"00" * msg.dlc + b"\r"
        return line

    # -- room and failures --------------------------------------------------------------

    def _room(self) -> int:
        """How many frames may be sent now; with the lock held."""
        if self.is_paused:
            return 0
        if not self.window:
            return _AT_ONCE
        return max(0, self.window - self._talk.line.answers.frames_waiting)

    def _wait_for_room(self, line_is_full: bool, deadline_ns: int | None) -> None:
        """Wait until it is worth to try again.

        Args:
            line_is_full: the serial line takes no more, rather than the window.
            deadline_ns: monotonic time.
        """
        talk = self._talk
        if line_is_full:
            is_ready = talk.wait(POLLIN | POLLOUT, deadline_ns)
            talk.read()
            is_ready = is_ready and (deadline_ns is None or monotonic_ns() < deadline_ns)
        else:
            due_ns = talk.line.answers.next_due_ns()
            ends = [ns for ns in (deadline_ns, due_ns) if ns is not None]
            is_ready = talk.until(self._is_worth_a_try, min(ends, default=None))
            is_ready = is_ready or deadline_ns is None or monotonic_ns() < deadline_ns
        if not is_ready:
            raise CanTxQueueFullError(
                f"{self._shown}: the adapter had no room for the frame in time; it was not sent",
                hint="the bus is busier than this time allows, nobody acknowledges, or the "
                "adapter does not read its line",
            )

    def _is_worth_a_try(self) -> bool:
        return self._room() > 0 or self._talk.line.answers.untold > 0

    def _settle_what_is_due(self) -> int:
        """Read the answers that are here, and give up what is not answered by now.

        Returns:
            The monotonic time.
        """
        answers = self._talk.line.answers
        now_ns = monotonic_ns()
        if answers.frames_waiting:
            self._talk.read()
            with self._lock:
                answers.expire(now_ns)
        return now_ns

    def _failure(self, asked: Asked, deadline_ns: int | None) -> CanError:
        """The error for a frame that was refused, or not answered."""
        frame = _frame_of(asked)
        if asked.outcome is Outcome.REFUSED:
            seconds = float("inf")
            if deadline_ns is not None:
                seconds = (deadline_ns - monotonic_ns()) / 10**9
            why = self._why(seconds) if seconds > 0 else ""
            error = CanFrameRefusedError(
                f"{self._shown}: the adapter refused frame {compact(frame)}{why and f': {why}'}",
                hint="its transmit buffer is full, or its channel is closed, listen-only or "
                "bus-off; window=1 tells of a frame at its own call",
            )
            error.frame = frame
            return error
        return CanTimeoutError(
            f"{self._shown}: the adapter did not answer frame {compact(frame)} within a second; "
            "it may have been sent",
            hint="is the adapter still connected and its channel open?",
        )


def has_failed(asked: Asked) -> bool:
    """It was refused, or not answered."""
    return asked.outcome in {Outcome.REFUSED, Outcome.SILENT}


def _frame_of(asked: Asked) -> Message:
    """The frame as it was sent; the user's own may have changed since."""
    (frame,) = LawicelDecoder().feed(asked.frame)
    if not isinstance(frame, Message):
        raise TypeError(f"{asked.frame!r} was sent as a frame")
    return frame
