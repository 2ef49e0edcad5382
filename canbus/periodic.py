"""Cyclic sending: what a task is, when the next frame is due, and the thread-timed fallback.

Periods are integer nanoseconds from the first line on; floats stop at `BusABC.send_periodic`.
What a kernel times itself lives with its backend.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from time import monotonic_ns

from canbus.errors import CanClosedError, CanConfigError, CanTxQueueFullError
from canbus.message import Message

_NS = 10**9
MAX_BURST = 4
"""A late thread sends at most so many frames back to back before it gives up on catching up."""
_SEND_TIMEOUT = 0.1  # seconds between looks at the stop flag while the transmit queue is full


class CyclicTask(ABC):
    """Something that sends by itself until stopped."""

    @abstractmethod
    def stop(self) -> None:
        """Stop sending. May be called any number of times; no frame leaves after it returns."""


class CyclicSendTaskABC(CyclicTask):
    """A cyclic task of one or several frames with one id.

    Attributes:
        messages: the frames, sent in turn, one a period.
        period_ns: nanoseconds between frames.
    """

    messages: tuple[Message, ...]
    period_ns: int

    @property
    def period(self) -> float:
        """Seconds between frames."""
        return self.period_ns / _NS

    @property
    def arbitration_id(self) -> int:
        """The id of the frames."""
        return self.messages[0].arbitration_id


class LimitedDurationCyclicSendTaskABC(CyclicSendTaskABC):
    """A cyclic task that may end by itself.

    Attributes:
        count: number of frames after which it ends; None sends until stopped.
        duration: seconds that were asked for, or None.
    """

    count: int | None
    duration: float | None


class RestartableCyclicTaskABC(CyclicSendTaskABC):
    """A cyclic task that can be started again."""

    @abstractmethod
    def start(self) -> None:
        """Start, with a full count and the first frame at once. No effect on a running task."""


class ModifiableCyclicTaskABC(CyclicSendTaskABC):
    """A cyclic task whose frames can be replaced while it runs."""

    @abstractmethod
    def modify_data(self, messages: Message | Sequence[Message]) -> None:
        """Send these frames from the next period on; the timing is kept.

        Raises:
            CanConfigError: a ValueError; another number of frames or another id.
        """


class CyclicSendTask(
    LimitedDurationCyclicSendTaskABC, RestartableCyclicTaskABC, ModifiableCyclicTaskABC
):
    """What `BusABC.send_periodic` returns, whoever does the timing.

    Attributes:
        missed: periods in which no frame was sent because the sender came too late.
        error: why the task ended by itself before its time, or None.
    """

    missed: int
    error: Exception | None

    def __repr__(self) -> str:
        state = "ended" if self.wait(0) else "running"
        return f"<{type(self).__name__} {self.arbitration_id:#x} every {self.period} s [{state}]>"

    @abstractmethod
    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until the task has ended; True if it has."""


def to_tuple(messages: Message | Sequence[Message]) -> tuple[Message, ...]:
    """One frame or several as a tuple of frames that form one task.

    Raises:
        CanConfigError: none, or frames of different ids or channels.
    """
    frames = (messages,) if isinstance(messages, Message) else tuple(messages)
    if not frames:
        raise CanConfigError("a cyclic task needs at least one frame")
    for frame in frames:
        if not isinstance(frame, Message):
            raise TypeError(f"a cyclic task sends canbus.Message, not {type(frame).__name__}")
    first = frames[0]
    if any(frame.arbitration_id != first.arbitration_id for frame in frames):
        raise CanConfigError("all frames of a cyclic task must have the same arbitration_id")
    if any(frame.channel != first.channel for frame in frames):
        raise CanConfigError("all frames of a cyclic task must have the same channel")
    return frames


def check_replacement(old: Sequence[Message], new: Sequence[Message]) -> None:
    """Raise CanConfigError unless `new` can replace `old` in a running task."""
    if len(new) != len(old):
        raise CanConfigError(f"the task sends {len(old)} frames in turn, not {len(new)}")
    if new[0].arbitration_id != old[0].arbitration_id:
        raise CanConfigError(
            f"the task sends id {old[0].arbitration_id:#x}, not {new[0].arbitration_id:#x}",
            hint="stop it and start another with send_periodic()",
        )


def period_to_ns(period: float) -> int:
    """Seconds as nanoseconds.

    Raises:
        CanConfigError: not a positive time.
    """
    if not 0 < period < float("inf") or round(period * _NS) < 1:
        raise CanConfigError(
            f"period {period} is no time to wait between frames", hint="give seconds, e.g. 0.1"
        )
    return round(period * _NS)


def frames_in(duration: float | None, period_ns: int) -> int | None:
    """How many frames a duration holds, the first one at once: 0.3 s at 0.1 s is 3.

    Raises:
        CanConfigError: not a positive time.
    """
    if duration is None:
        return None
    if not 0 < duration < float("inf"):
        raise CanConfigError(
            f"duration {duration} is no time to send for", hint="give seconds, or None for ever"
        )
    return max(1, -(-round(duration * _NS) // period_ns))


class Pace:
    """When the next frame is due: absolute deadlines, so that no delay adds up.

    A sender that comes late catches up with at most MAX_BURST frames in a row; due times
    that have passed by then are given up and counted.
    """

    __slots__ = ("burst", "due_ns", "missed", "period_ns")

    def __init__(self, period_ns: int, start_ns: int) -> None:
        self.period_ns = period_ns
        self.due_ns = start_ns
        self.burst = 0
        self.missed = 0

    def after_send(self, now_ns: int) -> int:
        """Say how many nanoseconds to wait before the next frame; 0 when it is due already."""
        self.burst += 1
        self.due_ns += self.period_ns
        if self.due_ns <= now_ns:
            if self.burst < MAX_BURST:
                return 0
            passed = (now_ns - self.due_ns) // self.period_ns + 1
            self.missed += passed
            self.due_ns += passed * self.period_ns
        self.burst = 0
        return self.due_ns - now_ns


class ThreadBasedCyclicSendTask(CyclicSendTask):
    """A cyclic task timed by a thread of its own.

    It keeps the mean rate exactly, but a busy interpreter delays single frames.

    Args:
        send: `BusABC.send`, or whatever sends one frame within a timeout.
        prepare: checks a frame, and returns it as it can be sent.
        messages: the frame or frames; the task keeps copies.
        period_ns: nanoseconds between frames.
        duration: seconds to send for, None for ever.
        modifier_callback: called with each frame before it is sent, to change it.
        siblings: list in which the task stands while it runs, so that a bus can stop it.
        check_open: raises if there is nothing to send through any more.
    """

    def __init__(
        self,
        send: Callable[[Message, float | None], None],
        prepare: Callable[[Message], Message],
        messages: Message | Sequence[Message],
        period_ns: int,
        duration: float | None = None,
        modifier_callback: Callable[[Message], None] | None = None,
        siblings: list[CyclicSendTask] | None = None,
        check_open: Callable[[], None] | None = None,
    ) -> None:
        self._prepare = prepare
        self.messages = self._prepared(messages)
        self.period_ns = period_ns
        self.duration = duration
        self.count = frames_in(duration, period_ns)
        self.missed = 0
        self.error: Exception | None = None
        self._send = send
        self._modifier = modifier_callback
        self._siblings = siblings
        self._check_open = check_open
        self._lock = threading.RLock()  # a signal handler may stop the task within start()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._on_last_frame = False

    def start(self) -> None:
        """Start, with a full count and the first frame at once. No effect on a running task."""
        while True:
            with self._lock:
                if self._check_open is not None:
                    self._check_open()
                thread = self._thread
                if thread is None or not thread.is_alive() or self._stop.is_set():
                    self._begin()
                    return
                if not self._on_last_frame or thread is threading.current_thread():
                    return
            # Whoever has received the last frame may be here before the thread is gone.
            thread.join()

    def _begin(self) -> None:
        self.error = None
        self._stop = threading.Event()
        self._on_last_frame = False
        if self._siblings is not None and self not in self._siblings:
            self._siblings.append(self)
        self._thread = threading.Thread(
            target=self._run,
            args=(self._stop,),
            name=f"canbus cyclic {self.arbitration_id:#x}",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop sending; no frame leaves after this returns (but when called by the task itself)."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        # A thread that has not come to life yet (a signal handler is here) will see the flag.
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join()
        self._forget()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until the task has ended; True if it has."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return True
        if thread is threading.current_thread():
            return False  # asked from the task's own callback
        thread.join(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        return not thread.is_alive()

    def modify_data(self, messages: Message | Sequence[Message]) -> None:
        """Send these frames from the next period on; the timing is kept."""
        frames = self._prepared(messages)
        check_replacement(self.messages, frames)
        self.messages = frames

    def _prepared(self, messages: Message | Sequence[Message]) -> tuple[Message, ...]:
        return tuple(copy(self._prepare(msg)) for msg in to_tuple(messages))

    def _forget(self) -> None:
        if self._siblings is not None and self in self._siblings:
            self._siblings.remove(self)

    def _run(self, stop: threading.Event) -> None:
        try:
            self._send_all(stop)
        except CanClosedError:
            pass  # the bus went first; whoever shut it down knows
        except Exception as exc:  # noqa: BLE001 - a fence: also the user's callback; reported
            self._report(exc)
        if self._stop is stop:
            self._forget()

    def _send_all(self, stop: threading.Event) -> None:
        pace = Pace(self.period_ns, monotonic_ns())
        missed_before = self.missed
        sent = 0
        while not stop.is_set():
            msg = self.messages[sent % len(self.messages)]
            if self._modifier is not None:
                self._modifier(msg)
            self._on_last_frame = sent + 1 == self.count
            if not self._send_patiently(msg, stop):
                return
            sent += 1
            if sent == self.count:
                return
            wait_ns = pace.after_send(monotonic_ns())
            self.missed = missed_before + pace.missed
            if wait_ns:
                stop.wait(wait_ns / _NS)

    def _send_patiently(self, msg: Message, stop: threading.Event) -> bool:
        """Send, waiting for room in the transmit queue; False if stopped meanwhile."""
        while not stop.is_set():
            try:
                self._send(msg, _SEND_TIMEOUT)
            except CanTxQueueFullError:
                continue  # what this delays, Pace counts as missed
            return True
        return False

    def _report(self, exc: Exception) -> None:
        import logging

        self.error = exc
        logging.getLogger("canbus").error(
            "cyclic task %#x stopped: %s", self.arbitration_id, exc, exc_info=exc
        )
