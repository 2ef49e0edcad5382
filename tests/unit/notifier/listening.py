"""What the tests of Notifiers share: listeners that remember, and numbers of frames. No test."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import canbus as can
from canbus.testing.support import PATIENCE, number_of, numbered


class Recorder(can.Listener):
    """Remembers what it was called with.

    Attributes:
        numbers: of the frames that came.
        errors: what `on_error` was given.
        stops: how often it was stopped.
        threads: in which it was called with frames.
    """

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.errors: list[Exception] = []
        self.stops = 0
        self.threads: set[threading.Thread] = set()
        self._changed = threading.Condition()

    def on_message_received(self, msg: can.Message) -> None:
        with self._changed:
            self.threads.add(threading.current_thread())
            self.numbers.append(number_of(msg))
            self._changed.notify_all()

    def on_error(self, exc: Exception) -> None:
        with self._changed:
            self.errors.append(exc)
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self.stops += 1
            self._changed.notify_all()

    def wait_for(self, frames: int = 0, errors: int = 0, stops: int = 0) -> None:
        """Wait until at least so much has come."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: (
                    len(self.numbers) >= frames
                    and len(self.errors) >= errors
                    and self.stops >= stops
                ),
                PATIENCE,
            ), f"{self.numbers} {self.errors} {self.stops}"


class Failing(Recorder):
    """Raises this for every frame, after it has remembered it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def on_message_received(self, msg: can.Message) -> None:
        super().on_message_received(msg)
        raise self.error


def send(bus: can.BusABC, numbers: Iterable[int]) -> None:
    for number in numbers:
        bus.send(numbered(number))
