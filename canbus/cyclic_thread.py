"""Cyclic tasks timed by a thread: a frame is made ready and sent when the scheduler says so.

The engine of every backend that cannot time frames itself. No CAN protocol, no backend.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic_ns

from canbus.cyclic_job import CyclicJob
from canbus.cyclic_scheduler import CyclicScheduler, Pace
from canbus.cyclic_task import GRACE, CyclicHost, OwnedCyclicTask, Run
from canbus.errors import CanTxQueueFullError
from canbus.message import Message


class _ThreadRun(Run):
    """One time that a task is started.

    Attributes:
        lock: held while a frame is made ready and sent; who has it knows that none is.
        due_ns: when to come again, monotonic.
        is_stopped: the task is to send no more.
        ready: the next frame, where it was made ready and then found no room.
        index: number of the next frame, from 0.
        left: how many frames are left of the count; None: no count.
        is_renewed: the count begins anew.
    """

    __slots__ = (
        "due_ns",
        "index",
        "is_renewed",
        "is_stopped",
        "left",
        "lock",
        "pace",
        "ready",
        "task",
    )

    def __init__(self, task: ThreadBasedCyclicSendTask, job: CyclicJob) -> None:
        super().__init__()
        self.task = task
        self.lock = threading.RLock()  # its own callback may stop the task
        self.is_stopped = False
        self.ready: Message | None = None
        self.index = 0
        self.left = job.limit
        self.is_renewed = False
        self.due_ns = monotonic_ns()
        self.pace = Pace(job.period_ns, self.due_ns)

    @property
    def is_waiting(self) -> bool:
        """Whether a frame waits for room."""
        return self.ready is not None

    def step(self, patience: float) -> bool:
        """Send the frame that is due; False when that was the last."""
        with self.lock:
            return not self.is_stopped and self.task._step(self, patience)


class ThreadBasedCyclicSendTask(OwnedCyclicTask):
    """A cyclic task timed by the thread of its bus.

    It keeps the mean rate exactly, but a busy interpreter delays single frames.

    Args:
        job: what to do.
        host: the bus.
        scheduler: of the bus.
        send: `BusABC.send`, or whatever sends one frame within a timeout.
        is_stored: whether `stop_all_periodic_tasks` stops it.
    """

    engine = "thread"

    def __init__(
        self,
        job: CyclicJob,
        host: CyclicHost,
        scheduler: CyclicScheduler,
        send: Callable[[Message, float | None], None],
        is_stored: bool = True,
    ) -> None:
        super().__init__(job, host, is_stored)
        self._scheduler = scheduler
        self._send = send

    def _begin(self) -> None:
        run = _ThreadRun(self, self._job)
        self._run = run
        try:
            self._scheduler.add(run)
        except BaseException:  # no thread to be had
            run.is_stopped = True
            run.end()
            raise

    def _halt(self, run: Run) -> None:
        if isinstance(run, _ThreadRun):
            run.is_stopped = True
            self._let_finish(run)  # the frame that is being sent is the last
            self._scheduler.tidy()

    def stop_soon(self) -> None:
        """Stop sending, as `stop`, but without waiting for a thread that is sending just now."""
        run = self._run
        if isinstance(run, _ThreadRun):
            run.is_stopped = True
            self._scheduler.tidy()
            self._finish(run)

    def _let_finish(self, run: Run) -> None:
        if not isinstance(run, _ThreadRun) or not self._scheduler.is_at_work():
            return
        if run.lock.acquire(timeout=GRACE):
            run.lock.release()

    def _change(self, job: CyclicJob, keep_count: bool) -> None:
        run = self._run
        self._job = job
        if not keep_count and isinstance(run, _ThreadRun):
            run.is_renewed = True

    def _is_timing_thread(self) -> bool:
        return self._scheduler.is_current()

    def _step(self, run: _ThreadRun, patience: float) -> bool:
        """Send the frame that is due, or give it up; False when there is none after it."""
        if run.is_renewed:
            run.is_renewed = False
            run.left = self._job.limit
        job = self._job
        msg = job.messages[run.index % len(job.messages)]
        try:
            if run.ready is not msg:
                self._make_ready(job, msg, run.index)
                if run.is_stopped:  # by the callback
                    return False
                job = self._job  # which may have given it another period
            self._send(msg, patience)
        except CanTxQueueFullError:
            run.ready = msg  # not lost: what this delays, Pace counts as missed
            run.due_ns = monotonic_ns()
            return not run.is_stopped
        except BaseException as exc:  # noqa: BLE001 - a fence: also the user's callback; reported
            if not self._fail(run, exc):
                return False
            self.missed += 1
        else:
            if self._tasks.told:
                self._tasks.told.discard(msg.channel)
        return self._next(run, job)

    @staticmethod
    def _make_ready(job: CyclicJob, msg: Message, index: int) -> None:
        if job.modifier is not None:
            job.modifier(msg)
        if job.rolling is not None:
            job.rolling.apply(msg, index)

    def _next(self, run: _ThreadRun, job: CyclicJob) -> bool:
        """Say when the frame after this one is due; False if there is none."""
        run.ready = None
        run.index += 1
        period_ns = job.period_ns  # of before it was sent: who sees it may give another one
        if run.left is not None:
            run.left = max(0, run.left - 1)
            if run.left == 0 and not run.is_renewed:
                if job.subsequent_ns is None:
                    self._finish(run)
                    return False
                period_ns = job.subsequent_ns
        pace = run.pace
        pace.period_ns = period_ns
        missed = pace.missed
        now_ns = monotonic_ns()
        run.due_ns = now_ns + pace.after_send(now_ns)
        self.missed += pace.missed - missed
        return True
