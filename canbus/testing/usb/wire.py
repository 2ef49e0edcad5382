"""The wire that joins the nodes of an adapter: who sends next, how long it takes, who hears it.

No USB and no sockets: what else hangs on the wire is told by a callback. A healthy wire has
somebody on it who acknowledges, seen or not. One that has a bit rate keeps account of what the
nodes do to those others: frames, acknowledgements, disturbances.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from canbus.frame_flags import EFF
from canbus.message import Message
from canbus.testing.usb.bit_time import frame_ns
from canbus.testing.usb.node import Node, Start, Transmission
from canbus.testing.usb.traffic import Traffic


class Sent(NamedTuple):
    """A frame that went out.

    Attributes:
        channel: number of the node that sent it.
        monotonic_ns: when it was complete, nanoseconds of time.monotonic_ns().
        msg: the frame.
    """

    channel: int
    monotonic_ns: int
    msg: Message


class Wire:
    """A CAN bus.

    Args:
        paced: a frame occupies the wire for its length, at the sender's bit rates; otherwise
            it takes no time.
        clock: nanoseconds, rising.
        bitrate: bit/s of the others on it: a node at another rate hears errors only, and disturbs
            them unless it only listens. None: rates are not compared.

    Attributes:
        nodes: the controllers on it.
        sent: all frames that went out, in order.
        outside: called with every such frame, for what else is on the wire.
        bitrate: as above; may be changed.
        traffic: frames that others send by themselves; None for none.
        acknowledgements: how many frames of others were acknowledged by nodes.
        disturbances: how many error flags, and frames at a wrong rate, nodes have sent.
        starts: which nodes were started, and how, in order.
    """

    def __init__(
        self,
        *,
        paced: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
        bitrate: int | None = None,
    ) -> None:
        self.clock = clock
        self.bitrate = bitrate
        self.traffic: Traffic | None = None
        self.starts: list[Start] = []
        self.nodes: list[Node] = []
        self.sent: list[Sent] = []
        self.outside: Callable[[Message], None] | None = None
        self.acknowledgements = self.disturbances = 0
        self._paced = paced
        self._current: tuple[Node, Transmission] | None = None
        self._free_ns = 0
        self._running = False

    @property
    def deadline_ns(self) -> int | None:
        """When `run` has to be called again, on the wire's clock; None: not before an event."""
        times = [self._free_ns] if self._current else []
        if self.traffic is not None:
            times.append(self.traffic.due_ns)
        return min(times, default=None)

    def forget(self) -> None:
        """Empty the records of what nodes did."""
        self.sent.clear()
        self.starts.clear()
        self.acknowledgements = self.disturbances = 0

    def run(self) -> None:
        """Let the nodes, and the others by themselves, send what they can by now."""
        if self._running:
            return  # called from a listener of a frame that is being sent
        if self.traffic is not None and (msg := self.traffic.next(self.clock())) is not None:
            self.arrive(msg)
        self._running = True
        try:
            while self._current or self._arbitrate():
                if self._paced and self.clock() < self._free_ns:
                    return
                self._complete()
        finally:
            self._running = False

    def arrive(self, msg: Message, channel: int | None = None) -> None:
        """A frame from outside: for one node, or for all."""
        for node in self.nodes:
            if channel is None or node.channel == channel:
                node.receive(msg)

    def _arbitrate(self) -> bool:
        """Choose the next sender; False if there is none."""
        ready = [(node, job) for node in self.nodes if (job := node.attempt()) is not None]
        if not ready:
            self._free_ns = max(self._free_ns, self.clock())
            return False
        node, job = min(ready, key=lambda pair: _priority(pair[1].msg)) if ready[1:] else ready[0]
        self._current = node, job
        if self._paced:
            bitrate = node.bitrate or 500_000
            length = frame_ns(job.msg, bitrate, node.data_bitrate or bitrate)
            self._free_ns = max(self._free_ns, job.queued_ns) + length
        return True

    def _complete(self) -> None:
        if self._current is None:
            return
        (node, job), self._current = self._current, None
        if node.attempt() is not job:  # a fault, or the host stopped the node, in the middle
            return
        if not node.loop_back:
            self.sent.append(Sent(node.channel, self.clock(), job.msg))
            if self.outside is not None:
                self.outside(job.msg)
            for other in self.nodes:
                if other is not node:
                    other.receive(job.msg)
        node.sent()


def _priority(msg: Message) -> tuple[int, bool, int]:
    """Arbitration: the lowest identifier wins, and of two equal bases the standard frame."""
    wide = bool(msg._flags & EFF)
    base = msg.arbitration_id >> 18 if wide else msg.arbitration_id
    return base, wide, msg.arbitration_id & 0x3FFFF if wide else 0
