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
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal, overload

from canbus.testing.usb import vhci
from canbus.testing.usb.control import Client
from canbus.testing.usb.emulated import PATIENCE, EmulatedAdapter
from canbus.testing.usb.emulated_serial import EmulatedSerialAdapter
from canbus.testing.usb.options import DRIVERS, words

CanKind = Literal["gs_usb", "pcan_usb"]


@overload
def emulate(
    kind: CanKind = "gs_usb",
    *,
    channels: int = 1,
    fd: bool = True,
    hardware_stamps: bool = True,
    listen_only: bool = True,
    serial: str | None = None,
    wire: str | None = None,
    paced: bool = False,
    wire_bitrate: int | None = None,
    load_driver: bool = True,
) -> AbstractContextManager[EmulatedAdapter]: ...


@overload
def emulate(
    kind: Literal["cdc_acm"],
    *,
    dialect: str = ...,
    version: str | None = None,
    serial: str | None = None,
    wire: str | None = None,
    paced: bool = False,
    wire_bitrate: int | None = None,
    load_driver: bool = True,
) -> AbstractContextManager[EmulatedSerialAdapter]: ...


def emulate(
    kind: str = "gs_usb",
    *,
    wire: str | None = None,
    load_driver: bool = True,
    **options: Any,
) -> AbstractContextManager[EmulatedAdapter]:
    """Have an emulated USB CAN adapter, plugged in, for the length of a `with` block.

    The kernel's own driver binds to it and makes its interfaces, or its serial port; bring them
    up as you would those of the real one. Needs Linux with vhci-hcd, and root.

    Args:
        kind: `gs_usb`, a candleLight (1d50:606f); `pcan_usb`, a PCAN-USB (0c72:000c); `cdc_acm`,
            a CANable 2 with slcan firmware (16d0:117e).
        dialect: cdc_acm: its firmware, a name that `canbus emulate slcan --list` shows.
        version: cdc_acm: its answer to `V`, without CR; by default that of the firmware.
        serial: gs_usb, cdc_acm: the serial number that USB tells.
        channels: gs_usb: 1 to 3, on one wire.
        fd: gs_usb: it can do CAN FD.
        hardware_stamps: gs_usb: it stamps frames. (pcan_usb always does.)
        listen_only: gs_usb: it has that mode. (pcan_usb always has.)
        wire: a CAN interface, a vcan say, that is on the same wire; None: there is none. A
            sound wire acknowledges in any case.
        paced: frames occupy the wire for their length; otherwise sending takes no time.
        wire_bitrate: bit/s of the others on the wire; a channel that is set up otherwise hears
            errors only, and disturbs unless it just listens. None: rates are not compared.
        load_driver: load the driver if need be, and wait for what it makes; otherwise
            neither, so that the adapter is found as one is on a system without the driver.
        **options: those of the kind, as above.

    Raises:
        CanUnsupportedError: not Linux.
        CanKernelSupportError: the kernel has no vhci-hcd, or not the driver.
        CanPermissionError: a PermissionError; not root.
        CanChannelNotFoundError: there is no CAN interface `wire`.
        CanConfigError: a ValueError; no such kind, or it has no such option or value.
        CanInitializationError: vhci-hcd has no free port, or the driver made nothing of it.
    """
    return _emulate(kind, wire, load_driver, options)


@contextmanager
def _emulate(
    kind: str, wire: str | None, load_driver: bool, options: dict[str, Any]
) -> Iterator[EmulatedAdapter]:
    arguments = words(kind, options)
    vhci.prepare(DRIVERS[kind] if load_driver else None)
    ours, theirs = socket.socketpair()
    with theirs:
        program = [sys.executable, "-m", "canbus.testing.usb", *arguments]
        program += ["--control-fd", str(theirs.fileno())]
        process = subprocess.Popen(
            program, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=_environment()
        )
    client = Client(ours)
    handle = EmulatedSerialAdapter if kind == "cdc_acm" else EmulatedAdapter
    adapter = handle(client, options.get("channels", 1), waits=load_driver)
    try:
        client.ask("state", patience=PATIENCE)  # it takes its time to start
        if wire is not None:
            client.ask("join", wire=wire)
        adapter.plug()
        yield adapter
    finally:
        gone = adapter.departure()
        client.close()  # the process ends by that, and pulls the cable
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        vhci.wait_for_devices(gone, PATIENCE)


def _environment() -> dict[str, str]:
    """Ours, with the folder of this package among those to import from."""
    home = str(Path(__file__).parents[3])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
