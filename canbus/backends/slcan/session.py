"""Session: an adapter on an open port, from its handshake to its farewell.

What can be asked of the adapter is here; how frames reach the user is bus.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import RLock
from time import monotonic_ns, sleep, time_ns

from canbus.backends.slcan.adapter_clock import AdapterClock
from canbus.backends.slcan.adapter_filter import filter_command
from canbus.backends.slcan.conversation import Conversation
from canbus.backends.slcan.farewell import say_farewell
from canbus.backends.slcan.handshake import Adapter, Handshake, Request
from canbus.backends.slcan.line import Line
from canbus.backends.slcan.port import Port
from canbus.backends.slcan.sender import FrameSender
from canbus.backends.slcan.status import Status
from canbus.codecs.error_frame import decode_error_frame
from canbus.detailed_message import DetailedMessage
from canbus.frame_flags import STAMP_ADAPTER, STAMP_MASK
from canbus.plugin import CanError, CanFilter, CanOperationError, CanState, Message, Waiter

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
        lock: guards the line.
        waiter: waits on the port.

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
        lock: RLock,
        waiter: Waiter,
    ) -> None:
        self.request = request
        self.is_open = False
        self.state: CanState | None = None
        self.line = Line(port, channel, self._look_at, fd=request.fd)
        self.talk = Conversation(self.line, lock, waiter)
        self.sender = FrameSender(self.talk, lock, shown, self._why_refused)
        self._channel = channel
        self._shown = shown
        self._window = window
        self._lock = lock
        self._clock: AdapterClock | None = None

    # -- the channel ------------------------------------------------------------------

    def open(self, sleep_after_open: float = 0.0) -> None:
        """Shake hands and open the channel; also one that is open already.

        Raises:
            CanError: see Handshake.run.
        """
        if sleep_after_open:
            sleep(sleep_after_open)
        self.is_open = False
        with self._lock:
            self.line.answers.forget_all()
        is_first = not hasattr(self, "adapter")
        adapter = Handshake(self.talk, self.request, self._shown, is_first=is_first).run()
        dialect = adapter.dialect
        stamp = dialect.stamp
        self._clock = None if stamp is None else AdapterClock(stamp.tick_ns, stamp.wrap)
        self.adapter = adapter
        window = dialect.window if self._window is None else self._window
        self.sender.window = window if adapter.answers_frames else 0
        self.sender.extended_x = dialect.extended_x
        self.sender.remote_digits = dialect.remote_digits
        self.sender.confirmed_by = dialect.confirmed_by
        self.state = None
        self.is_open = True

    def close(self) -> None:
        """Close the adapter's channel; the port stays open.

        Raises:
            CanError: it does not answer, though it did before; or the port is gone.
        """
        self.is_open = False
        if "C" not in self.adapter.answered:
            self.talk.tell("C", _ANSWER)
            return
        if self.talk.ask("C", _ANSWER).is_pending:
            raise CanOperationError(
                f"{self._shown}: the adapter did not answer C", hint="is it still connected?"
            )

    def say_farewell(self) -> None:
        """Close the channel, quickly; raises nothing."""
        answers = hasattr(self, "adapter") and "C" in self.adapter.answered
        if self._lock.acquire(timeout=_ANSWER):
            try:
                say_farewell(self.line, closes=self.is_open, answers_close=answers)
            finally:
                self._lock.release()

    @property
    def filter_command(self) -> str | None:
        """What the adapter was told to filter; None if it lets everything through."""
        return filter_command(self.adapter.dialect, self.request.filters)

    def set_filters(self, filters: Sequence[CanFilter] | None) -> bool:
        """Change what the adapter filters, if it does; its channel is closed and opened for that.

        Returns:
            Whether exactly these frames come from now on.

        Raises:
            CanError: see `open`.
        """
        if self.filter_command is None:
            return False  # it would have to be closed; those who have one open read on instead
        self.request = self.request._replace(filters=filters)
        self.open()
        return self.filter_command is not None

    # -- questions --------------------------------------------------------------------

    def ask(self, word: str, seconds: float = _ANSWER) -> str:
        """What it answers to a question; "" if it refuses, or does not answer in time."""
        return self.talk.ask(word, seconds).text

    def ask_status(self) -> Status | None:
        """Its status flags; None if it has none. They change `state`, and become an error frame."""
        if not self.is_open or "F" not in self.adapter.dialect.questions:
            return None
        text = self.ask("F")
        if not text:
            return None
        status = Status(text, self.adapter.dialect.status_has_bus_off)
        self.state = status.can_state
        report = status.error_frame(time_ns(), self._channel)
        if report is not None:
            with self._lock:
                self.line.insert(report)
            self.talk.after_reading()
        return status

    def _why_refused(self) -> str:
        try:
            return str(self.ask_status() or "")
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
        if self._clock is None:
            msg.hardware_timestamp_ns = None  # no stamp: CANtact's kin put data in remote frames
            return
        msg.hardware_timestamp_ns = time = self._clock.time_ns(raw_ns, monotonic_ns())
        if self.request.stamps:
            msg.timestamp_ns = self._clock.wall_ns(time, msg.timestamp_ns)
            msg._flags = msg._flags & ~STAMP_MASK | STAMP_ADAPTER
