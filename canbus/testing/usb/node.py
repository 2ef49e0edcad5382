"""One CAN controller: error counters, error state, bus-off, and its queue of frames to send.

What happens to one node, whatever the adapter; who sends next is the wire's matter (wire.py)
and how the host is told is the adapter's. The counting is that of ISO 11898-1 (fault
confinement), in leaps: a fault drives the counters to their end at once, and a frame at another
bit rate counts as one error of a receiver that was the first to see it.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from canbus.message import Message
from canbus.state import CanState

if TYPE_CHECKING:
    from canbus.testing.usb.wire import Wire

_STEP = 8  # an error of a transmitter counts eight; a receiver's, if it saw it first, as well
_MOST = 255  # of the receive error counter
_TOLERANCE = 100  # a hundredth: what nodes of a bus bear between them, about (ISO 11898-1)
_PASSIVE = 128
_WARNING = 96
_BUS_OFF = 256


class Fault(Enum):
    """What is wrong with the wire of one channel."""

    NONE = "none"
    NOACK = "noack"
    """Nobody acknowledges: frames are retried for ever, up to error-passive."""
    SHORT = "short"
    """The lines are shorted: whoever sends goes bus-off; nothing arrives."""


class Transmission(NamedTuple):
    """A frame to send.

    Attributes:
        msg: the frame.
        token: the adapter's own note about it.
        one_shot: one attempt only.
        queued_ns: when it was queued, on the wire's clock.
    """

    msg: Message
    token: int
    one_shot: bool
    queued_ns: int


class Start(NamedTuple):
    """A node joined the wire.

    Attributes:
        channel: its number.
        bitrate: bit/s that it had been told.
        listen_only: it was told to be silent.
    """

    channel: int
    bitrate: int
    listen_only: bool


class Listener(Protocol):
    """What an adapter is told of its nodes; `channel` is the node's number."""

    def frame_arrived(self, channel: int, msg: Message) -> None:
        """A frame for the host."""

    def finished(self, channel: int, job: Transmission) -> None:
        """A transmission went out, or was a one-shot that failed."""

    def state_changed(self, channel: int) -> None:
        """The node's `state` is another one than before."""

    def attempt_failed(self, channel: int) -> None:
        """A transmission failed for want of an acknowledge."""

    def fault_changed(self, channel: int) -> None:
        """The wire of the node broke, or was mended."""

    def misheard(self, channel: int) -> None:
        """What is on the wire is an error for this node: it has another bit rate."""


class Node:
    """A controller on a wire.

    Args:
        wire: what it is joined to.
        listener: the adapter that it is part of.
        channel: its number there.
        forgets: going bus-off empties its queue, as in an SJA1000.
        freezes: its error counters stand still while it only listens, as in an SJA1000 (data
            sheet, mode register, listen only mode).

    Attributes:
        on: the host has started it.
        fault: what is wrong on its wire; outlives a restart.
        tec: transmit error counter.
        rec: receive error counter.
        bus_off: it is.
        loop_back: frames come back, and do not reach the wire.
        listen_only: it never sends: neither frames nor acknowledgements nor error flags.
        fd: it understands CAN FD.
        bitrate: bit/s, 0 while unset.
        data_bitrate: bit/s of the FD data phase, 0 while unset.
        queue: what it has to send.
    """

    def __init__(
        self,
        wire: Wire,
        listener: Listener,
        channel: int,
        *,
        forgets: bool,
        freezes: bool = False,
    ) -> None:
        self.wire = wire
        self.channel = channel
        self.fault = Fault.NONE
        self._listener = listener
        self._forgets = forgets
        self._freezes = freezes
        self.queue: deque[Transmission] = deque()
        self.loop_back = self.fd = self.listen_only = False
        self.bitrate = self.data_bitrate = 0
        self.stop()
        wire.nodes.append(self)

    def start(self) -> None:
        """Start, or restart after bus-off: counters at zero, nothing to send."""
        self.stop()
        self.on = True
        self.wire.starts.append(Start(self.channel, self.bitrate, self.listen_only))

    def stop(self) -> None:
        """Leave the bus."""
        self.on = False
        self.queue.clear()
        self._clear()

    def _clear(self) -> None:
        self.bus_off = False
        self.tec = self.rec = 0
        self._told = CanState.ERROR_ACTIVE

    @property
    def state(self) -> CanState:
        """The error state, by the counters."""
        if not self.on:
            return CanState.STOPPED
        worst = max(self.tec, self.rec)
        if self.bus_off:
            return CanState.BUS_OFF
        if worst >= _PASSIVE:
            return CanState.ERROR_PASSIVE
        return CanState.ERROR_WARNING if worst >= _WARNING else CanState.ERROR_ACTIVE

    # -- sending ----------------------------------------------------------------------

    def send(self, msg: Message, token: int = 0, *, one_shot: bool = False) -> None:
        """Queue a frame; a node that is off drops it."""
        if self.on:
            self.queue.append(Transmission(msg, token, one_shot, self.wire.clock()))
            self.wire.run()

    def attempt(self) -> Transmission | None:
        """Return the frame that can go out now; count and report the errors of one that cannot."""
        while self.on and self.queue and not self.bus_off:
            if self.loop_back:
                return self.queue[0]
            if self.listen_only:
                break
            if not self._has_rate:
                self.wire.disturbances += 1
                self._rise(_BUS_OFF)
                break
            if self.fault is Fault.NONE:
                return self.queue[0]
            if self.fault is Fault.SHORT:
                self._rise(_BUS_OFF)
                break
            if self.tec < _PASSIVE:
                self._listener.attempt_failed(self.channel)
            self._rise(_PASSIVE)  # a passive transmitter does not count missing acknowledges
            if not self.queue[0].one_shot:
                break
            self._listener.finished(self.channel, self.queue.popleft())
        return None

    def sent(self) -> None:
        """The first frame of the queue went out."""
        job = self.queue.popleft()
        self.tec = max(0, self.tec - 1)
        self._listener.finished(self.channel, job)
        if self.loop_back:
            self._listener.frame_arrived(self.channel, job.msg)
        self._report()

    # -- what happens to it -----------------------------------------------------------

    def receive(self, msg: Message) -> None:
        """A frame is on the wire: pass it to the host, if this node can hear it."""
        if not self.on or self.bus_off or self.loop_back or self.fault is Fault.SHORT:
            return
        is_foreign = msg.is_fd and not self.fd
        if not self._has_rate or (is_foreign and self.wire.bitrate is not None):
            self._mishear()
            return
        if is_foreign:
            return
        if not self.listen_only:
            self.wire.acknowledgements += 1
        if self._counts:
            self.rec = max(0, self.rec - 1)
        self._listener.frame_arrived(self.channel, msg)
        self._report()

    @property
    def _has_rate(self) -> bool:
        """Whether its bit rate is that of the wire; not asked of a wire that tells none."""
        rate = self.wire.bitrate
        return rate is None or abs(self.bitrate - rate) * _TOLERANCE <= rate

    @property
    def _counts(self) -> bool:
        return not (self.listen_only and self._freezes)

    def _mishear(self) -> None:
        """Nothing but errors: say so to the others by an error flag, unless it only listens."""
        if not self.listen_only and self.rec < _PASSIVE:  # a passive one's flag disturbs nobody
            self.wire.disturbances += 1
        if self._counts:
            self.rec = min(_MOST, self.rec + _STEP)
        self._listener.misheard(self.channel)
        self._report()

    def set_counters(self, tec: int, rec: int) -> None:
        """Give the counters values, 0..255; the state follows."""
        self.tec, self.rec = tec, rec
        self._report()

    def go_bus_off(self) -> None:
        """Go bus-off now."""
        if self.on and not self.bus_off:
            self.tec, self.bus_off = _BUS_OFF, True
            if self._forgets:
                self.queue.clear()
            self._report()

    def set_fault(self, fault: Fault) -> None:
        """Break or mend the wire of this node; what is queued goes out if it can."""
        self.wire.run()  # what went on until now, on a paced wire
        self.fault = fault
        self._listener.fault_changed(self.channel)
        self.wire.run()

    def recover(self) -> None:
        """Come back from bus-off without the host; what is queued goes out."""
        self.wire.run()
        self._clear()
        self.wire.run()

    def _rise(self, limit: int) -> None:
        while self.tec < limit:
            self.tec = min(limit, self.tec + _STEP)
            if self.tec >= _BUS_OFF:
                self.go_bus_off()
            else:
                self._report()

    def _report(self) -> None:
        if self.on and self.state is not self._told:
            self._told = self.state
            self._listener.state_changed(self.channel)
