"""DispatchReader: the thread that reads a bus for its consumers, and what it has read.

It lives as long as there are consumers. Who they are, and from which frame on, is dispatcher.py's.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from time import sleep
from typing import TYPE_CHECKING, Any, NamedTuple

from canbus import thread_ends, thread_errors
from canbus.cyclic_task import GRACE
from canbus.dispatch_table import DispatchTable, Entry
from canbus.errors import CanClosedError, CanError
from canbus.inbox import Inbox
from canbus.logs import logger
from canbus.message import Message

if TYPE_CHECKING:
    from canbus.dispatched import Dispatched

_PAUSE = 0.1  # seconds: after an error that nobody foresaw


class Job(NamedTuple):
    """Frames or an error to be handed out, to those who were there when it was read."""

    table: DispatchTable
    frames: list[Message]
    error: CanError | None = None


class DispatchReader:
    """The reading half of a Dispatcher; see there. The bus's lock guards all that is here."""

    def __init__(self, bus: Dispatched) -> None:
        self._reference = weakref.ref(bus)
        self._pid = os.getpid()
        self._entries: dict[int, Entry] = {}
        self._lossy: set[Entry] = set()
        self._table = self._table_of()
        self._pending: deque[Job] = deque()
        self._unsettled: list[Inbox] = []
        self._thread: threading.Thread | None = None
        self._is_running = False

    @property
    def is_running(self) -> bool:
        """Whether frames are read by the thread, rather than by who asks the bus for them."""
        return self._is_running and not self.is_inherited

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked child's copy: the thread is not here."""
        return os.getpid() != self._pid

    def _bus(self) -> Dispatched:
        bus = self._reference()
        if bus is None:
            raise CanClosedError("the bus is gone")
        return bus

    def _table_of(self, *entries: Entry) -> DispatchTable:
        return DispatchTable(entries, self._lossy)

    # -- from other threads -----------------------------------------------------------

    def _start(self, bus: Dispatched) -> None:
        thread = threading.Thread(
            target=self._run, args=(bus,), name=f"canbus dispatcher {bus.channel_info}", daemon=True
        )
        thread.start()
        self._thread = thread

    def _join(self, bus: Dispatched, thread: threading.Thread | None) -> None:
        """Wait for the thread, which has been told to end, for a moment.

        Not within the lock that it needs for that: a signal handler may have interrupted who
        holds it.
        """
        if thread is None or thread is threading.current_thread() or self.is_inherited:
            return
        if not is_owned(bus._dispatch_lock()):
            thread_ends.join(thread, GRACE)

    def _let_finish(self, entry: Entry) -> None:
        """Wait for the call that is under way, for a moment."""
        if self._thread is threading.current_thread() or self.is_inherited:
            return
        if entry.at_work.acquire(timeout=GRACE):
            entry.at_work.release()

    # -- the thread -------------------------------------------------------------------

    def _run(self, bus: Dispatched) -> None:
        while True:
            try:
                if not self._turn(bus):
                    return
            except BaseException:  # noqa: BLE001 - reported; the consumers go on
                thread_errors.report()
                sleep(_PAUSE)

    def _turn(self, bus: Dispatched) -> bool:
        """Hand out what is there, or wait for it; False: that was all."""
        with bus._dispatch_lock():
            goes_on = bool(self._entries) and not bus._is_shutdown
            last = [] if goes_on else self._finish(bus)
            job = self._next_job(bus) if goes_on else None
        bus._after_collecting()
        if job is not None:
            self._carry_out(job)
        elif goes_on:
            bus._await_frames(self._has_news)
        for each in last:
            self._carry_out(each)
        return goes_on

    def _has_news(self) -> bool:
        return bool(self._pending) or not self._entries

    def _finish(self, bus: Dispatched) -> list[Job]:
        """From now on frames are read by who asks for them; returns what is left to be told."""
        self._is_running = False
        self._thread = None
        entries, self._entries = self._entries, {}
        self._table = self._table_of()
        pending, self._pending = self._pending, deque()
        if bus._is_shutdown:
            return [Job(self._table_of(*entries.values()), [], bus._closed())]
        for job in pending:  # only the bus's own share is there to get them, which takes no time
            self._carry_out(job)
        bus._end_dispatch()
        self._has_ended()
        return []

    def _has_ended(self) -> None:
        """Called with the lock held when the channel is free again."""

    def _next_job(self, bus: Dispatched) -> Job | None:
        """What to hand out next; None if nothing is there."""
        if self._pending:
            return self._pending.popleft()
        while self._unsettled:
            self._unsettled.pop().settled()
        try:
            frames = bus._collect()
        except CanError as exc:
            return self._failed(bus, exc)
        for entry in self._table.entries if self._told else ():
            entry.told = None
        self._told = False
        return Job(self._table, frames) if frames else None

    _told: bool = False  # somebody knows of a failure that lasts

    def _failed(self, bus: Dispatched, error: CanError) -> Job | None:
        """Tell those who do not know it yet."""
        self._told = True
        mark = (type(error), error.error_code, bus._troubles)
        news = [each for each in self._table.entries if each.told != mark]
        for entry in news:
            entry.told = mark
        return Job(self._table_of(*news), [], error) if news else None

    def _carry_out(self, job: Job) -> None:
        if job.error is not None:
            for entry in job.table.entries:
                _call(entry, entry.consumer.fail, job.error)
        for entry, frames in job.table.route(job.frames):
            _call(entry, entry.consumer.deliver, frames)


def _call(entry: Entry, work: Callable[[Any], object], what: object) -> None:
    with entry.at_work:
        if entry.is_gone:
            return
        try:
            work(what)
        except BaseException as exc:  # noqa: BLE001 - a fence: somebody else's code; reported
            logger().error("%r failed; the others go on: %r", entry.consumer, exc, exc_info=exc)


def is_owned(lock: Any) -> bool:
    """Whether the calling thread holds this RLock."""
    return bool(lock._is_owned())
