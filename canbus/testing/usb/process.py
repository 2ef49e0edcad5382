"""`emulate()`: start the process that runs an emulated adapter, and end it.

The process (__main__.py) has its own interpreter, so that a busy test does not starve the
adapter; it ends when the connection to its owner does, even if that is killed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from canbus.errors import CanConfigError
from canbus.testing.usb import vhci
from canbus.testing.usb.control import Client
from canbus.testing.usb.emulated import PATIENCE, EmulatedAdapter, wait_until_gone

Kind = Literal["gs_usb", "pcan_usb"]
_DRIVERS = {"gs_usb": "gs_usb", "pcan_usb": "peak_usb"}


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
        client.ask("state", patience=PATIENCE)  # it takes its time to start
        if wire is not None:
            client.ask("join", wire=wire)
        adapter.plug()
        yield adapter
    finally:
        indexes = adapter.indexes()
        client.close()  # the process ends by that, and pulls the cable
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        wait_until_gone(indexes, PATIENCE)


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
