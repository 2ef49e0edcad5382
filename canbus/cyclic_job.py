"""CyclicJob: what a cyclic task was asked to do, checked once. Nothing is timed or sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import TYPE_CHECKING, NamedTuple

from canbus.errors import CanConfigError
from canbus.frame_rules import is_plain
from canbus.message import Message

if TYPE_CHECKING:
    from canbus.rolling import Checksum, Counter, Rolling

_NS = 10**9
SHORTEST_NS = 1000
"""Shorter periods are refused: the kernel counts in microseconds, and no bus is that fast."""


class CyclicJob(NamedTuple):
    """What to send, and when.

    Attributes:
        messages: the frames, sent in turn; they belong to the task.
        period_ns: nanoseconds between frames.
        limit: number of frames after which it ends (or goes on with `subsequent_ns`), or None.
        duration: seconds that were asked for, or None.
        subsequent_ns: nanoseconds between the frames after the first `limit`, or None.
        rolling: counters and checksum to write into each frame.
        modifier: called with each frame before it is sent.
        on_error: called when a frame could not be sent; true goes on.
    """

    messages: tuple[Message, ...]
    period_ns: int
    limit: int | None = None
    duration: float | None = None
    subsequent_ns: int | None = None
    rolling: Rolling | None = None
    modifier: Callable[[Message], None] | None = None
    on_error: Callable[[Exception], object] | None = None

    @property
    def ends(self) -> bool:
        """Whether the task ends by itself."""
        return self.limit is not None and self.subsequent_ns is None


def own_frames(
    messages: Message | Sequence[Message], prepare: Callable[[Message], Message]
) -> tuple[Message, ...]:
    """Copies of frames that can be sent, and that form one task.

    Raises:
        CanConfigError: none, or frames of different ids or channels.
        CanMessageError: no such frame can exist.
    """
    if isinstance(messages, Message):
        return ((messages if is_plain(messages) else prepare(messages)).__copy__(),)
    return tuple(copy(prepare(msg)) for msg in to_tuple(messages))


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


def period_to_ns(period: float, name: str = "period") -> int:
    """Seconds as nanoseconds.

    Raises:
        CanConfigError: not a time of a microsecond or more.
    """
    if not 0 < period < float("inf"):
        raise CanConfigError(
            f"{name} {period} is no time to wait between frames", hint="give seconds, e.g. 0.1"
        )
    ns = round(period * _NS)
    if ns < SHORTEST_NS:
        raise CanConfigError(
            f"{name} {period} is shorter than a microsecond, and no frame is that short",
            hint="give seconds, e.g. 0.1",
        )
    return ns


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


def check_count(count: int | None, duration: float | None, subsequent: float | None) -> None:
    """Raise CanConfigError unless these say when a task ends, or changes its period."""
    if count is not None:
        if duration is not None:
            raise CanConfigError("count and duration both say when to end", hint="give one of them")
        if count.__class__ is not int or count < 1:
            raise CanConfigError(
                f"count {count!r} is no number of frames", hint="1 or more; None for ever"
            )
    elif duration is None and subsequent is not None:
        raise CanConfigError(
            "subsequent_period needs to know after how many frames it begins",
            hint="give count (or duration), too",
        )


def make_rolling(
    counters: Counter | Iterable[Counter], checksum: Checksum | None, frames: Sequence[Message]
) -> Rolling:
    """The fields to write into each frame, checked against the frames."""
    from canbus.rolling import Counter, Rolling

    several = (counters,) if isinstance(counters, Counter) else tuple(counters)
    rolling = Rolling(several, checksum)
    rolling.check(frames)
    return rolling
