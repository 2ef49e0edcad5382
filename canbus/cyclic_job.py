"""CyclicJob: what a cyclic task was asked to do, checked once. Nothing is timed or sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from canbus.errors import CanConfigError
from canbus.foreign_message import is_frame
from canbus.frame_rules import is_plain
from canbus.message import Message

if TYPE_CHECKING:
    from canbus.rolling import Checksum, Counter, Rolling

_NS = 10**9
_FOR_EVER = 10**10  # seconds: three hundred years
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


def make_job(
    messages: tuple[Message, ...],
    period: float,
    duration: float | None,
    count: int | None,
    subsequent_period: float | None,
    counters: Counter | Iterable[Counter],
    checksum: Checksum | None,
    modifier: Callable[[Message], None] | None,
    on_error: Callable[[Exception], object] | None,
) -> CyclicJob:
    """Check what was asked for; the arguments are those of `BusABC.send_periodic`.

    Raises:
        CanConfigError: a ValueError; something makes no sense.
    """
    period_ns = period_to_ns(period)
    subsequent_ns = None
    if subsequent_period is not None:
        subsequent_ns = period_to_ns(subsequent_period, "subsequent_period")
    if count is not None or duration is not None or subsequent_ns is not None:
        check_count(count, duration, subsequent_period)
        if duration is not None:
            count = frames_in(duration, period_ns)
    rolling = None
    if counters != () or checksum is not None:
        from canbus.rolling import Rolling

        rolling = Rolling(counters, checksum)
        rolling.check(messages)
    for name, call in (("modifier_callback", modifier), ("on_error", on_error)):
        if call is not None and not callable(call):
            raise CanConfigError(f"{name} {call!r} cannot be called", hint="give a function")
    return CyclicJob(
        messages, period_ns, count, duration, subsequent_ns, rolling, modifier, on_error
    )


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
    given: Any = messages
    frames = tuple(copy(prepare(msg)) for msg in ((given,) if is_frame(given) else given))
    _check_alike(frames)
    return frames


def _check_alike(frames: Sequence[Message]) -> None:
    """Raise CanConfigError unless they form one task."""
    if not frames:
        raise CanConfigError("a cyclic task needs at least one frame")
    first = frames[0]
    if any(_id_of(frame) != _id_of(first) for frame in frames):
        raise CanConfigError(
            "all frames of a cyclic task must have the same arbitration_id",
            hint="of the same length: see is_extended_id",
        )
    if any(frame.channel != first.channel for frame in frames):
        raise CanConfigError("all frames of a cyclic task must have the same channel")


def check_replacement(old: Sequence[Message], new: Sequence[Message]) -> None:
    """Raise CanConfigError unless `new` can replace `old` in a running task."""
    if len(new) != len(old):
        raise CanConfigError(f"the task sends {len(old)} frames in turn, not {len(new)}")
    if _id_of(new[0]) != _id_of(old[0]):
        raise CanConfigError(
            f"the task sends the {_id_of(old[0])}, not the {_id_of(new[0])}",
            hint="stop it and start another with send_periodic()",
        )


def _id_of(frame: Message) -> str:
    """The identifier, for comparing and for people: 11 and 29 bits are different ones."""
    return f"{29 if frame.is_extended_id else 11}-bit id {frame.arbitration_id:#x}"


def period_to_ns(period: float, name: str = "period") -> int:
    """Seconds as nanoseconds.

    Raises:
        CanConfigError: not a time of a microsecond or more.
    """
    if not _is_time(period):
        raise CanConfigError(
            f"{name} {period!r} is no time to wait between frames", hint="give seconds, e.g. 0.1"
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
    if not _is_time(duration):
        raise CanConfigError(
            f"duration {duration!r} is no time to send for", hint="give seconds, or None for ever"
        )
    return max(1, -(-round(duration * _NS) // period_ns))


def _is_time(seconds: object) -> bool:
    try:
        return 0 < seconds < _FOR_EVER  # type: ignore[operator]
    except TypeError:
        return False


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
