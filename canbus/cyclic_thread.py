"""Cyclic tasks timed by a thread: when the next frame is due, and sending it then.

The fallback for every backend that cannot time frames itself. No CAN protocol, no backend.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from copy import copy
from time import monotonic_ns

from canbus.errors import CanClosedError, CanTxQueueFullError
from canbus.message import Message
from canbus.periodic import CyclicSendTask, check_replacement, frames_in, to_tuple

_NS = 10**9
MAX_BURST = 4
"""A late thread sends at most so many frames back to back before it gives up on catching up."""
_SEND_TIMEOUT = 0.1  # seconds between looks at the stop flag while the transmit queue is full


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
        self._is_ending = False

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
                if not self._is_ending or thread is threading.current_thread():
                    return
            # Whoever has the last frame, or saw the error, may be here before the thread is gone.
            thread.join()

    def _begin(self) -> None:
        self.error = None
        self._stop = threading.Event()
        self._is_ending = False
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
            stop, thread = self._stop, self._thread
            stop.set()
        # A thread that has not come to life yet (a signal handler is here) will see the flag.
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join()
        with self._lock:
            self._forget(stop)

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

    def _forget(self, stop: threading.Event) -> None:
        """Leave the list of running tasks, unless started again meanwhile.

        The task's own thread calls this without the lock: whoever holds it may be waiting
        for that thread (a signal handler that stops the task within start()).
        """
        if self._stop is stop and self._siblings is not None and self in self._siblings:
            self._siblings.remove(self)

    def _run(self, stop: threading.Event) -> None:
        try:
            self._send_all(stop)
        except CanClosedError:
            pass  # the bus went first; whoever shut it down knows
        except Exception as exc:  # noqa: BLE001 - a fence: also the user's callback; reported
            self._is_ending = True
            self._report(exc)
        self._forget(stop)

    def _send_all(self, stop: threading.Event) -> None:
        pace = Pace(self.period_ns, monotonic_ns())
        missed_before = self.missed
        sent = 0
        while not stop.is_set():
            msg = self.messages[sent % len(self.messages)]
            if self._modifier is not None:
                self._modifier(msg)
            self._is_ending = sent + 1 == self.count
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
