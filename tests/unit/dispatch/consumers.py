"""Consumers that remember what they were given. No test here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from canbus.errors import CanError
from canbus.filters import CanFilter, Filters, normalise
from canbus.message import Message
from canbus.subscription import Subscription
from canbus.testing.support import PATIENCE, number_of


class Recorder:
    """A consumer that keeps everything."""

    def __init__(self, filters: Filters | None = None) -> None:
        self.filters: Sequence[CanFilter] | None = normalise(filters)
        self.frames: list[Message] = []
        self.errors: list[CanError] = []
        self.threads: set[threading.Thread] = set()
        self._changed = threading.Condition()

    def deliver(self, frames: list[Message]) -> None:
        with self._changed:
            self.threads.add(threading.current_thread())
            self.frames += frames
            self._changed.notify_all()

    def fail(self, error: CanError) -> None:
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def numbers(self, count: int) -> list[int]:
        """The numbers of the frames, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.frames) >= count, PATIENCE)
            return [number_of(msg) for msg in self.frames]

    def failures(self, count: int) -> list[CanError]:
        """The errors, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.errors) >= count, PATIENCE)
            return list(self.errors)


class Slow(Recorder):
    """One that stays in its first delivery until it is let go."""

    def __init__(self, filters: Filters | None = None) -> None:
        super().__init__(filters)
        self.is_busy = threading.Event()
        self.go_on = threading.Event()

    def deliver(self, frames: list[Message]) -> None:
        self.is_busy.set()
        assert self.go_on.wait(PATIENCE)
        super().deliver(frames)


class Raising(Recorder):
    """One that fails at everything."""

    def deliver(self, frames: list[Message]) -> None:
        super().deliver(frames)
        raise ValueError("a consumer's own mistake")

    def fail(self, error: CanError) -> None:
        super().fail(error)
        raise ValueError("another one")


def next_of(subscription: Subscription) -> int:
    """The number of its next frame, which must come."""
    msg = subscription.recv(PATIENCE)
    assert msg is not None
    return number_of(msg)


def exactly(*ids: int) -> list[dict[str, Any]]:
    return [{"can_id": can_id, "can_mask": 0x7FF, "extended": False} for can_id in ids]


def dispatchers() -> list[threading.Thread]:
    """The threads that read buses now."""
    return [one for one in threading.enumerate() if one.name.startswith("canbus dispatcher")]
