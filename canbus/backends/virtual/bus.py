"""VirtualBus: the reference implementation of the contract, with a wire made of a lock.

No threads, no copies of policy: what any backend would do is in BusABC.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from copy import copy
from time import monotonic, time_ns
from typing import Any

from canbus.backends.virtual.readiness import Readiness
from canbus.frame_flags import (
    FDF,
    NOT_RX,
    OWN,
)
from canbus.plugin import (
    BusABC,
    BusStatistics,
    CanConfigError,
    CanProtocol,
    Filters,
    Message,
)
from canbus.warn import warn

DEFAULT_CHANNEL = "channel-0"
_LONGEST_WAIT = threading.TIMEOUT_MAX

# Weak references, so that a bus that is forgotten can be noticed (BusABC.__del__). That may
# happen in the middle of anything, hence one lock for all, that a thread can take twice.
_wires: dict[Any, list[weakref.ref[VirtualBus]]] = {}
_wires_lock = threading.RLock()


def open_channels() -> dict[Any, int]:
    """The channels that have a bus now, and how many."""
    with _wires_lock:
        return {channel: len(buses) for channel, buses in _wires.items()}


class VirtualBus(BusABC):
    """A bus in this process; all buses on a channel of the same name hear each other.

    As with sockets in the kernel: frames from another bus of the process are `is_rx=True`
    (they come from another node, as far as this bus can know), own ones are delivered only
    on request and are `is_rx=False`; CAN FD frames reach only buses opened for FD.

    Args:
        channel: name of the wire; any hashable value.
        can_filters: which frames to receive.
        receive_own_messages: also receive what this bus sends.
        rx_queue_size: frames kept until `recv`; further ones are lost and counted in
            `statistics.rx_dropped`. 0 keeps all.
        preserve_timestamps: deliver a frame with its sender's time stamp instead of now.
        protocol: `CanProtocol.CAN_FD` is the same as `fd=True`.
        fd: send and receive CAN FD frames.
    """

    def __init__(
        self,
        channel: Any = DEFAULT_CHANNEL,
        can_filters: Filters | None = None,
        receive_own_messages: bool = False,
        rx_queue_size: int = 0,
        preserve_timestamps: bool = False,
        protocol: CanProtocol = CanProtocol.CAN_20,
        fd: bool = False,
    ) -> None:
        if rx_queue_size < 0:
            raise CanConfigError(f"rx_queue_size {rx_queue_size} is negative", hint="0 keeps all")
        if protocol not in {CanProtocol.CAN_20, CanProtocol.CAN_FD}:
            raise CanConfigError(f"virtual has no {protocol}", hint="use CAN_20 or CAN_FD")
        channel = DEFAULT_CHANNEL if channel is None else channel
        if not isinstance(channel, Hashable):
            raise CanConfigError(f"channel {channel!r} cannot be a name: it is not hashable")
        self.channel_info = f"virtual {channel}"
        self._receive_own = receive_own_messages
        self._rx_queue_size = rx_queue_size
        self._preserve_timestamps = preserve_timestamps
        self._queue: deque[Message] = deque()
        self._dropped = 0
        self._loss_told = False
        self._arrival = threading.Condition(_wires_lock)
        self._readiness: Readiness | None = None
        self._reference = weakref.ref(self)
        super().__init__(channel, can_filters, protocol=CanProtocol.CAN_FD if fd else protocol)
        with _wires_lock:
            _wires.setdefault(channel, []).append(self._reference)

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        stamp = msg.timestamp_ns if self._preserve_timestamps else time_ns()
        # Delivering under the lock gives all receivers the same order, as a wire does.
        with _wires_lock:
            for reference in tuple(_wires.get(self.channel, ())):
                bus = reference()
                if bus is None or (bus is self and not self._receive_own):
                    continue
                if msg._flags & FDF and not bus._fd_frames:
                    continue
                bus._deliver(msg, stamp, NOT_RX | OWN if bus is self else 0)

    def _deliver(self, msg: Message, stamp: int, origin: int) -> None:
        with self._arrival:
            if self._rx_queue_size and len(self._queue) >= self._rx_queue_size:
                self._dropped += 1
                return
            arrived = copy(msg)
            arrived.timestamp_ns = stamp
            arrived.channel = self.channel
            arrived._flags = arrived._flags & ~(NOT_RX | OWN) | origin
            self._queue.append(arrived)
            if self._readiness is not None:
                self._show()
            self._arrival.notify()

    def _recv_frame(self, timeout: float | None) -> Message | None:
        if self._dropped and not self._loss_told:
            self._tell_first_loss()
        deadline = None if timeout is None else monotonic() + timeout
        with self._arrival:
            while not self._queue or (self._is_dispatched and timeout != 0):
                if self._is_shutdown:
                    raise self._closed()
                if self._is_dispatched and timeout != 0:  # another thread reads
                    return None
                remaining = None if deadline is None else deadline - monotonic()
                if remaining is not None and remaining <= 0:
                    return None
                self._arrival.wait(None if remaining is None else min(remaining, _LONGEST_WAIT))
            msg = self._queue.popleft()
            self._show()
            return msg

    def _show(self) -> None:
        """Let the descriptor tell whether a frame waits for who reads the bus."""
        if self._readiness is None:
            return
        dispatcher = self._dispatcher
        waits = dispatcher is not None and dispatcher.has_waiting
        if waits or (self._queue and not self._is_dispatched):
            self._readiness.set()
        else:
            self._readiness.clear()

    def _share_changed(self) -> None:
        with self._arrival:
            self._show()

    def _begin_dispatch(self) -> list[Message]:
        with self._arrival:
            frames = super()._begin_dispatch()
            self._show()
        return frames

    def _end_dispatch(self) -> None:
        with self._arrival:
            super()._end_dispatch()
            self._show()

    def _await_arrival(self, is_woken: Callable[[], object]) -> bool:
        with self._arrival:
            while not (self._queue or is_woken()):
                self._arrival.wait()
        return True

    def _wake(self) -> None:
        with self._arrival:
            self._arrival.notify_all()

    def _tell_first_loss(self) -> None:
        # Told here and not where it happens: that is inside somebody else's send().
        self._loss_told = True
        warn(
            f"{self.channel_info}: the receive queue of {self._rx_queue_size} frames was full and "
            "frames were lost; statistics.rx_dropped counts them",
        )

    def _read_statistics(self) -> BusStatistics:
        return BusStatistics(rx_dropped=self._dropped)

    def fileno(self) -> int:
        """A descriptor that is readable while a frame waits (before software filters)."""
        if self._detour and not self._is_shutdown:
            self._elsewhere()
        with self._arrival:
            readiness = self._readiness
            if readiness is None and not self._is_shutdown:
                readiness = self._readiness = Readiness()
                self._show()
            if self._is_shutdown or readiness is None:
                if readiness is not None:  # made while a signal handler shut the bus down
                    readiness.close()
                raise self._closed()
            return readiness.fileno()

    def _close(self) -> None:
        with _wires_lock:
            buses = _wires[self.channel]
            buses.remove(self._reference)
            if not buses:
                del _wires[self.channel]
        with self._arrival:
            self._queue.clear()
            self._arrival.notify_all()
            if self._readiness is not None:
                self._readiness.close()
                self._readiness = None
