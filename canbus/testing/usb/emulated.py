"""An emulated USB adapter as a Python object: the user's handle, for as long as it lives.

What is asked goes to the process that runs the adapter (control.py); which interfaces there
are is asked of the kernel (vhci.py). How that process starts and ends is in process.py.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from typing import Any, Literal

from canbus.codecs.can_frame import decode_can_frame
from canbus.errors import CanInitializationError, CanTimeoutError
from canbus.message import Message
from canbus.testing.usb import vhci
from canbus.testing.usb.control import Client
from canbus.testing.usb.node import Start
from canbus.testing.usb.wire import Sent

PATIENCE = 20.0
"""Seconds to wait for the kernel; a driver takes about one to bind."""


class EmulatedAdapter:
    """An emulated adapter. Made by `emulate`.

    Where a method takes `channel`, that is the number of the adapter's channel, from 0.
    Every method raises CanConfigError (a ValueError) for a channel that is not there, and
    CanOperationError when the process of the emulator has ended.
    """

    _what = "interfaces"

    def __init__(self, client: Client, channels: int, *, waits: bool) -> None:
        self._client = client
        self._channels = channels
        self._waits = waits
        self._port: int | None = None
        self._sent: list[Sent] = []

    # -- plugging ---------------------------------------------------------------------

    @property
    def netdevs(self) -> tuple[str, ...]:
        """Names of its network interfaces, in order of its channels, as they are now."""
        if self._port is None:
            return ()
        return tuple(vhci.interfaces(self._port).values())

    def plug(self, timeout: float = PATIENCE) -> tuple[str, ...]:
        """Plug it in (`emulate` has done that), and wait for its interfaces.

        Args:
            timeout: seconds.

        Returns:
            Names of its network interfaces, in order of its channels. They are down.

        Raises:
            CanInitializationError: vhci-hcd has no free port, or the driver made no interface.
        """
        port: int = self._client.ask("plug")
        self._port = port
        found: tuple[str, ...] = ()

        def has_appeared() -> bool:
            nonlocal found
            found = self._find()
            return len(found) == self._channels

        if self._waits and not vhci.wait_for_devices(has_appeared, timeout):
            raise CanInitializationError(
                f"the emulated adapter in port {port} of vhci-hcd has "
                f"{len(found)} of {self._channels} {self._what} after {timeout} s",
                hint="what the driver says is in dmesg",
            )
        return found

    def _find(self) -> tuple[str, ...]:
        """What a driver makes of it, as it is now, in order of its channels."""
        return self.netdevs

    def unplug(self, timeout: float = PATIENCE) -> None:
        """Pull the cable, and wait until its interfaces are gone.

        Args:
            timeout: seconds.

        Raises:
            CanTimeoutError: they are still there.
        """
        gone = self.departure()
        self._client.ask("unplug")
        self._port = None
        if not vhci.wait_for_devices(gone, timeout):
            raise CanTimeoutError(
                f"the {self._what} of the adapter are still there after {timeout} s"
            )

    def departure(self) -> Callable[[], bool]:
        """Return what tells whether that is gone which the drivers have made of it until now."""
        indexes = set() if self._port is None else set(vhci.interfaces(self._port))
        return lambda: indexes.isdisjoint(index for index, _ in socket.if_nameindex())

    # -- faults -----------------------------------------------------------------------

    def fault(self, kind: Literal["none", "noack", "short"], channel: int = 0) -> None:
        """Break the wire, or mend it; the fault outlives down, up and unplugging.

        Args:
            kind: `noack`: nobody acknowledges; frames are retried, and the controller goes
                error-passive. `short`: the lines are shorted; sending leads to bus-off, and
                nothing arrives. `none`: sound; what is pending goes out, in order.
            channel: which.
        """
        self._client.ask("fault", kind=kind, channel=channel)

    def short(self, channel: int = 0) -> None:
        """Short the lines: `fault("short")`."""
        self.fault("short", channel)

    def bus_off(self, channel: int = 0) -> None:
        """Drive the controller to bus-off at once, on a wire that is sound."""
        self._client.ask("bus_off", channel=channel)

    def recover(self, channel: int = 0) -> None:
        """Let the firmware leave bus-off by itself and say so; gs_usb only.

        Raises:
            CanUnsupportedError: the adapter leaves that to the host.
        """
        self._client.ask("recover", channel=channel)

    def error_counters(self, tec: int, rec: int, channel: int = 0) -> None:
        """Set the transmit and receive error counters, 0..255; the host is told of a new state."""
        self._client.ask("error_counters", tec=tec, rec=rec, channel=channel)

    def overflow(self, channel: int = 0) -> None:
        """Let the adapter lose a received frame; gs_usb says so with the next frame."""
        self._client.ask("overflow", channel=channel)

    # -- frames -----------------------------------------------------------------------

    def frame(self, frame: str | Message, channel: int | None = None) -> None:
        """Let a frame arrive from the wire, as if another node had sent it.

        Args:
            frame: a frame, or one in the notation of can-utils: `123#DEAD`.
            channel: by default all that are on the adapter.

        Raises:
            CanConfigError: a ValueError; the text is no frame.
        """
        self.frames([frame], channel)

    def frames(self, frames: Iterable[str | Message], channel: int | None = None) -> None:
        """Let frames arrive, one right after the other; see `frame`."""
        texts = [text if isinstance(text, str) else format(text, "candump") for text in frames]
        self._client.ask("frames", texts=texts, channel=channel)

    def set_wire_bitrate(self, bitrate: int | None) -> None:
        """Give the others on the wire a bit rate.

        A channel that is set up otherwise hears errors only. If it does not just listen, it
        disturbs the others by an error flag for each frame, until it is error-passive, and
        goes bus-off when it sends.

        Args:
            bitrate: bit/s; None: rates are not compared.
        """
        self._client.ask("wire_bitrate", bitrate=bitrate)

    def traffic(self, frames: Iterable[str | Message], period: float) -> None:
        """Let the others on the wire send by themselves, until told otherwise.

        Args:
            frames: in turn, for ever; see `frame`.
            period: seconds between two; 0 ends the traffic.

        Raises:
            CanConfigError: a ValueError; a text is no frame, or there is none.
        """
        texts = [text if isinstance(text, str) else format(text, "candump") for text in frames]
        self._client.ask("traffic", texts=texts, period=period)

    @property
    def starts(self) -> list[Start]:
        """Every time that a channel was started: which, at what bit rate, only to listen or not.

        Oldest first; `forget_sent` empties this record, too.
        """
        return [Start(*values) for values in self._client.ask("state")["starts"]]

    def error_frame(self, can_id: int, data: bytes = b"", channel: int = 0) -> None:
        """Let the adapter report an error frame as it is; gs_usb only.

        Args:
            can_id: error classes of <linux/can/error.h>.
            data: up to 8 bytes; padded with zeros.
            channel: which.

        Raises:
            CanUnsupportedError: the protocol of this adapter carries no error frames.
        """
        self._client.ask("error_frame", can_id=can_id, data=data.hex(), channel=channel)

    @property
    def sent(self) -> list[Sent]:
        """The frames that really went out on the wire, oldest first; there is no limit.

        A frame that the host has queued, or that was lost in bus-off, is not among them.
        """
        for channel, when, raw in self._client.ask("sent", since=len(self._sent)):
            msg = decode_can_frame(bytes.fromhex(raw))
            self._sent.append(Sent(channel, when, msg))
        return list(self._sent)

    def wait_for_sent(self, count: int, timeout: float = PATIENCE) -> list[Sent]:
        """Wait until so many frames went out.

        Args:
            count: of all frames since the start, or since `forget_sent`.
            timeout: seconds.

        Returns:
            What `sent` is then.

        Raises:
            CanTimeoutError: fewer went out.
        """
        number = self._client.ask("wait_for_sent", patience=timeout, count=count, timeout=timeout)
        if number < count:
            raise CanTimeoutError(f"{number} frames went out in {timeout} s, not {count}")
        return self.sent

    def wait_for_pending(self, count: int, timeout: float = PATIENCE, channel: int = 0) -> None:
        """Wait until so many frames of the host wait in the adapter.

        Raises:
            CanTimeoutError: there are fewer after `timeout` seconds.
        """
        number = self._client.ask(
            "wait_for_pending", patience=timeout, count=count, timeout=timeout, channel=channel
        )
        if number < count:
            raise CanTimeoutError(f"{number} frames are pending after {timeout} s, not {count}")

    def forget_sent(self) -> None:
        """Empty the records that `sent` and `starts` show, and the counts of `state()`."""
        self._client.ask("forget_sent")
        self._sent.clear()

    def state(self) -> dict[str, Any]:
        """How things are: `plugged`, `port`, `sent`, `lost`, `channels`, and more.

        `channels` is a list with, for each, `on`, `state` (a name of CanState), `fault`,
        `tec`, `rec`, `bus_off`, `bitrate`, `data_bitrate`, `fd`, `loop_back`, `pending` and
        what else the host has set up. `lost` counts frames that `wire` did not take.
        `wire_bitrate` is that of the others on the wire; `acknowledgements` and `disturbances`
        count what the channels did to their frames, since the start or `forget_sent`.
        """
        answer: dict[str, Any] = self._client.ask("state")
        return answer
