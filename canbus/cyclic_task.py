"""OwnedCyclicTask: what tasks of every engine share: life, waiting, errors. Nothing is timed here.

A backend that times frames itself derives from it and writes `_begin`, `_halt` and
`_change`.
"""

from __future__ import annotations

import os
import threading
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakSet

from canbus.cyclic_job import (
    CyclicJob,
    check_replacement,
    frames_in,
    own_frames,
    period_to_ns,
)
from canbus.errors import (
    CanClosedError,
    CanLinkDownError,
    CanOperationError,
    CanUnsupportedError,
)
from canbus.logs import logger
from canbus.message import Message
from canbus.periodic import CyclicSendTask

_NS = 10**9
GRACE = 1.0
"""Seconds that who stops a task waits for the thread that is sending a frame of it. Sending takes
a tenth of that; it takes longer only where that thread waits for a lock which the caller has, in a
signal handler that interrupted itself."""


class Run:
    """One time that a task is started. No locks: a signal handler may end it anywhere.

    Attributes:
        error: why it ended by itself, or None.
        is_over: whether it has ended.
    """

    __slots__ = ("_alive", "_waiters", "error", "is_over")

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.is_over = False
        self._alive = [True]  # who pops it has ended the run, and nobody else
        self._waiters: list[threading.Lock] = []

    def end(self, error: Exception | None = None) -> None:
        """It has ended; wakes who waits for that.

        Called any number of times: the first error counts, and each completes what was
        interrupted before.
        """
        with suppress(IndexError):  # it has ended already
            self._alive.pop()
            self.error = error
        self.is_over = True
        with suppress(IndexError):  # all are woken
            while True:
                self._waiters.pop().release()

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; True if it has. Negative waits for ever."""
        waiter = threading.Lock()
        waiter.acquire()
        self._waiters.append(waiter)  # before the look: who ends it looks the other way round
        try:
            if not self.is_over:
                waiter.acquire(timeout=seconds)
        finally:
            with suppress(ValueError):  # woken
                self._waiters.remove(waiter)
        return self.is_over


_all_tasks: WeakSet[CyclicTasks] = WeakSet()


class CyclicTasks:
    """What the tasks of one bus share.

    Attributes:
        running: those that run, and whether `stop_all_periodic_tasks` stops them.
        lock: held to begin something that the kernel or a thread does by itself, or to change it.
        told: the channels of which it was said that their link is down.
    """

    __slots__ = ("__weakref__", "lock", "running", "told")

    def __init__(self) -> None:
        _all_tasks.add(self)
        self.running: dict[OwnedCyclicTask, bool] = {}
        self.told: set[Any] = set()
        self.lock = threading.RLock()


def _renew_locks() -> None:
    for tasks in list(_all_tasks):
        tasks.lock = threading.RLock()


os.register_at_fork(after_in_child=_renew_locks)  # who held one is not here to give it back


class CyclicHost(Protocol):
    """What a task needs from its bus."""

    _cyclic: CyclicTasks

    def _prepare(self, msg: Message) -> Message:
        """The frame as it can be sent; raises where it cannot."""

    def _check_open(self) -> None:
        """Raise if the bus is shut down."""

    def _check_addressed(self, msg: Message) -> None:
        """Raise if nothing says where the frame goes."""

    def _check_sendable(self, msg: Message) -> None:
        """Raise if the frame cannot be sent now: shut down, or the link is down."""


class OwnedCyclicTask(CyclicSendTask):
    """A cyclic task of a bus.

    Args:
        job: what to do.
        host: the bus.
        is_stored: whether `stop_all_periodic_tasks` stops it.
    """

    def __init__(self, job: CyclicJob, host: CyclicHost, is_stored: bool = True) -> None:
        self._job = job
        self._host = host
        self._tasks = host._cyclic
        self._is_stored = is_stored
        self._run: Run | None = None  # the last one
        self.missed = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        """The frames, sent in turn, one a period."""
        return self._job.messages

    @property
    def period_ns(self) -> int:
        """Nanoseconds between frames."""
        return self._job.period_ns

    @property
    def subsequent_period(self) -> float | None:
        """Seconds between the frames after the first `count`, of a task with two rates."""
        ns = self._job.subsequent_ns
        return None if ns is None else ns / _NS

    @property
    def count(self) -> int | None:
        """Number of frames after which it ends; None sends until stopped."""
        return self._job.limit

    @property
    def duration(self) -> float | None:
        """Seconds that were asked for, or None."""
        return self._job.duration

    @property
    def error(self) -> Exception | None:
        """Why the task ended by itself before its time, or None."""
        run = self._run
        return run.error if run is not None and run.is_over else None

    def start(self) -> None:
        """Start, with a full count and the first frame at once. No effect on a running task."""
        tasks = self._tasks
        run = self._run
        if run is not None and not run.is_over:
            self._let_finish(run)  # its last frame may have been seen already
        with tasks.lock:
            self._check_can_start()
            if self._run is not None and not self._run.is_over:
                return
            tasks.running[self] = self._is_stored
            try:
                self._begin()
            except BaseException:
                tasks.running.pop(self, None)
                raise
            tasks.running[self] = self._is_stored  # who ended the last run may have been late
            if self._run is None or self._run.is_over:
                tasks.running.pop(self, None)

    def stop(self) -> None:
        """Stop sending; no frame leaves after this returns (but when called by the task itself)."""
        run = self._run
        if run is not None and not run.is_over:
            try:
                self._halt(run)
            finally:  # also where a signal handler raises
                self._finish(run)

    def stop_soon(self) -> None:
        """Stop sending, as `stop`, but without waiting for a thread that is sending just now."""
        self.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until the task has ended; True if it has."""
        run = self._run
        if run is None or run.is_over:
            return True
        if (timeout is not None and not timeout > 0) or self._is_timing_thread():
            return False
        return run.wait(-1.0 if timeout is None else min(timeout, threading.TIMEOUT_MAX))

    def modify_data(self, messages: Message | Sequence[Message]) -> None:
        """Send these frames from the next period on; the timing is kept, counters go on."""
        self._host._check_open()
        frames = own_frames(messages, self._host._prepare)
        job = self._job
        check_replacement(job.messages, frames)
        self._host._check_addressed(frames[0])
        if job.rolling is not None:
            job.rolling.check(frames)
        with self._tasks.lock:
            self._change(self._job._replace(messages=frames), keep_count=True)

    def modify_period(self, period: float) -> None:
        """Wait so many seconds between frames, once the frame that is due next has been sent."""
        self._host._check_open()
        period_ns = period_to_ns(period)
        with self._tasks.lock:
            job = self._job
            if job.subsequent_ns is not None:
                raise CanUnsupportedError(
                    f"cyclic task {self.arbitration_id:#x} has two periods, and cannot get a third",
                    hint="stop it and start another with send_periodic()",
                )
            limit = job.limit if job.duration is None else frames_in(job.duration, period_ns)
            self._change(job._replace(period_ns=period_ns, limit=limit), keep_count=False)

    # -- for engines ------------------------------------------------------------------

    @abstractmethod
    def _begin(self) -> None:
        """Make a `_run`, and send from now on. If it raises, nothing is sent and the run is over.

        The caller holds the lock of the tasks.
        """

    @abstractmethod
    def _halt(self, run: Run) -> None:
        """See to it that no frame leaves any more. Called any number of times, without locks."""

    @abstractmethod
    def _change(self, job: CyclicJob, keep_count: bool) -> None:
        """Set `_job`, and see to it that it is done from the next frame on.

        The caller holds the lock of the tasks.

        Args:
            job: what is to be done now.
            keep_count: only frames have changed.
        """

    def _let_finish(self, run: Run) -> None:
        """Wait until a run whose last frame is out is known to be over."""

    def _is_timing_thread(self) -> bool:
        """Whether the caller is the thread that would have to report the end."""
        return False

    def _check_can_start(self) -> None:
        """Raise if nothing can be sent now."""
        self._host._check_sendable(self._job.messages[0])

    def _finish(self, run: Run, error: Exception | None = None) -> None:
        """A run has ended. Takes no lock."""
        if self._run is run:
            self._tasks.running.pop(self, None)
        run.end(error)

    def _goes_on(self, exc: Exception) -> bool:
        """Tell of an error, and whether the task lives on."""
        on_error = self._job.on_error
        if on_error is not None:
            return bool(on_error(exc))
        if not isinstance(exc, CanLinkDownError):
            return False
        channel = self.messages[0].channel
        if channel not in self._tasks.told:  # once, until a frame leaves again
            self._tasks.told.add(channel)
            logger().warning(
                "cyclic task %#x waits for the link to come up: %s", self.arbitration_id, exc
            )
        return True

    def _fail(self, run: Run, exc: BaseException) -> bool:
        """Deal with an error of the channel or of a callback; True if the task goes on."""
        if run.is_over:
            return False
        if isinstance(exc, CanClosedError):
            self._finish(run)  # the bus went first; whoever shut it down knows
            return False
        try:
            exc = _as_error(exc)
            if self._goes_on(exc):
                return True
        except BaseException as again:  # noqa: BLE001 - a fence: the user's callback; reported
            if again is not exc:
                again.__context__ = exc
            exc = _as_error(again)
        if not run.is_over:
            try:  # first told, then ended: who waits finds it told
                logger().error(
                    "cyclic task %#x stopped: %s", self.arbitration_id, exc, exc_info=exc
                )
            finally:
                self._finish(run, exc)
        return False


def _as_error(exc: BaseException) -> Exception:
    """The error; sys.exit() in a callback must not end the thread that times other tasks, too."""
    if isinstance(exc, Exception):
        return exc
    error = CanOperationError(f"a callback of a cyclic task raised {exc!r}")
    error.__cause__ = exc
    return error
