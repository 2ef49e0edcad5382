"""Frames that others on the wire send by themselves, one every so often. No clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

from canbus.errors import CanConfigError
from canbus.message import Message


class Traffic:
    """Frames in turn, for ever; one that is late shifts those after it, so that none bunch.

    Args:
        frames: which, at least one.
        period_ns: nanoseconds between two.
        now_ns: when the first one is due.

    Raises:
        CanConfigError: a ValueError; no frames, or a period of nothing.

    Attributes:
        due_ns: when the next one is due.
    """

    def __init__(self, frames: Sequence[Message], period_ns: int, now_ns: int) -> None:
        if not frames or period_ns <= 0:
            raise CanConfigError("traffic is one frame or more, and a period above 0")
        self._frames = cycle(frames)
        self._period_ns = period_ns
        self.due_ns = now_ns

    def next(self, now_ns: int) -> Message | None:
        """The frame that is due by now, if there is one."""
        if now_ns < self.due_ns:
            return None
        self.due_ns = now_ns + self._period_ns
        return next(self._frames)
