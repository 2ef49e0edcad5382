"""A channel that vanishes by command, and buses on it: with and without reopen(). No test here."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import canbus as can
from canbus.bus import BusABC
from canbus.message import Message
from canbus.state import CanState


class Wire:
    """Something that buses are opened on, and that can be cut.

    Attributes:
        opened: how often a bus was opened on it, or anew.
        sent: what buses on it have sent.
        filters: that the last bus was given last.
        room: frames that it takes; None for any number.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.is_there = True
        self.state: CanState | None = None
        self.error: type[can.CanError] = can.CanChannelNotFoundError
        self.opened = 0
        self.cuts = 0
        self.sent: list[Message] = []
        self.waiting: deque[Message] = deque()
        self.filters: Any = None
        self.room: int | None = None
        self.restarts = 0

    def cut(self, error: type[can.CanError] = can.CanChannelNotFoundError) -> None:
        with self.changed:
            self.is_there = False
            self.error = error
            self.cuts += 1
            self.changed.notify_all()

    def mend(self) -> None:
        with self.changed:
            self.is_there = True
            self.changed.notify_all()

    def arrive(self, *frames: Message) -> None:
        with self.changed:
            self.waiting.extend(frames)
            self.changed.notify_all()

    def report(self, msg: Message, state: CanState) -> None:
        """Something happens to the controller."""
        self.state = state
        self.arrive(msg)


class ThirdPartyBus(BusABC):
    """A bus that cannot be reopened, and has no descriptor."""

    def __init__(self, wire: Wire, can_filters: Any = None) -> None:
        self._wire = wire
        self._open()
        super().__init__("wire0", can_filters)

    def _open(self) -> None:
        if not self._wire.is_there:
            raise can.CanChannelNotFoundError("the wire is cut")
        self._cuts = self._wire.cuts
        self._wire.opened += 1

    def _check(self) -> None:
        if self._is_shutdown:
            raise self._closed()
        if self._cuts != self._wire.cuts:
            raise self._wire.error("the wire is cut")

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        wire = self._wire
        with wire.changed:
            while True:
                self._check()
                if wire.room is None or len(wire.sent) < wire.room:
                    wire.sent.append(msg)
                    return
                if not wire.changed.wait(timeout):
                    raise can.CanTxQueueFullError("no room")

    def _recv_frame(self, timeout: float | None) -> Message | None:
        wire = self._wire
        with wire.changed:
            while not wire.waiting:
                self._check()
                if timeout == 0 or not wire.changed.wait(timeout):
                    return None
            return wire.waiting.popleft()

    def _apply_filters(self, filters: Any) -> bool:
        self._wire.filters = filters
        return False

    @property
    def can_state(self) -> CanState | None:
        return self._wire.state

    def restart(self) -> None:
        self._wire.restarts += 1
        self._wire.state = CanState.ERROR_ACTIVE

    def _close(self) -> None:
        with self._wire.changed:
            self._wire.changed.notify_all()


class ReopeningBus(ThirdPartyBus):
    """A bus that can."""

    def reopen(self) -> None:
        self._open()
