"""SupervisedTask: a cyclic task that the inner bus times itself, and that outlives its channel.

Tasks that a thread times need nothing of the kind: they send through the supervised bus.
"""

from __future__ import annotations

from typing import Protocol

from canbus.bus import BusABC
from canbus.cyclic_job import CyclicJob
from canbus.cyclic_task import CyclicHost, OwnedCyclicTask, Run
from canbus.errors import CanClosedError, CanError, CanLinkDownError
from canbus.supervision.loss import refuses
from canbus.supervision.supervisor import Supervisor


class TaskHost(CyclicHost, Protocol):
    """What such a task needs from its bus."""

    _supervisor: Supervisor

    @property
    def inner(self) -> BusABC:
        """The bus itself."""


class SupervisedTask(OwnedCyclicTask):
    """A cyclic task without an end, timed by the inner bus: by its kernel, say.

    Where the channel is another one after a gap it starts anew: with the first frame, and its
    counters from their start.

    Args:
        job: what to do; it has no count.
        host: the bus.
        engine: who times it.
        is_stored: whether `stop_all_periodic_tasks` stops it.
    """

    _host: TaskHost

    def __init__(self, job: CyclicJob, host: TaskHost, engine: str, is_stored: bool = True) -> None:
        super().__init__(job, host, is_stored)
        self.engine = engine
        self._below: _Below | None = None
        self._halted: Run | None = None  # whoever starts it once more has to look

    def _begin(self) -> None:
        self._run = Run()
        try:
            self._start_below()
        except BaseException:
            self._run.end()
            raise

    def _start_below(self) -> None:
        below = self._below = _Below(self)
        below.task.start()
        run = self._run
        if run is None or run.is_over or run is self._halted:  # meanwhile
            below.task.stop()

    def _halt(self, run: Run) -> None:
        self._halted = run
        if self._below is not None:
            self._below.task.stop()

    def stop_soon(self) -> None:
        """Stop sending, without waiting for anybody."""
        run = self._run
        if run is not None and not run.is_over:
            self._halted = run
            if self._below is not None:
                self._below.task.stop_soon()
            self._finish(run)

    def _change(self, job: CyclicJob, keep_count: bool) -> None:
        below = self._below
        if below is not None and not below.is_over:
            try:
                if keep_count:
                    below.task.modify_data(job.messages)
                else:
                    below.task.modify_period(job.period_ns / 10**9)
            except CanError as exc:
                if not refuses(exc):
                    raise
        self._job = job

    def restore(self, *, is_anew: bool) -> None:
        """Go on after a gap; a CanError where that cannot be.

        Args:
            is_anew: the channel is another one.
        """
        with self._tasks.lock:
            run, below = self._run, self._below
            if run is None or run.is_over or below is None:
                return
            if not (is_anew or below.is_over):
                return
            below.is_over = True
            below.task.stop()
            try:
                self._start_below()
            except CanError as exc:
                self._cut()
                if refuses(exc) or isinstance(exc, CanClosedError):
                    raise
                self._fail(run, exc)

    def _cut(self) -> None:
        if self._below is not None:
            self._below.is_over = True

    def _told(self, below: _Below, exc: Exception) -> bool:
        """The inner task met an error; whether it goes on, where it can."""
        run = self._run
        if below is not self._below or below.is_over or run is None or run.is_over:
            return True
        is_loss = isinstance(exc, CanError) and refuses(exc)
        if (not is_loss or self._job.on_error is not None) and not self._fail(run, exc):
            return False
        below.is_over = not isinstance(exc, CanLinkDownError)  # it goes on when the link is up
        self._host._supervisor.look()
        return True


class _Below:
    """The task of the inner bus.

    Attributes:
        is_over: it does nothing any more, or is not to.
    """

    def __init__(self, owner: SupervisedTask) -> None:
        self.is_over = False
        self._owner = owner
        job = owner._job._replace(on_error=self._told)
        self.task = owner._host.inner._make_task(job, owner.engine, False)

    def _told(self, exc: Exception) -> bool:
        return self._owner._told(self, exc)
