"""What may be asked of a running emulator, by name, with values that JSON can carry.

No sockets: control.py brings the requests and takes the answers away.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from canbus.codecs.can_frame import encode_can_frame
from canbus.errors import CanConfigError, CanError
from canbus.message import Message
from canbus.testing.usb.emulator import NS, Emulator
from canbus.testing.usb.node import Fault, Node
from canbus.testing.usb.traffic import Traffic

_LONGEST = 1e6  # seconds between two frames of traffic


class Later(NamedTuple):
    """An answer that is given when it is time.

    Attributes:
        ready: whether it is.
        deadline: of time.monotonic(), after which it is given anyway.
        answer: makes it.
    """

    ready: Callable[[], bool]
    deadline: float
    answer: Callable[[], Any]


class Commands:
    """The commands: every public method is one.

    Args:
        emulator: what they act on.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._adapter = emulator.adapter
        self._wire = emulator.adapter.wire

    def do(self, name: str, arguments: dict[str, Any]) -> Any:
        """Carry one out.

        Returns:
            Its answer, or Later.

        Raises:
            CanConfigError: a ValueError; there is no such command, or it takes other arguments.
            CanError: it could not be done.
        """
        method = None if name.startswith("_") or name == "do" else getattr(self, name, None)
        if method is None:
            known = [word for word in dir(self) if not word.startswith("_") and word != "do"]
            raise CanConfigError(f"unknown command {name!r}", hint=f"known: {', '.join(known)}")
        try:
            bound = inspect.signature(method).bind(**arguments)
        except TypeError as exc:
            raise CanConfigError(f"{name}: {exc}") from exc
        try:
            return method(*bound.args, **bound.kwargs)
        except CanError:
            raise  # some are ValueErrors
        except (TypeError, KeyError, IndexError, ValueError) as exc:
            raise CanConfigError(f"{name}: {exc}") from exc

    def plug(self) -> int:
        """Plug in; the port."""
        return self._emulator.plug()

    def unplug(self) -> None:
        """Pull the cable."""
        self._emulator.unplug()

    def join(self, wire: str) -> None:
        """Make a CAN interface the other end of the wire."""
        self._emulator.join(wire)

    def quit(self) -> None:
        """End."""
        self._emulator.ending = True

    def fault(self, kind: str, channel: int = 0) -> None:
        """Break or mend the wire: none, noack, short."""
        known = [fault.value for fault in Fault]
        if kind not in known:
            raise CanConfigError(f"unknown fault {kind!r}", hint=f"known: {', '.join(known)}")
        self._node(channel).set_fault(Fault(kind))

    def bus_off(self, channel: int = 0) -> None:
        """Go bus-off now."""
        self._node(channel).go_bus_off()

    def recover(self, channel: int = 0) -> None:
        """Leave bus-off as some firmware does, without the host."""
        node = self._node(channel)
        if node.bus_off:
            self._adapter.recovered(channel)
            node.recover()

    def error_counters(self, tec: int, rec: int, channel: int = 0) -> None:
        """Set the error counters."""
        self._node(channel).set_counters(int(tec), int(rec))

    def overflow(self, channel: int = 0) -> None:
        """Lose a received frame."""
        self._node(channel)
        self._adapter.overflow(channel)

    def frames(self, texts: list[str], channel: int | None = None) -> None:
        """Let frames arrive from the wire, in the notation of can-utils."""
        if channel is not None:
            self._node(channel)
        for msg in [Message.parse(text) for text in texts]:
            self._wire.arrive(msg, channel)

    def wire_bitrate(self, bitrate: int | None) -> None:
        """Let the others on the wire have this bit rate; 0 or None: any."""
        number = int(bitrate or 0)
        if number < 0:
            raise CanConfigError(f"{number} is no bit rate")
        self._wire.bitrate = number or None

    def traffic(self, texts: list[str], period: float) -> None:
        """Let frames arrive by themselves, in turn, one each `period` seconds; 0 ends that."""
        self._wire.traffic = None
        seconds = float(period)
        if not 0 <= seconds < _LONGEST:
            raise CanConfigError(f"{period} s is no period of frames")
        period_ns = round(seconds * NS)
        if period_ns:
            frames = [Message.parse(text) for text in texts]
            self._wire.traffic = Traffic(frames, period_ns, self._wire.clock())

    def error_frame(self, can_id: int, data: str = "", channel: int = 0) -> None:
        """Send an error frame to the host; `data` is hexadecimal."""
        self._node(channel)
        self._adapter.error_frame(channel, int(can_id), bytes.fromhex(data))

    def state(self) -> dict[str, Any]:
        """How things are."""
        return {
            "kind": self._adapter.kind,
            "plugged": self._emulator.port is not None,
            "port": self._emulator.port,
            "sent": len(self._wire.sent),
            "lost": self._emulator.lost,
            "wire_bitrate": self._wire.bitrate,
            "acknowledgements": self._wire.acknowledgements,
            "disturbances": self._wire.disturbances,
            "starts": [list(start) for start in self._wire.starts],
            "channels": [self._channel(node) for node in self._adapter.nodes],
        }

    def sent(self, since: int = 0) -> list[tuple[int, int, str]]:
        """The frames that went out, from a number on: channel, time, struct can(fd)_frame."""
        return [
            (channel, when, encode_can_frame(msg).hex())
            for channel, when, msg in self._wire.sent[since:]
        ]

    def wait_for_sent(self, count: int, timeout: float) -> Later:
        """Answer the number of frames that went out when it is that large."""
        sent = self._wire.sent
        deadline = time.monotonic() + timeout
        return Later(lambda: len(sent) >= count, deadline, lambda: len(sent))

    def wait_for_pending(self, count: int, timeout: float, channel: int = 0) -> Later:
        """Answer the number of frames that wait in the adapter when it is that large."""
        self._node(channel)
        pending = partial(self._adapter.pending, channel)
        return Later(lambda: pending() >= count, time.monotonic() + timeout, pending)

    def forget_sent(self) -> None:
        """Empty the records of what went out, and of starts."""
        self._wire.forget()

    def _node(self, channel: int) -> Node:
        nodes = self._adapter.nodes
        if channel not in range(len(nodes)):
            raise CanConfigError(f"there is no channel {channel!r}: this adapter has {len(nodes)}")
        return nodes[channel]

    def _channel(self, node: Node) -> dict[str, Any]:
        return {
            "on": node.on,
            "state": node.state.name,
            "fault": node.fault.value,
            "tec": node.tec,
            "rec": node.rec,
            "bus_off": node.bus_off,
            "bitrate": node.bitrate,
            "data_bitrate": node.data_bitrate,
            "fd": node.fd,
            "loop_back": node.loop_back,
            "pending": self._adapter.pending(node.channel),
            **self._adapter.settings(node.channel),
        }
