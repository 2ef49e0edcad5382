"""candleLight, as the stock `gs_usb` driver knows it: requests, modes, echoes, error frames.

The protocol is that of drivers/net/can/usb/gs_usb.c; what an adapter does of its own accord
(error frames on a change of state) is that of the candleLight firmware, except that a frame
is echoed when the wire has taken it, as adapters with CAN FD do. struct gs_host_frame is in
gs_usb_frames.py.
"""

from __future__ import annotations

from struct import pack, unpack
from typing import Any

from canbus.frame_flags import ERR
from canbus.message import Message, received
from canbus.state import CanState
from canbus.testing.usb import gs_usb_frames as frames
from canbus.testing.usb.adapter import CanAdapter
from canbus.testing.usb.descriptors import Identity
from canbus.testing.usb.device import Request
from canbus.testing.usb.node import Node, Transmission
from canbus.testing.usb.wire import Wire

CLOCK = 80_000_000
_IN, _OUT = 1, 2  # bulk endpoints

# enum gs_usb_breq
_HOST_FORMAT, _BITTIMING, _MODE, _BERR, _BT_CONST, _DEVICE_CONFIG, _TIMESTAMP, _IDENTIFY = range(8)
_DATA_BITTIMING, _BT_CONST_EXT, _SET_TERMINATION, _GET_TERMINATION, _GET_STATE = range(10, 15)
_OF_DEVICE = {_HOST_FORMAT, _DEVICE_CONFIG}  # wValue of the others is a channel

# GS_CAN_FEATURE_*; those that are modes have the same bits in struct gs_device_mode
_LISTEN_ONLY, _LOOP_BACK, _ONE_SHOT, _HW_STAMP, _IDENTIFIES = 1 << 0, 1 << 1, 1 << 3, 1 << 4, 1 << 5
_FD, _EXTENDED, _TERMINATES, _BERR_REPORTING, _STATE = 1 << 8, 1 << 10, 1 << 11, 1 << 12, 1 << 13

# <linux/can/error.h>
_CRTL, _PROT, _ACK, _BUSOFF, _BUSERROR = 0x04, 0x08, 0x20, 0x40, 0x80
_RESTARTED, _CNT = 0x100, 0x200
_STUFF = 0x04  # data[2]
_ACTIVE = 0x40
_WARNING_RX, _WARNING_TX, _PASSIVE_RX, _PASSIVE_TX = 0x04, 0x08, 0x10, 0x20


class GsUsb(CanAdapter):
    """A candleLight adapter (1d50:606f).

    Args:
        wire: what its channels are on.
        channels: 1 to 3, the most that the driver takes.
        fd: it can do CAN FD.
        hardware_stamps: it stamps frames, in microseconds.
        listen_only: it can be silent.
        serial: serial number that USB tells.
    """

    kind = "gs_usb"
    driver = "gs_usb"

    def __init__(
        self,
        wire: Wire,
        channels: int = 1,
        *,
        fd: bool = True,
        hardware_stamps: bool = True,
        listen_only: bool = True,
        serial: str = "EMULATED",
    ) -> None:
        identity = Identity(
            0x1D50,
            0x606F,
            0x0000,
            "canbus",
            "candleLight USB to CAN adapter (emulated)",
            serial,
            (0x80 | _IN, _OUT),
        )
        super().__init__(wire, identity, channels, forgets=False)
        self._feature = _LOOP_BACK | _ONE_SHOT | _IDENTIFIES | (_LISTEN_ONLY if listen_only else 0)
        self._feature |= _TERMINATES | _BERR_REPORTING | _STATE
        self._feature |= (_FD | _EXTENDED if fd else 0) | (_HW_STAMP if hardware_stamps else 0)
        self._modes = [0] * channels
        self._termination = [0] * channels
        self._overflowed = [False] * channels

    # -- requests of the host -----------------------------------------------------------

    def vendor_request(self, request: Request) -> bytes | None:
        """Answer the driver's requests (`enum gs_usb_breq`)."""
        if request.request not in _OF_DEVICE and request.value >= len(self.nodes):
            return None
        if request.type & 0x80:
            return self._get(request)
        return self._set(request)

    def _get(self, request: Request) -> bytes | None:
        channel = request.value
        # Feature, clock, and limits: tseg1, tseg2, sjw, brp (struct gs_device_bt_const).
        limits = pack("<10I", self._feature, CLOCK, 1, 256, 1, 128, 128, 1, 512, 1)
        if request.request == _BT_CONST:
            return limits
        if request.request == _BT_CONST_EXT:
            return limits + pack("<8I", 1, 32, 1, 16, 16, 1, 32, 1)
        if request.request == _DEVICE_CONFIG:  # channels less one, software, hardware version
            return pack("<4B2I", 0, 0, 0, len(self.nodes) - 1, 2, 1)
        if request.request == _TIMESTAMP:
            return pack("<I", self._now_us())
        if request.request == _GET_TERMINATION:
            return pack("<I", self._termination[channel])
        if request.request == _GET_STATE:
            node = self.nodes[channel]
            return pack("<3I", node.state, node.rec, min(node.tec, 255))
        return None

    def _set(self, request: Request) -> bytes | None:
        node = None if request.request == _HOST_FORMAT else self.nodes[request.value]
        data = request.data
        if node is None or request.request in {_BERR, _IDENTIFY}:
            return b""
        if request.request == _BITTIMING:
            node.bitrate = _bitrate(data)
        elif request.request == _DATA_BITTIMING:
            node.data_bitrate = _bitrate(data)
        elif request.request == _MODE:
            self._set_mode(node, *unpack("<2I", data))
        elif request.request == _SET_TERMINATION:
            (self._termination[node.channel],) = unpack("<I", data)
        else:
            return None
        return b""

    def _set_mode(self, node: Node, start: int, flags: int) -> None:
        self._modes[node.channel] = flags
        self._overflowed[node.channel] = False
        node.loop_back = bool(flags & _LOOP_BACK)
        node.listen_only = bool(flags & _LISTEN_ONLY)
        node.fd = bool(flags & _FD)
        if start:
            node.start()
        else:
            node.stop()
            if not any(other.on for other in self.nodes):
                self.forget_in(_IN)

    # -- frames ---------------------------------------------------------------------------

    def bulk_out(self, endpoint: int, data: bytes) -> bool:
        """Take a frame from the host. There is room: the driver has ten in flight at most."""
        channel, echo_id, msg = frames.decode(data)
        one_shot = bool(self._modes[channel] & _ONE_SHOT)
        self.nodes[channel].send(msg, echo_id, one_shot=one_shot)
        return True

    def finished(self, channel: int, job: Transmission) -> None:
        """Echo the frame. A failed one-shot too: the driver would wait for it for ever."""
        self._to_host(channel, job.msg, job.token)

    def frame_arrived(self, channel: int, msg: Message) -> None:
        """Pass a frame to the host."""
        self._to_host(channel, msg)

    def _to_host(self, channel: int, msg: Message, echo_id: int = frames.RECEIVED) -> None:
        if not self.nodes[channel].on:
            return  # the driver of Linux 6.1 panics on a frame for a channel that is closed
        flags = frames.OVERFLOW if self._overflowed[channel] else 0
        self._overflowed[channel] = False
        stamp = self._now_us() if self._modes[channel] & _HW_STAMP else None
        self.bulk_in(_IN, frames.encode(msg, channel, echo_id, flags, stamp))

    # -- errors ---------------------------------------------------------------------------

    def state_changed(self, channel: int) -> None:
        """Tell the host by an error frame."""
        node = self.nodes[channel]
        if node.state is CanState.BUS_OFF:
            self._error(channel, _BUSOFF)
            return
        transmitter = node.tec >= node.rec
        detail = {
            CanState.ERROR_ACTIVE: _ACTIVE,
            CanState.ERROR_WARNING: _WARNING_TX if transmitter else _WARNING_RX,
            CanState.ERROR_PASSIVE: _PASSIVE_TX if transmitter else _PASSIVE_RX,
        }[node.state]
        self._error(channel, _CRTL | _CNT, detail)

    def attempt_failed(self, channel: int) -> None:
        """Report a missing acknowledge, where the host has switched bus errors on."""
        if self._modes[channel] & _BERR_REPORTING:
            self._error(channel, _ACK | _BUSERROR)

    def misheard(self, channel: int) -> None:
        """Report a violation of bit stuffing, where the host has switched bus errors on."""
        if self._modes[channel] & _BERR_REPORTING:
            self._error(channel, _PROT | _BUSERROR | _CNT, protocol=_STUFF)

    def overflow(self, channel: int) -> None:
        """Lose a frame; as the firmware does, the next frame to the host says so."""
        self._overflowed[channel] = True

    def recovered(self, channel: int) -> None:
        """Tell the host that the controller restarted itself."""
        self._error(channel, _RESTARTED)

    def error_frame(self, channel: int, can_id: int, data: bytes) -> None:
        """Send any error frame."""
        msg = received(can_id & ~ERR, ERR, data.ljust(8, b"\0"), 8, 0, None)
        self._to_host(channel, msg)

    def _error(self, channel: int, can_id: int, controller: int = 0, protocol: int = 0) -> None:
        node = self.nodes[channel]
        counters = bytes([min(node.tec, 255), min(node.rec, 255)])
        self.error_frame(channel, can_id, bytes([0, controller, protocol, 0, 0, 0]) + counters)

    def settings(self, channel: int) -> dict[str, Any]:
        """Modes and termination."""
        flags = self._modes[channel]
        return {
            "listen_only": bool(flags & _LISTEN_ONLY),
            "one_shot": bool(flags & _ONE_SHOT),
            "bus_error_reporting": bool(flags & _BERR_REPORTING),
            "termination": 120 if self._termination[channel] else 0,
        }

    def _now_us(self) -> int:
        return self.wire.clock() // 1000 & 0xFFFFFFFF


def _bitrate(data: bytes) -> int:
    """Bit/s of struct gs_device_bittiming."""
    prop_seg, phase_seg1, phase_seg2, _, brp = unpack("<5I", data)
    ticks: int = brp * (1 + prop_seg + phase_seg1 + phase_seg2)
    return CLOCK // ticks
