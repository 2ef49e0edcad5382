"""The one thread of an emulated adapter: terminal, adapter and bus, served in turn.

Everything that more than one thread touches is touched under `changed`. The protocol is in
adapter.py, what users call in emulated.py.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from time import monotonic_ns

from canbus.bus import BusABC
from canbus.errors import (
    CanError,
    CanInitializationError,
    CanMessageError,
    CanTimeoutError,
    CanUnsupportedError,
)
from canbus.message import Message
from canbus.testing.slcan.adapter import SlcanAdapter
from canbus.testing.slcan.faults import UnplugAfter
from canbus.testing.slcan.faulty import Faulty
from canbus.testing.slcan.parting import Parting
from canbus.testing.slcan.talk import Talk
from canbus.testing.slcan.terminal import Terminal

_NS = 10**9
_RETRY_NS = 20_000_000  # a host that makes room is noticed at once; this is for kernels that forget
_READS = 16  # of the terminal, before others have their turn
_FRAMES = 256  # of the bus, likewise
_LISTEN = 0.1  # seconds of `recv`, after which a bus without descriptor can be left
_EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET


class Engine:
    """Serves an adapter.

    Args:
        adapter: its protocol.
        faults: what is wrong with it.
        buffer: bytes that it holds for a host that does not read.
        bus: what it is joined to.

    Attributes:
        changed: the lock of all this; notified whenever something happened.
        talk: what goes to and fro between adapter and terminal.
        terminal: None while it is unplugged.
        sent: frames that the host has sent.
        bus_error: what the bus failed with; it is left alone from then on.
    """

    def __init__(
        self, adapter: SlcanAdapter, faults: Faulty, buffer: int, bus: BusABC | None
    ) -> None:
        self.adapter, self.faults = adapter, faults
        self.talk = Talk(adapter, faults, buffer)
        self.changed = threading.Condition(threading.RLock())
        self.terminal: Terminal | None = None
        self.sent: list[Message] = []
        self.bus_error: CanError | None = None
        self._bus = bus
        self._bus_fd: int | None = None
        self._is_stopping = False
        self._parting: Parting | None = None
        self._threads: list[threading.Thread] = []
        adapter.transmitter.to_wire = self._to_wire

    # -- life -------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to serve; nothing is plugged in yet.

        Raises:
            CanInitializationError: the system has no descriptor left.
            CanClosedError: the bus is closed.
        """
        with ExitStack() as stack:
            try:
                self._epoll = stack.enter_context(select.epoll())
                self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            except OSError as exc:
                raise CanInitializationError(
                    f"an emulated adapter needs two descriptors: {exc.strerror}",
                    exc.errno,
                    hint="ulimit -n",
                ) from exc
            stack.callback(os.close, self._wake)
            self._epoll.register(self._wake, select.EPOLLIN)
            stack.callback(self._end_threads)
            if self._bus is not None and not self._watch_bus(self._bus):
                self._start_thread(self._listen, self._bus)
            self._start_thread(self._run)
            self._begun = stack.pop_all()

    def _start_thread(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="slcan emulator", daemon=True)
        thread.start()
        self._threads.append(thread)

    def stop(self) -> None:
        """Unplug, and end; no thread and no descriptor is left."""
        with self.changed:
            self.unplug()
            self.changed.notify_all()
        self._begun.close()

    def _end_threads(self) -> None:
        with self.changed:
            self._is_stopping = True
            self.kick()
        for thread in self._threads:
            thread.join()

    def plug(self, link: str | None) -> Terminal:
        """Make a terminal; the adapter is powered up. The caller locks."""
        terminal = Terminal(link)
        self.adapter.power_up()
        self.terminal = terminal
        self.talk.has_host = True
        if terminal.fileno() == self._bus_fd:  # the bus was closed, and its number is used anew
            self._bus_fd = None
        self._epoll.register(terminal.fileno(), _EDGES)
        self.kick()
        return terminal

    def unplug(self) -> None:
        """Hang the terminal up, if there is one. The caller locks."""
        terminal, self.terminal = self.terminal, None
        if terminal is None:
            return
        self._epoll.unregister(terminal.fileno())
        terminal.hang_up()
        self.talk.has_host = False
        self.talk.restart()
        self._parting = None
        self.changed.notify_all()

    def kick(self) -> None:
        """Make the thread look at once at what has changed."""
        os.eventfd_write(self._wake, 1)

    # -- the loop ---------------------------------------------------------------------

    def _run(self) -> None:
        ready: set[int] = set()
        while True:
            with self.changed:
                if self._is_stopping:
                    return
                again = self._serve(ready)
                timeout = 0.0 if again else self._timeout()
                self.changed.notify_all()
            ready = {fd for fd, _ in self._epoll.poll(timeout)}

    def _serve(self, ready: set[int]) -> bool:
        """Do what can be done now; True if there is more of it."""
        if self._wake in ready:
            os.eventfd_read(self._wake)
        again = self._read_host()
        if self._bus_fd in ready:
            self._read_bus()
        self._write_host()
        return again

    def _timeout(self) -> float | None:
        """Seconds until something is to be done that no descriptor tells."""
        now = monotonic_ns()
        if self.terminal is None:
            return None
        due = now + _RETRY_NS if self._parting else self.talk.outbox.due_ns()
        if due is None:
            return None
        return (due - now) / _NS if due > now else _RETRY_NS / _NS

    # -- the host ---------------------------------------------------------------------

    def _read_host(self) -> bool:
        for _ in range(_READS):
            data = self.terminal.read() if self.terminal else b""
            if not data:
                return False
            self.talk.hear(data)
        return True

    def _write_host(self) -> None:
        while self.terminal is not None:
            now = monotonic_ns()
            data = self.talk.peek(now)
            if self.talk.is_over:
                self._pull(self.terminal, now)
                return
            self._parting = None
            count = self.terminal.write(data) if data else 0
            if count is None:
                self.talk.discard()
            if not count:
                return
            self.talk.took(count, now)

    def _pull(self, terminal: Terminal, now: int) -> None:
        """Unplug as soon as the host has read everything, as far as one can know."""
        parting = self._parting = self._parting or Parting(now)
        if parting.is_over(terminal.unread(), now):
            self.faults.clear((UnplugAfter,))
            self.unplug()

    # -- the bus ----------------------------------------------------------------------

    def _to_wire(self, msg: Message) -> bool:
        if self._bus is not None:
            try:
                self._bus.send(msg, timeout=0)
            except (CanTimeoutError, CanUnsupportedError, CanMessageError):
                return False
            except CanError as exc:
                self._leave_bus(exc)
                return False
        self.sent.append(msg)
        return True

    def _watch_bus(self, bus: BusABC) -> bool:
        try:
            self._bus_fd = bus.fileno()
        except CanUnsupportedError:
            return False
        self._epoll.register(self._bus_fd, select.EPOLLIN)
        return True

    def _read_bus(self) -> None:
        if self._bus is None:
            return
        try:
            frames = self._bus.recv_many(_FRAMES, timeout=0)
        except CanError as exc:
            self._leave_bus(exc)
            return
        for msg in frames:
            self.adapter.arrive(msg)

    def _leave_bus(self, exc: CanError) -> None:
        self.bus_error = self.bus_error or exc
        fd, self._bus_fd = self._bus_fd, None
        if fd is not None:
            with suppress(OSError):  # closed already
                self._epoll.unregister(fd)

    def _listen(self, bus: BusABC) -> None:
        """What the second thread does, for a bus that has no descriptor."""
        while not self._is_stopping:
            try:
                msg = bus.recv(_LISTEN)
            except CanError as exc:
                with self.changed:
                    self._leave_bus(exc)
                    self.changed.notify_all()
                return
            if msg is not None:
                with self.changed:
                    self.adapter.arrive(msg)
                    self.kick()
