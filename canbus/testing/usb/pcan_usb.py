"""PCAN-USB, as the stock `peak_usb` driver knows it: commands, buffer, clock, error records.

The protocol is that of drivers/net/can/usb/peak_usb/pcan_usb.c; bytes are in
pcan_usb_records.py. The controller is an SJA1000: bus-off empties its queue, switching the bus
on again is the restart, and in listen-only mode its error counters stand still: as they are all
that this adapter tells of errors, it then tells nothing.
"""

from __future__ import annotations

from struct import pack
from typing import Any

from canbus.message import Message
from canbus.state import CanState
from canbus.testing.usb import pcan_usb_records as records
from canbus.testing.usb.adapter import CanAdapter
from canbus.testing.usb.descriptors import Identity
from canbus.testing.usb.node import Transmission
from canbus.testing.usb.wire import Wire

CLOCK = 8_000_000
BUFFER = 32
"""Frames the adapter holds before it makes the host wait. PEAK does not tell the true number."""

_COMMANDS, _FRAMES = 1, 2  # bulk endpoints, each in both directions
_SET_BITRATE, _BUS_ON, _SILENT, _DEVICE_ID, _SERIAL = (1, 2), (3, 2), (3, 3), (4, 1), (6, 1)
_ANSWERS = {_DEVICE_ID: 0x5A, _SERIAL: 0xC0FFEE}
_TELL_TIME_NS = 10**9
_ERROR_BITS = {
    CanState.ERROR_ACTIVE: 0,
    CanState.ERROR_WARNING: records.BUS_HEAVY,
    CanState.ERROR_PASSIVE: records.BUS_HEAVY,  # the counters tell the two apart
    CanState.BUS_OFF: records.BUS_OFF,
    CanState.STOPPED: 0,
}


class PcanUsb(CanAdapter):
    """A PCAN-USB adapter (0c72:000c), hardware revision 4.1: with one-shot and loopback.

    Args:
        wire: what it is on.
    """

    kind = "pcan_usb"
    driver = "peak_usb"

    def __init__(self, wire: Wire) -> None:
        endpoints = (_COMMANDS, 0x80 | _COMMANDS, _FRAMES, 0x80 | _FRAMES)
        identity = Identity(
            0x0C72, 0x000C, 41 << 8, "PEAK-System", "PCAN-USB (emulated)", "", endpoints
        )
        super().__init__(wire, identity, 1, forgets=True, freezes=True)
        self._next_time_ns = 0

    def bulk_out(self, endpoint: int, data: bytes) -> bool:
        """Take a command or a frame from the host."""
        if endpoint == _COMMANDS:
            self._command((data[0], data[1]), data[2:])
            return True
        node = self.nodes[0]
        if not node.on or node.bus_off:
            return True  # an SJA1000 in reset mode takes nothing: the frame is lost
        if len(node.queue) >= BUFFER:
            return False
        msg, loop_back, one_shot = records.decode_frame(data)
        node.send(msg, int(loop_back), one_shot=one_shot)
        return True

    def _command(self, command: tuple[int, int], arguments: bytes) -> None:
        node = self.nodes[0]
        if command in _ANSWERS:
            answer = bytes(command) + pack("<I", _ANSWERS[command])
            self.bulk_in(_COMMANDS, answer.ljust(16, b"\0"))
        elif command == _SET_BITRATE:
            node.bitrate = _bitrate(btr0=arguments[1], btr1=arguments[0])
        elif command == _SILENT:
            node.listen_only = bool(arguments[0])
        elif command == _BUS_ON and not arguments[0]:
            node.stop()
            self.forget_in(_FRAMES)
        elif command == _BUS_ON:
            node.start()
            self._next_time_ns = 0
            self._to_host(records.counters_record(0, 0))

    def tick(self) -> int | None:
        """Tell the adapter's clock, once a second: the driver needs two such records."""
        if not self.nodes[0].on:
            return None
        now = self.wire.clock()
        if now >= self._next_time_ns:
            self._next_time_ns = now + _TELL_TIME_NS
            self._to_host(records.time_record(now))
        return self._next_time_ns

    def frame_arrived(self, channel: int, msg: Message) -> None:
        """Pass a frame to the host."""
        self._to_host(records.frame_record(msg, self.wire.clock()))

    def finished(self, channel: int, job: Transmission) -> None:
        """There is room for another frame; hand this one back if that was asked for."""
        if job.token:
            self.frame_arrived(channel, job.msg)
        self.retry_out(_FRAMES)

    def state_changed(self, channel: int) -> None:
        """Tell counters and state."""
        node = self.nodes[0]
        self._to_host(records.counters_record(node.tec, node.rec))
        self._to_host(records.error_record(_ERROR_BITS[node.state], self.wire.clock()))
        if node.bus_off:
            self.retry_out(_FRAMES)

    def misheard(self, channel: int) -> None:
        """Tell the counters, as they have changed; a change of state is told besides."""
        node = self.nodes[0]
        if not node.listen_only:
            self._to_host(records.counters_record(node.tec, node.rec))

    def overflow(self, channel: int) -> None:
        """Lose a frame, and say so."""
        bits = records.RX_OVERRUN | _ERROR_BITS[self.nodes[0].state]
        self._to_host(records.error_record(bits, self.wire.clock()))

    def settings(self, channel: int) -> dict[str, Any]:
        """Silent mode."""
        return {"listen_only": self.nodes[channel].listen_only}

    def _to_host(self, data: bytes) -> None:
        if self.nodes[0].on:
            self.bulk_in(_FRAMES, data)


def _bitrate(*, btr0: int, btr1: int) -> int:
    """Bit/s of the two bus timing registers of an SJA1000."""
    brp = (btr0 & 0x3F) + 1
    ticks = 1 + (btr1 & 0x0F) + 1 + (btr1 >> 4 & 0x07) + 1
    return CLOCK // (brp * ticks)
