"""Cyclic sending: what a task is, and what makes a valid one. Nothing is timed or sent here.

Periods are integer nanoseconds from the first line on; floats stop at `BusABC.send_periodic`.
Tasks timed by a thread are in cyclic_thread.py; what a kernel times lives with its backend.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from canbus.errors import CanConfigError
from canbus.message import Message

_NS = 10**9


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
