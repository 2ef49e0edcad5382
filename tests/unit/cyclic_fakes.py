"""A bus and a send for tests of tasks that a thread times. No test here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from canbus.cyclic_job import CyclicJob, frames_in, own_frames, period_to_ns
from canbus.cyclic_scheduler import CyclicScheduler
from canbus.cyclic_task import CyclicTasks
from canbus.cyclic_thread import ThreadBasedCyclicSendTask
from canbus.message import Message

NS = 10**9
PATIENCE = 10.0


class FakeSend:
    """A send that remembers, and that fails as told: one entry of `failures` a call."""

    def __init__(self, failures: Sequence[Exception | None] = ()) -> None:
        self.sent: list[bytes] = []
        self.timeouts: list[float | None] = []
        self._failures = list(failures)
        self._changed = threading.Condition()

    def __call__(self, msg: Message, timeout: float | None) -> None:
        with self._changed:
            self.timeouts.append(timeout)
            failure = self._failures.pop(0) if self._failures else None
            if failure is not None:
                raise failure
            self.sent.append(bytes(msg))
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sent) >= count, PATIENCE)


class Host:
    """What a task needs of its bus."""

    def __init__(self) -> None:
        self._cyclic = CyclicTasks()

    def _prepare(self, msg: Message) -> Message:
        return msg

    def _check_open(self) -> None:
        pass

    def _check_addressed(self, msg: Message) -> None:
        pass

    def _check_sendable(self, msg: Message) -> None:
        pass


def make_task(
    send: Any,
    *data: bytes,
    period: float = 0.002,
    duration: float | None = None,
    host: Host | None = None,
    scheduler: CyclicScheduler | None = None,
    **options: Any,
) -> ThreadBasedCyclicSendTask:
    host = host or Host()
    frames = [Message(arbitration_id=0x42, data=each) for each in data or (b"\1",)]
    period_ns = period_to_ns(period)
    job = CyclicJob(
        own_frames(frames, host._prepare),
        period_ns,
        frames_in(duration, period_ns),
        duration,
        **options,
    )
    return ThreadBasedCyclicSendTask(job, host, scheduler or CyclicScheduler("canbus cyclic"), send)
