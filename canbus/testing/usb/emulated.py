"""`emulate()`: an emulated USB adapter as a Python object, while a process of its own runs it.

The user's end. The other process runs __main__.py; it has its own interpreter, so that a busy
test does not starve the adapter, and it ends with this one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from canbus.codecs.can_frame import decode_can_frame
from canbus.errors import CanConfigError, CanInitializationError, CanTimeoutError
from canbus.message import Message
from canbus.testing.usb import vhci
from canbus.testing.usb.control import Client
from canbus.testing.usb.wire import Sent

Kind = Literal["gs_usb", "pcan_usb"]
_DRIVERS = {"gs_usb": "gs_usb", "pcan_usb": "peak_usb"}
_PATIENCE = 20.0  # seconds; a driver takes about one to bind


class EmulatedAdapter:
    """An emulated adapter. Made by `emulate`.

    Where a method takes `channel`, that is the number of the adapter's channel, from 0.
    Every method raises CanConfigError (a ValueError) for a channel that is not there, and
    CanOperationError when the process of the emulator has ended.
    """

    def __init__(self, client: Client, channels: int, *, waits: bool) -> None:
        self._client = client
        self._channels = channels
        self._waits = waits
        self._port: int | None = None
        self._netdevs: dict[int, str] = {}
        self._sent: list[Sent] = []

    # -- plugging ---------------------------------------------------------------------

    @property
    def netdevs(self) -> tuple[str, ...]:
        """Names of its network interfaces, in order of its channels, as they are now."""
        if self._port is None:
            return ()
        return tuple(vhci.interfaces(self._port).values())

    def plug(self, timeout: float = _PATIENCE) -> tuple[str, ...]:
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
        if self._waits and not vhci.wait_for_links(lambda: self._has_appeared(port), timeout):
            raise CanInitializationError(
                f"the emulated adapter in port {port} of vhci-hcd has "
                f"{len(self._netdevs)} of {self._channels} interfaces after {timeout} s",
                hint="what the driver says is in dmesg",
            )
        return tuple(self._netdevs.values())

    def _has_appeared(self, port: int) -> bool:
        self._netdevs = vhci.interfaces(port)
        return len(self._netdevs) == self._channels

    def unplug(self, timeout: float = _PATIENCE) -> None:
        """Pull the cable, and wait until its interfaces are gone.

        Args:
            timeout: seconds.

        Raises:
            CanTimeoutError: they are still there.
        """
        indexes = self._indexes()
        self._client.ask("unplug")
        self._port = None
        self._netdevs = {}
        if not _wait_until_gone(indexes, timeout):
            raise CanTimeoutError(
                f"the interfaces of the adapter are still there after {timeout} s"
            )

    def _indexes(self) -> set[int]:
        return set() if self._port is None else set(vhci.interfaces(self._port))

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

    def wait_for_sent(self, count: int, timeout: float = _PATIENCE) -> list[Sent]:
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

    def wait_for_pending(self, count: int, timeout: float = _PATIENCE, channel: int = 0) -> None:
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
        """Empty the record that `sent` shows."""
        self._client.ask("forget_sent")
        self._sent.clear()

    def state(self) -> dict[str, Any]:
        """How things are: `plugged`, `port`, `sent`, `lost` and `channels`.

        `channels` is a list with, for each, `on`, `state` (a name of CanState), `fault`,
        `tec`, `rec`, `bus_off`, `bitrate`, `data_bitrate`, `fd`, `loop_back`, `pending` and
        what else the host has set up. `lost` counts frames that `wire` did not take.
        """
        answer: dict[str, Any] = self._client.ask("state")
        return answer


@contextmanager
def emulate(
    kind: Kind = "gs_usb",
    *,
    channels: int = 1,
    fd: bool = True,
    hardware_stamps: bool = True,
    wire: str | None = None,
    paced: bool = False,
    load_driver: bool = True,
) -> Iterator[EmulatedAdapter]:
    """Have an emulated USB CAN adapter, plugged in, for the length of a `with` block.

    The kernel's own driver binds to it and makes its interfaces; bring them up as you would
    those of the real one. Needs Linux with vhci-hcd, and root.

    Args:
        kind: `gs_usb`, a candleLight (1d50:606f), or `pcan_usb`, a PCAN-USB (0c72:000c).
        channels: gs_usb: 1 to 3, on one wire.
        fd: gs_usb: it can do CAN FD.
        hardware_stamps: gs_usb: it stamps frames. (pcan_usb always does.)
        wire: a CAN interface, a vcan say, that is on the same wire; None: there is none. A
            sound wire acknowledges in any case.
        paced: frames occupy the wire for their length; otherwise sending takes no time.
        load_driver: load the driver if need be, and wait for its interfaces; otherwise
            neither, so that the adapter is found as one is on a system without the driver.

    Raises:
        CanUnsupportedError: not Linux.
        CanKernelSupportError: the kernel has no vhci-hcd, or not the driver.
        CanPermissionError: a PermissionError; not root.
        CanChannelNotFoundError: there is no CAN interface `wire`.
        CanConfigError: a ValueError; no such kind, or not so many channels.
        CanInitializationError: vhci-hcd has no free port, or the driver made no interface.
    """
    options = _options(kind, channels, fd, hardware_stamps, paced)
    vhci.prepare(_DRIVERS[kind] if load_driver else None)
    ours, theirs = socket.socketpair()
    with theirs:
        program = [sys.executable, "-m", "canbus.testing.usb", *options]
        program += ["--control-fd", str(theirs.fileno())]
        process = subprocess.Popen(
            program, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=_environment()
        )
    client = Client(ours)
    adapter = EmulatedAdapter(client, channels, waits=load_driver)
    try:
        client.ask("state", patience=_PATIENCE)  # it takes its time to start
        if wire is not None:
            client.ask("join", wire=wire)
        adapter.plug()
        yield adapter
    finally:
        indexes = adapter._indexes()
        client.close()  # the process ends by that, and pulls the cable
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _wait_until_gone(indexes, _PATIENCE)


def _wait_until_gone(indexes: set[int], timeout: float) -> bool:
    return not indexes or vhci.wait_for_links(
        lambda: indexes.isdisjoint(index for index, _ in socket.if_nameindex()), timeout
    )


def _options(kind: str, channels: int, fd: bool, hardware_stamps: bool, paced: bool) -> list[str]:
    if kind not in _DRIVERS:
        raise CanConfigError(f"no emulated adapter {kind!r}", hint=f"known: {', '.join(_DRIVERS)}")
    if channels not in range(1, 4 if kind == "gs_usb" else 2):
        raise CanConfigError(f"a {kind} adapter with {channels} channels does not exist")
    options = [kind]
    if kind == "gs_usb":
        options += ["--channels", str(channels)]
        options += [] if fd else ["--no-fd"]
        options += [] if hardware_stamps else ["--no-hardware-stamps"]
    return options + (["--paced"] if paced else [])


def _environment() -> dict[str, str]:
    """Ours, with the folder of this package among those to import from."""
    home = str(Path(__file__).parents[3])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
