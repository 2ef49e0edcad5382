"""A serial CAN adapter on USB, a CANable 2 say, as the stock `cdc_acm` driver and slcan know it.

The serial port is here, and what joins the protocol to the wire. The protocol itself, its
firmwares and faults are those of the emulator on a pseudo-terminal (canbus.testing.slcan).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import pack, unpack_from
from typing import Any

from canbus.message import Message
from canbus.state import CanState
from canbus.testing.slcan.adapter import SlcanAdapter
from canbus.testing.slcan.faults import UnplugAfter
from canbus.testing.slcan.faulty import Faulty
from canbus.testing.slcan.firmware import Mode
from canbus.testing.slcan.parting import Parting
from canbus.testing.slcan.talk import Talk
from canbus.testing.usb.adapter import CanAdapter
from canbus.testing.usb.cdc_acm_descriptors import COMMUNICATIONS, cdc_acm_interfaces
from canbus.testing.usb.descriptors import Identity
from canbus.testing.usb.device import Request
from canbus.testing.usb.node import Fault
from canbus.testing.usb.wire import Wire

DIALECT = "canable2-answers"
"""What it speaks if nothing else is said: what later builds of its firmware do."""
BUFFER = 65536
"""Bytes that it holds for a host that does not read."""

_DATA, _NOTIFICATIONS = 1, 2  # endpoints
_SET_LINE_CODING, _GET_LINE_CODING, _SET_CONTROL_LINE_STATE, _SEND_BREAK = 0x20, 0x21, 0x22, 0x23
_CODING = "<IBBB"  # bit/s, stop bits, parity, data bits
_DTR, _RTS = 0x01, 0x02
_LOOK_AGAIN_NS = 20_000_000
_LOST = 0x09  # of `F`: receive FIFO full, data overrun
_PASSIVE = 128
_FLAGS = {  # of `F`
    CanState.ERROR_ACTIVE: 0,
    CanState.ERROR_WARNING: 0x04,
    CanState.ERROR_PASSIVE: 0x24,
    CanState.BUS_OFF: 0xA4,
    CanState.STOPPED: 0,
}


class CdcAcm(CanAdapter):
    """A CANable 2 with slcan firmware (16d0:117e), or any other of canbus.testing.slcan.

    Args:
        wire: what it is on.
        dialect: name of its firmware.
        serial: serial number that USB tells.
        version: its whole answer to `V`, without CR; None: that of the firmware.

    Raises:
        CanConfigError: a ValueError; there is no such firmware.

    Attributes:
        slcan: its side of the protocol.
        faults: what is wrong with it, beside its wire.
        talk: what it and the host say to each other.
    """

    kind = "cdc_acm"
    driver = "cdc_acm"

    def __init__(
        self,
        wire: Wire,
        dialect: str = DIALECT,
        *,
        serial: str = "EMULATED",
        version: str | None = None,
    ) -> None:
        self.slcan = SlcanAdapter(dialect, version=version, clock=wire.clock)
        self.faults = Faulty()
        self.talk = Talk(self.slcan, self.faults, BUFFER, wire.clock)
        self._do, self.slcan.intercept = self.slcan.intercept, self._command
        self.slcan.transmitter.to_wire = self._to_wire
        identity = Identity(
            0x16D0,
            0x117E,
            0x0200,
            "canbus",
            "CANable 2 (emulated)",
            serial,
            (),
            COMMUNICATIONS,
            cdc_acm_interfaces(_NOTIFICATIONS, _DATA),
        )
        super().__init__(wire, identity, 1, forgets=True)
        self.nodes[0].fd = self.slcan.firmware.has_fd
        self._follow()

    def reset(self) -> None:
        """Be as one that was just plugged in."""
        super().reset()
        self.talk.restart()
        self.talk.has_host = False
        self._coding = pack(_CODING, 115_200, 0, 0, 8)
        self._lines = self._breaks = 0
        self._tried_in_vain = self.slcan.transmitter.lost
        self._parting: Parting | None = None
        self._follow()

    # -- the serial port ----------------------------------------------------------------

    def vendor_request(self, request: Request) -> bytes | None:
        """Answer what cdc-acm asks of a serial port; the line changes nothing."""
        if request.request == _GET_LINE_CODING:
            return self._coding
        if request.request == _SET_LINE_CODING and len(request.data) == len(self._coding):
            self._coding = request.data
        elif request.request == _SET_CONTROL_LINE_STATE:
            self._set_lines(request.value)
        elif request.request == _SEND_BREAK:
            self._breaks += bool(request.value)  # 0 ends it
        else:
            return None
        return b""

    def _set_lines(self, lines: int) -> None:
        was_there = self._lines & _DTR
        self._lines = lines
        if lines & _DTR:
            self.talk.has_host = True
        elif was_there:  # the port was closed
            self.talk.has_host = False
            self.talk.discard()

    def bulk_out(self, endpoint: int, data: bytes) -> bool:
        """Hear what the host has written."""
        self.talk.has_host = True  # whatever its lines say
        self.talk.hear(data)
        return True

    def tick(self) -> int | None:
        """Send what the host asks for and what is due."""
        now = self.wire.clock()
        while (room := self.asked_in(_DATA)) and (data := self.talk.peek(now)[:room]):
            self.bulk_in(_DATA, data)
            self.talk.took(len(data), now)
        if self.talk.is_over:
            return self._part(now)
        return self.talk.outbox.due_ns() if self.asked_in(_DATA) else None

    def _part(self, now: int) -> int:
        self._parting = self._parting or Parting(now)
        if self._parting.is_over(0, now):
            self.faults.clear((UnplugAfter,))
            self.is_leaving = True
        return now + _LOOK_AGAIN_NS

    # -- protocol and wire --------------------------------------------------------------

    def _command(self, line: bytes, handle: Callable[[bytes], bytes]) -> bytes:
        answer = self._do(line, handle)
        self._follow()
        return answer

    def _follow(self) -> None:
        """Let the controller do what the host has told the firmware."""
        slcan = self.slcan
        for node in self.nodes:
            if slcan.is_open and not node.on:
                node.bitrate = slcan.firmware.bitrates.get(slcan.bitrate or "", 0)
                node.data_bitrate = slcan.firmware.data_bitrates.get(slcan.data_bitrate or "", 0)
                node.loop_back = slcan.mode is Mode.LOOPBACK
                node.listen_only = slcan.mode is Mode.LISTEN_ONLY
                node.start()
                slcan.status = 0
            elif node.on and not slcan.is_open:
                node.stop()
            transmitter = slcan.transmitter
            if transmitter.pending or transmitter.lost > self._tried_in_vain:
                node.set_counters(max(node.tec, _PASSIVE), node.rec)
            self._tried_in_vain = transmitter.lost

    def _to_wire(self, msg: Message) -> bool:
        node = self.nodes[0]
        if node.bus_off or len(node.queue) >= self.slcan.firmware.queue:
            return False
        node.send(msg)
        return True

    def faults_changed(self) -> None:
        """Act upon what is wrong with the adapter and with its wire, now."""
        self.slcan.hear(self.faults.is_heard and self.nodes[0].fault is not Fault.NOACK)

    def fault_changed(self, channel: int) -> None:
        """Send what waited, if somebody acknowledges again."""
        self.faults_changed()

    def pending(self, channel: int) -> int:
        """Frames that wait because nobody acknowledges, or because the wire is busy."""
        return len(self.slcan.transmitter.pending) + super().pending(channel)

    def frame_arrived(self, channel: int, msg: Message) -> None:
        """Pass a frame to the host."""
        self.slcan.arrive(msg)

    def state_changed(self, channel: int) -> None:
        """Keep the state for `F`; nothing is sent by itself."""
        self.slcan.status = _FLAGS[self.nodes[channel].state]

    def recovered(self, channel: int) -> None:
        """Be error-active again; nothing is sent by itself."""
        self.slcan.status = 0

    def overflow(self, channel: int) -> None:
        """Lose a frame, and keep that for `F`."""
        self.slcan.lost |= _LOST

    def settings(self, channel: int) -> dict[str, Any]:
        """The firmware, the serial line, and what was lost on it."""
        baudrate, _, _, _ = unpack_from(_CODING, self._coding)
        return {
            "dialect": self.slcan.firmware.name,
            "listen_only": self.slcan.mode is Mode.LISTEN_ONLY,
            "baudrate": baudrate,
            "dtr": bool(self._lines & _DTR),
            "rts": bool(self._lines & _RTS),
            "breaks": self._breaks,
            "commands": len(self.talk.commands),
            "discarded_bytes": self.talk.discarded_bytes,
            "overflowed": self.talk.outbox.overflowed,
            "unheard": self.slcan.unheard,
        }
