"""Sources: the frames of a bus behind a descriptor, whether it has one or not.

A bus without one is read by a thread of ours for as long as it is open.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from typing import Protocol

from canbus import thread_ends
from canbus.bus import BusABC
from canbus.cyclic_task import GRACE
from canbus.errors import CanClosedError, CanError, CanOperationError, CanUnsupportedError
from canbus.message import Message
from canbus.supervision.loss import is_loss

_ROOM = 64  # frames that are taken from a bus ahead of who reads


class Source(Protocol):
    """Where the frames of a bus are had."""

    def fileno(self) -> int:
        """Readable whenever a frame waits, or an error."""

    def read(self, limit: int) -> list[Message]:
        """What is there now; an error only where nothing was read."""

    def renew(self) -> None:
        """The bus has its channel back."""

    def close(self) -> None:
        """The bus was shut down."""


def source_of(bus: BusABC) -> Source:
    """The source of an open bus.

    Raises:
        CanOperationError: the system has no descriptor left.
    """
    try:
        fd = bus.fileno()
    except CanUnsupportedError:
        return PumpedSource(bus)
    return DescribedSource(bus, fd)


class DescribedSource:
    """The frames of a bus that has a descriptor."""

    def __init__(self, bus: BusABC, fd: int) -> None:
        self._fd = fd
        self.read_many = bus.recv_many

    def fileno(self) -> int:
        """The bus's own."""
        return self._fd

    def read(self, limit: int) -> list[Message]:
        """What is there now."""
        return self.read_many(limit, 0)

    def renew(self) -> None:
        """The descriptor is the same."""

    def close(self) -> None:
        """The bus has closed it."""


class PumpedSource:
    """The frames of a bus that has none: a thread reads it."""

    def __init__(self, bus: BusABC) -> None:
        self._bus = bus
        self._row: deque[Message | CanError] = deque()
        self._bell = threading.Lock()  # free: there may be room
        self._lock = threading.RLock()  # a signal handler may close us
        self._pid = os.getpid()
        self._is_reading = False
        try:
            self._waits = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK | os.EFD_SEMAPHORE)
        except OSError as exc:
            raise CanOperationError(
                f"{bus.channel_info}: the system has no descriptor to wait on: {exc.strerror}",
                exc.errno,
                hint="raise `ulimit -n`",
            ) from exc
        self._thread: threading.Thread | None = None
        try:
            self.renew()
        except BaseException:  # no thread to be had
            os.close(self._waits)
            raise

    def fileno(self) -> int:
        """Readable as long as something lies here."""
        return self._waits

    def renew(self) -> None:
        """Have a thread again, where the last has ended with the channel."""
        if self._thread is None or not self._is_reading:
            self._is_reading = True
            self._thread = threading.Thread(
                target=self._run, name=f"canbus reader {self._bus.channel_info}", daemon=True
            )
            self._thread.start()

    def read(self, limit: int) -> list[Message]:
        """What was read until now, up to an error."""
        frames: list[Message] = []
        while self._row and len(frames) < limit:
            one = self._row[0]
            if isinstance(one, CanError):
                if not frames:
                    self._took()
                    raise one.with_traceback(None)
                break
            frames.append(one)
            self._took()
        return frames

    def _took(self) -> None:
        with self._lock:  # of it the descriptor may not tell yet
            self._row.popleft()
            if self._waits >= 0:
                os.eventfd_read(self._waits)
        self._ring()

    def close(self) -> None:
        """Let the thread end: its bus has been shut down."""
        if os.getpid() != self._pid:  # whoever had the lock is not in this process
            self._lock = threading.RLock()
        with self._lock:
            waits, self._waits = self._waits, -1
        if waits < 0:
            return
        os.close(waits)
        self._ring()
        if self._thread is not None and self._thread is not threading.current_thread():
            thread_ends.join(self._thread, GRACE)

    def _ring(self) -> None:
        with suppress(RuntimeError):  # it rings already
            self._bell.release()

    def _run(self) -> None:
        while True:
            while len(self._row) >= _ROOM and self._waits >= 0:
                self._bell.acquire()
            try:
                one: Message | CanError | None = self._bus.recv(None)
            except CanError as exc:
                one = exc
            if one is not None and (not self._put(one) or _is_last(one)):
                return

    def _put(self, one: Message | CanError) -> bool:
        with self._lock:
            if self._waits < 0:
                return False
            self._is_reading = not _is_last(one)  # before it can be taken
            self._row.append(one)
            os.eventfd_write(self._waits, 1)
            return True


def _is_last(one: Message | CanError) -> bool:
    """Whether nothing comes after it."""
    return isinstance(one, CanError) and (isinstance(one, CanClosedError) or is_loss(one))
