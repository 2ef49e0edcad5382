"""CyclicScheduler: one thread that times all cyclic tasks of a bus. It knows no frames.

Absolute deadlines: what delays one frame does not delay those after it.
"""

from __future__ import annotations

import os
import threading
from heapq import heapify, heappop, heappush, heapreplace
from time import monotonic_ns
from typing import Protocol

from canbus import thread_ends, thread_errors
from canbus.mailbox import Mailbox

_NS = 10**9
MAX_BURST = 16
"""A late thread sends at most so many frames back to back before it gives up on catching up."""
_LONGEST_SEND = 0.1  # seconds between looks at whether the task is to stop
_SHORTEST_SEND = 0.001  # seconds to wait for room, however late the other tasks are


class Pace:
    """When the next frame is due: absolute deadlines, so that no delay adds up.

    A sender that comes late catches up with at most MAX_BURST frames in a row; due times
    that have passed by then are given up and counted.
    """

    __slots__ = ("burst", "due_ns", "missed", "period_ns")

    def __init__(self, period_ns: int, start_ns: int) -> None:
        self.period_ns = period_ns
        self.due_ns = start_ns
        self.burst = 0
        self.missed = 0

    def after_send(self, now_ns: int) -> int:
        """Say how many nanoseconds to wait before the next frame; 0 when it is due already."""
        self.burst += 1
        self.due_ns += self.period_ns
        if self.due_ns <= now_ns:
            if self.burst < MAX_BURST:
                return 0
            passed = (now_ns - self.due_ns) // self.period_ns + 1
            self.missed += passed
            self.due_ns += passed * self.period_ns
        self.burst = 0
        return self.due_ns - now_ns


class Scheduled(Protocol):
    """Something that is due again and again.

    Attributes:
        due_ns: when to call it, monotonic.
        is_stopped: not to be called any more.
    """

    due_ns: int
    is_stopped: bool

    @property
    def is_waiting(self) -> bool:
        """Whether it was tried before, and could not be done."""

    def step(self, patience: float) -> bool:
        """Do what is due, and set `due_ns` to when to come again; False: never.

        Args:
            patience: seconds that it may take before others have to wait.
        """


_Heap = list[tuple[int, int, Scheduled]]


class CyclicScheduler:
    """Calls each run when it is due, from one thread that lives while there are any.

    No locks: a signal handler may be anywhere in here.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._renew()

    def _renew(self) -> None:
        self._pid = os.getpid()
        self._news: Mailbox[Scheduled | None] = Mailbox()
        self._vacancy = [True]  # who pops it is, or starts, the one thread
        self._thread: threading.Thread | None = None

    def add(self, run: Scheduled) -> None:
        """Call it from when it is due on."""
        if os.getpid() != self._pid:
            self._renew()  # a forked child has no such thread
        self._news.put(run)  # before the look: a thread that ends looks the other way round
        if not self._vacancy:
            return
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        if not self._is_vacant():
            return
        self._thread = thread
        try:
            thread.start()
        except RuntimeError:  # no thread to be had
            self._vacancy.append(True)
            raise

    def tidy(self) -> None:
        """Forget the runs that are stopped."""
        if not self._vacancy:
            self._news.put(None)

    def join(self, seconds: float | None = None) -> None:
        """Wait (so long at most) for the thread, when all runs are stopped.

        In the thread itself it returns at once.
        """
        thread = self._thread
        if thread is not None and thread_ends.is_alive(thread) and not self.is_current():
            thread_ends.join(thread, seconds)

    def is_current(self) -> bool:
        """Whether the caller is called by the scheduler."""
        return threading.current_thread() is self._thread

    def is_at_work(self) -> bool:
        """Whether a run may be in its step; never in a forked child, which has no such thread."""
        return self._thread is not None and thread_ends.is_alive(self._thread)

    def _is_vacant(self) -> bool:
        """Whether a thread is needed; then the caller has to see to it."""
        try:
            return self._vacancy.pop()
        except IndexError:
            return False

    def _run(self) -> None:
        heap: _Heap = []
        while True:
            try:
                self._loop(heap)
            except BaseException:  # noqa: BLE001 - reported; the other runs go on
                thread_errors.report()
                if heap:
                    heappop(heap)  # whose step has raised
            else:
                return

    def _loop(self, heap: _Heap) -> None:
        number = 0  # keeps those that are due at the same time in order
        while True:
            wait_ns = heap[0][0] - monotonic_ns() if heap else None
            if wait_ns is None or wait_ns > 0 or self._news:
                if wait_ns is None and self._ends():
                    return
                number = self._take(heap, wait_ns or 0, number)
                continue
            run = heap[0][2]
            number += 1
            patience = _patience(heap) if run.is_waiting else 0.0
            if not run.is_stopped and run.step(patience):
                heapreplace(heap, (run.due_ns, number, run))
            else:
                heappop(heap)

    def _ends(self) -> bool:
        """Whether nothing is left to do, or another thread is there to do it."""
        if self._news:
            return False
        self._vacancy.append(True)
        return not self._news or not self._is_vacant()

    def _take(self, heap: _Heap, wait_ns: int, number: int) -> int:
        """Wait for news until the next run is due; returns the next number."""
        try:
            run = self._news.get(max(wait_ns, 0) / _NS)
        except IndexError:
            return number
        if run is not None:
            number += 1
            heappush(heap, (run.due_ns, number, run))
        elif any(run.is_stopped for _, _, run in heap):
            heap[:] = [entry for entry in heap if not entry[2].is_stopped]
            heapify(heap)
        return number


def _patience(heap: _Heap) -> float:
    """Seconds that the first may wait: until the second is due, within bounds."""
    if len(heap) == 1:
        return _LONGEST_SEND
    left = (min(heap[1:3])[0] - monotonic_ns()) / _NS
    return min(max(left, _SHORTEST_SEND), _LONGEST_SEND)
