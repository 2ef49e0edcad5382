"""Session: an adapter on an open port, from its handshake to its farewell.

What can be asked of the adapter is here; how frames reach the user is bus.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock, RLock
from time import monotonic_ns, sleep, time_ns

from canbus.backends.slcan.adapter_clock import AdapterClock
from canbus.backends.slcan.adapter_filter import filter_command
from canbus.backends.slcan.conversation import Conversation
from canbus.backends.slcan.farewell import say_farewell
from canbus.backends.slcan.handshake import Handshake
from canbus.backends.slcan.line import Line
from canbus.backends.slcan.port import Port
from canbus.backends.slcan.request import Adapter, Request, commands_for
from canbus.backends.slcan.sender import FrameSender
from canbus.backends.slcan.status import Status
from canbus.codecs.error_frame import decode_error_frame
from canbus.detailed_message import DetailedMessage
from canbus.frame_flags import STAMP_ADAPTER, STAMP_MASK
from canbus.plugin import (
    CanChannelNotFoundError,
    CanError,
    CanFilter,
    CanOperationError,
    CanState,
    CanTimeoutError,
    CanUnsupportedError,
    Message,
    Waiter,
    deadline_after,
)

_LONGEST = 10.0
"""Seconds to wait for another thread that opens the channel; none takes as long."""
_ANSWER = 0.5
"""Seconds to wait for the answer to a question or command."""


class Session:
    """What is known of one adapter, and what can be said to it.

    Args:
        port: the open port.
        channel: for `msg.channel`.
        shown: the channel, for messages.
        request: how its channel shall be opened.
        window: frames that may wait for its answer; None as its dialect has it.
        sleep_after_open: seconds that it needs before the first command.
        lock: guards the line.
        waiter: waits on the port.
        before_lose: called before the port is let go.

    Attributes:
        adapter: what the handshake found.
        is_open: its channel is open.
        state: the controller's state as it was told last; None if it never was.
    """

    adapter: Adapter

    def __init__(
        self,
        port: Port,
        channel: object,
        shown: str,
        request: Request,
        window: int | None,
        sleep_after_open: float,
        lock: RLock,
        waiter: Waiter,
        before_lose: Callable[[], None],
    ) -> None:
        self.request = request
        self.is_open = False
        self.state: CanState | None = None
        self.line = Line(port, channel, self._look_at, before_lose, fd=request.fd)
        self.talk = Conversation(self.line, lock, waiter)
        self.sender = FrameSender(self.talk, lock, shown, self.check, self._why_refused)
        self._port = port
        self._sleep_after_open = sleep_after_open
        self._opening = Lock()
        self._flags_told = 0
        self._channel = channel
        self._shown = shown
        self._window = window
        self._lock = lock
        self._clock: AdapterClock | None = None

    # -- the channel ------------------------------------------------------------------

    def open(self, request: Request | None = None) -> None:
        """Shake hands and open the channel; also one that is open already.

        Frames that are on their way are answered before, those that somebody wants to send wait.

        Args:
            request: how; None as before. If that fails, the next time is as before, too.

        Raises:
            CanError: see Handshake.run.
        """
        with self._alone():
            self._open(request or self.request)

    def reopen(self, renew: Callable[[], None]) -> None:
        """Open the port anew, and the channel.

        Args:
            renew: called when the port is open again, before anything is read from it.

        Raises:
            CanError: see Port.reopen and Handshake.run.
        """
        with self._alone():
            with self._lock:
                if self.line.trouble is None:
                    self.line.lose(
                        CanChannelNotFoundError(f"{self._shown} was closed, to be opened anew")
                    )
            self.talk.after_reading()
            self._port.reopen()
            self.prepare()
            with self._lock:
                self.line.renew()
                renew()
            self._open(self.request)

    def prepare(self) -> None:
        """Let a board start that restarts when its port is opened, and forget what it says then."""
        if self._sleep_after_open:
            sleep(self._sleep_after_open)
        self._port.drain_input()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time opens the channel, and nobody sends meanwhile."""
        if not self._opening.acquire(timeout=_LONGEST):
            raise CanTimeoutError(f"{self._shown}: another thread is opening the channel")
        try:
            with self._lock:
                self.sender.is_paused = True
            yield
        finally:
            self.sender.is_paused = False
            self._opening.release()
            self.line.has_news = True  # for those who wait to send
            self.talk.after_reading()

    def _open(self, request: Request) -> None:
        if self.is_open and self.line.trouble is None:
            commands_for(request, self.adapter.dialect)  # better said before it is closed
            self._let_frames_out()
        self.is_open = False
        self.talk.forget()
        is_first = not hasattr(self, "adapter")
        try:
            adapter = Handshake(self.talk, request, self._shown, is_first=is_first).run()
        except BaseException:
            self._close_quietly()
            raise
        if is_first:
            with self._lock:
                self.line.forget_malformed()
        self.request = request
        self._adopt(adapter)

    def _let_frames_out(self) -> None:
        """Wait a moment for the answers to frames that are on their way; then none is awaited."""
        answers = self.line.answers
        self.talk.until(lambda: not answers.frames_waiting, deadline_after(_ANSWER))
        self.talk.forget()

    def _close_quietly(self) -> None:
        """It may have opened its channel all the same, and would acknowledge frames there."""
        with suppress(CanError), self._lock:
            self.line.put(b"C\r")

    def _adopt(self, adapter: Adapter) -> None:
        dialect = adapter.dialect
        stamp = dialect.stamp
        self._clock = None if stamp is None else AdapterClock(stamp.tick_ns, stamp.wrap)
        self.adapter = adapter
        by_itself = dialect.window if adapter.answers_frames else 0
        self.sender.window = by_itself if self._window is None else self._window
        self.line.answers.bel_is_bus_error = dialect.bel_is_bus_error
        self.sender.extended_x = dialect.extended_x
        self.sender.remote_digits = dialect.remote_digits
        self.sender.confirmed_by = dialect.confirmed_by
        self.state = None
        self.is_open = True

    def check(self) -> None:
        """Raise unless frames can be sent, now or once the channel is open again."""
        if self.request.listen_only:
            raise CanUnsupportedError(
                f"{self._shown}: the channel was opened listen-only, and sends nothing",
                hint="open it without listen_only, or state=ACTIVE",
            )
        if not self.is_open and not self.sender.is_paused:
            self.line.check()
            raise CanOperationError(
                f"{self._shown}: the adapter's channel is closed", hint="call bus.open()"
            )

    def close(self) -> None:
        """Close the adapter's channel; the port stays open.

        Raises:
            CanError: it does not answer, though it did before; or the port is gone.
        """
        with self._alone():
            self._let_frames_out()
            self.is_open = False
            if "C" in self.adapter.answered:
                asked = self.talk.ask("C", _ANSWER)
                is_heard = not asked.is_pending
                self.talk.give_up(asked)
            else:
                is_heard = self.talk.tell("C", _ANSWER)
        if not is_heard:
            raise CanOperationError(
                f"{self._shown}: the adapter did not take C", hint="is it still connected?"
            )

    def say_farewell(self) -> str:
        """Close the channel, quickly; raises nothing. What did not go out, in words."""
        answers = hasattr(self, "adapter") and "C" in self.adapter.answered
        if not self._lock.acquire(timeout=_ANSWER):
            return ""
        try:
            return say_farewell(self.line, closes=self.is_open, answers_close=answers)
        finally:
            self._lock.release()

    @property
    def filter_command(self) -> str | None:
        """What the adapter was told to filter; None if it lets everything through."""
        return filter_command(self.adapter.dialect, self.request.filters)

    def set_filters(self, filters: Sequence[CanFilter] | None) -> None:
        """Change what the adapter filters, if it does; its channel is closed and opened for that.

        One that filters nothing is left alone: who has it open reads on instead.

        Raises:
            CanError: see `open`.
        """
        if self.filter_command is not None:
            self.open(self.request._replace(filters=filters))

    # -- questions --------------------------------------------------------------------

    def ask(self, word: str, seconds: float = _ANSWER) -> str:
        """What it answers to a question; "" if it refuses, or does not answer in time."""
        asked = self.talk.ask(word, seconds)
        self.talk.give_up(asked)
        return asked.text

    def ask_status(self, seconds: float = _ANSWER) -> Status | None:
        """Its status flags; None if it has none, or does not answer in time.

        They change `state`, and are received as an error frame if they are others than before.
        """
        if not self.is_open or "F" not in self.adapter.dialect.questions:
            return None
        text = self.ask("F", seconds)
        if not text:
            return None
        status = Status(text, self.adapter.dialect.status_has_bus_off)
        self.state = status.can_state
        report = status.error_frame(time_ns(), self._channel)
        is_news, self._flags_told = status.flags != self._flags_told, status.flags
        if report is not None and is_news:
            with self._lock:
                self.line.insert(report)
            self.talk.after_reading()
        return status

    def _why_refused(self, seconds: float) -> str:
        try:
            return str(self.ask_status(min(seconds, _ANSWER)) or "")
        except CanError:
            return ""  # the refusal is what is told; who calls next is told of this

    # -- what comes -------------------------------------------------------------------

    def _look_at(self, msg: Message) -> None:
        """An error frame, or one that the adapter has stamped; with the lock held."""
        if msg.is_error_frame:
            state = decode_error_frame(msg).can_state
            self.state = self.state if state is None else state
        elif isinstance(msg, DetailedMessage) and msg.hardware_timestamp_ns is not None:
            self._stamp(msg, msg.hardware_timestamp_ns)

    def _stamp(self, msg: DetailedMessage, raw_ns: int) -> None:
        if self._clock is None or not self.request.stamps:
            # Not asked for: somebody has left them on. Or none at all: CANtact's kin put data
            # in remote frames.
            msg.hardware_timestamp_ns = None
            return
        read_ns = msg.timestamp_ns
        time, msg.timestamp_ns = self._clock.read(raw_ns, read_ns, monotonic_ns())
        msg.hardware_timestamp_ns = time
        msg._flags = msg._flags & ~STAMP_MASK | STAMP_ADAPTER
