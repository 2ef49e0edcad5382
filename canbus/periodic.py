"""Cyclic sending: what a task is for a user. Nothing is timed or sent here.

Periods are integer nanoseconds from the first line on; floats stop at `BusABC.send_periodic`.
What a task was asked to do is cyclic_job.py's, tasks timed by a thread are cyclic_thread.py's;
what a kernel times lives with its backend.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from canbus.message import Message

_NS = 10**9


class CyclicTask(ABC):
    """Something that sends by itself until stopped."""

    @abstractmethod
    def stop(self) -> None:
        """Stop sending. May be called any number of times; no frame leaves after it returns."""


class CyclicSendTaskABC(CyclicTask):
    """A cyclic task of one or several frames with one id."""

    @property
    @abstractmethod
    def messages(self) -> tuple[Message, ...]:
        """The frames, sent in turn, one a period."""

    @property
    @abstractmethod
    def period_ns(self) -> int:
        """Nanoseconds between frames."""

    @property
    def period(self) -> float:
        """Seconds between frames."""
        return self.period_ns / _NS

    @property
    def arbitration_id(self) -> int:
        """The id of the frames."""
        return self.messages[0].arbitration_id


class LimitedDurationCyclicSendTaskABC(CyclicSendTaskABC):
    """A cyclic task that may end by itself."""

    @property
    @abstractmethod
    def count(self) -> int | None:
        """Number of frames after which it ends; None sends until stopped."""

    @property
    @abstractmethod
    def duration(self) -> float | None:
        """Seconds that were asked for, or None."""


class RestartableCyclicTaskABC(CyclicSendTaskABC):
    """A cyclic task that can be started again."""

    @abstractmethod
    def start(self) -> None:
        """Start, with a full count and the first frame at once. No effect on a running task.

        Raises:
            CanClosedError: the bus was shut down.
            CanError: nothing can be sent now: the link is down, for instance.
        """


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
        engine: who does: "bcm" (the kernel's broadcast manager) or "thread".
        missed: periods in which no frame was sent, because the sender came too late or the
            frame was refused. The kernel does not tell: a task of its own counts none.
    """

    engine: str
    missed: int

    def __repr__(self) -> str:
        state = "ended" if self.done else "running"
        return (
            f"<{type(self).__name__} {self.arbitration_id:#x} every {self.period} s "
            f"[{self.engine}, {state}]>"
        )

    @property
    def done(self) -> bool:
        """Whether it sends no more: ended by itself, was stopped, or never started."""
        return self.wait(0)

    @property
    @abstractmethod
    def error(self) -> Exception | None:
        """Why the task ended by itself before its time, or None."""

    @property
    @abstractmethod
    def subsequent_period(self) -> float | None:
        """Seconds between the frames after the first `count`, of a task with two rates."""

    @abstractmethod
    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until the task has ended; True if it has.

        The thread that times the tasks (a callback is called by it) does not wait for itself:
        there it returns at once.
        """

    @abstractmethod
    def modify_period(self, period: float) -> None:
        """Wait so many seconds between frames, once the frame that is due next has been sent.

        The frames go on where they are. A task that was given a count or a duration has all
        of it anew from here on.

        Raises:
            CanConfigError: a ValueError; no such period.
            CanUnsupportedError: the task has two periods.
        """
