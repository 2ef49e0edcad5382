"""What the conformance tests are written with: threads with results, frames, expectations.

No rule stands here, and nothing knows a backend.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from time import monotonic, sleep
from types import FrameType
from typing import Any, Generic, TypeVar

from canbus.plugin import BusABC, Message

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds within which what must happen has happened, on the slowest machine."""

MARKER_ID = 0x7FE
"""Sent last: order is kept, so what has not come before the marker does not come at all."""

_no_collection = threading.Lock()


class Worker(Generic[T]):
    """A running thread whose result, or exception, can be asked for."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._outcome: list[T] = []
        self._error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._outcome.append(self._work())
        except BaseException as exc:  # noqa: BLE001 - handed to whoever asks for the result
            self._error = exc

    def finish(self) -> None:
        """Wait for the thread; an AssertionError if it hangs."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the thread hangs"

    def result(self) -> T:
        """Wait for the thread; return its result or raise its exception."""
        self.finish()
        if self._error is not None:
            raise self._error
        return self._outcome[0]

    def error(self) -> BaseException | None:
        """Wait for the thread; return what it raised, or None."""
        self.finish()
        return self._error


def wait_until_blocked(*workers: Worker[Any]) -> None:
    """Return when no worker has moved for a while: each waits for something, or has ended."""
    deadline = monotonic() + PATIENCE
    still = 0
    before: list[list[tuple[int, int]]] = []
    while still < 20:
        assert monotonic() < deadline, "a thread that should wait is running"
        now = [_position(worker.thread) for worker in workers]
        still = still + 1 if now == before else 0
        before = now
        sleep(0.001)


def _position(thread: threading.Thread) -> list[tuple[int, int]]:
    """Where every call of a thread stands; empty before its start and after its end."""
    frame = _current_frames().get(thread.ident or 0)
    stack = []
    while frame is not None:
        stack.append((id(frame), frame.f_lasti))
        frame = frame.f_back
    return stack


def _current_frames() -> dict[int, FrameType]:
    """The same as sys._current_frames, which stops everything if garbage is collected within.

    CPython issue 106883: it holds the lock that starting and ending threads need.
    """
    with _no_collection:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if was_enabled:
                gc.enable()


def quickest(call: Callable[[], object], times: int = 20) -> float:
    """Seconds that the quickest of several calls took: the others may have been interrupted."""
    took = []
    for _ in range(times):
        started = monotonic()
        call()
        took.append(monotonic() - started)
    return min(took)


def numbered(number: int, arbitration_id: int = 0x123) -> Message:
    """A standard data frame that carries a number."""
    data = number.to_bytes(4, "big")
    return Message(arbitration_id=arbitration_id, is_extended_id=False, data=data)


def number_of(msg: Message) -> int:
    """The number that `numbered` put into a frame."""
    return int.from_bytes(msg.data, "big")


def receive(bus: BusABC) -> Message:
    """The next frame, which must come."""
    msg = bus.recv(PATIENCE)
    assert msg is not None, f"no frame came on {bus} within {PATIENCE} s"
    return msg


def send_marker(bus: BusABC) -> None:
    """Send the frame that stands behind all others."""
    bus.send(Message(arbitration_id=MARKER_ID, is_extended_id=False))


def receive_until_marker(bus: BusABC) -> list[Message]:
    """All frames before the marker."""
    frames: list[Message] = []
    while True:
        msg = receive(bus)
        if msg.arbitration_id == MARKER_ID and not msg.is_extended_id:
            return frames
        frames.append(msg)


def facts(msg: Message) -> dict[str, object]:
    """What a frame is on the wire, for comparing and for showing the difference."""
    return {
        "arbitration_id": msg.arbitration_id,
        "is_extended_id": msg.is_extended_id,
        "is_remote_frame": msg.is_remote_frame,
        "is_error_frame": msg.is_error_frame,
        "is_fd": msg.is_fd,
        "bitrate_switch": msg.bitrate_switch,
        "error_state_indicator": msg.error_state_indicator,
        "dlc": msg.dlc,
        "data": bytes(msg.data),
    }
