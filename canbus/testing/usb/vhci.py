"""The kernel's end: a free port of vhci-hcd, attaching to it, and the devices that appear.

vhci-hcd takes any stream socket by its number (drivers/usb/usbip/vhci_sysfs.c), so a socket
pair serves and neither a network nor the `usbip` tool is needed. No USB/IP messages here.
Linux only.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from canbus.errors import (
    CanInitializationError,
    CanKernelSupportError,
    CanPermissionError,
    CanUnsupportedError,
)
from canbus.links.modules import modprobe

SYS = Path("/sys/devices/platform/vhci_hcd.0")
_DRIVERS = Path("/sys/bus/usb/drivers")
_FREE = "004"  # VDEV_ST_NULL of `enum usbip_device_status`, as in the file `status`
_IN_USE = "006"  # VDEV_ST_USED
_NETLINK_KOBJECT_UEVENT, _KERNEL_EVENTS = 15, 1  # <linux/netlink.h>, lib/kobject_uevent.c
_LOOK_AGAIN = 0.25  # seconds; events get lost, and network namespaces do not get all
_OPTIONS = {"cdc_acm": "CONFIG_USB_ACM"}  # others are CONFIG_CAN_ and their name


def prepare(driver: str | None) -> None:
    """Make sure that adapters can be attached; loads the kernel modules that are missing.

    Args:
        driver: module that drives the adapter; None leaves loading it to somebody else.

    Raises:
        CanUnsupportedError: not Linux.
        CanKernelSupportError: this kernel has no vhci-hcd, or no such driver.
        CanPermissionError: a PermissionError; not root.
    """
    if not sys.platform.startswith("linux"):
        raise CanUnsupportedError(
            f"emulated USB adapters need Linux, and this is {sys.platform}",
            hint="the backend 'virtual' and canbus.testing.FakeBus work anywhere",
        )
    _load("vhci-hcd", SYS, "CONFIG_USBIP_VHCI_HCD")
    if not os.access(SYS / "attach", os.W_OK):
        raise CanPermissionError(
            f"cannot attach an emulated USB adapter: no right to write {SYS / 'attach'}",
            hint="run as root",
        )
    if driver is not None:
        _load(driver, _DRIVERS / driver, _OPTIONS.get(driver, f"CONFIG_CAN_{driver.upper()}"))


def _load(module: str, proof: Path, option: str) -> None:
    if proof.exists():
        return
    problem = modprobe(module)
    if problem and os.geteuid() != 0:
        raise CanPermissionError(
            f"emulated USB adapters need the kernel module {module}: {problem}",
            hint=f"run as root, or have root run: modprobe {module}",
        )
    if problem or not proof.exists():
        raise CanKernelSupportError(
            f"emulated USB adapters need the kernel module {module}: "
            f"{problem or f'{proof} did not appear'}",
            hint=f"use a kernel with {option}; tests/lab boots one",
        )


def attach(file_descriptor: int, speed: int) -> int:
    """Plug a device into a free port.

    Args:
        file_descriptor: the kernel's end of a stream socket; may be closed afterwards.
        speed: `enum usb_device_speed`, full or high.

    Returns:
        The number of the port.

    Raises:
        CanInitializationError: there is no free port, or the kernel refuses.
    """
    problem = "all its ports are in use"
    for port, status, _ in _ports():
        if status != _FREE:
            continue
        try:
            # The device id tells devices apart for people only.
            (SYS / "attach").write_text(f"{port} {file_descriptor} {port + 1} {speed}")
        except OSError as exc:  # somebody else was faster, perhaps
            problem = str(exc)
            continue
        return port
    raise CanInitializationError(
        f"vhci-hcd takes no further USB adapter: {problem}", hint="unplug one that is not needed"
    )


def _ports() -> list[tuple[int, str, str]]:
    """Number, status and device of each port for devices below SuperSpeed."""
    lines = [line.split() for line in (SYS / "status").read_text().splitlines()]
    return [(int(words[1]), words[2], words[-1]) for words in lines if words[:1] == ["hs"]]


def interfaces(port: int) -> dict[int, str]:
    """Return the network interfaces of the adapter in a port: names by index, by channel."""
    found = []
    for path in _devices(port, "net"):
        try:
            numbers = [
                int((path / name).read_text(), 0) for name in ("dev_id", "dev_port", "ifindex")
            ]
        except OSError:
            continue  # it is going away
        found.append((numbers, path.name))
    return {numbers[2]: name for numbers, name in sorted(found)}


def terminals(port: int) -> tuple[Path, ...]:
    """Return the serial ports of the adapter in a port, as sysfs has them."""
    return tuple(sorted(_devices(port, "tty")))


def _devices(port: int, kind: str) -> Iterator[Path]:
    """What the drivers of the adapter in a port have made, of one class of devices."""
    for number, status, device in _ports():
        if (number, status) == (port, _IN_USE):
            bus = device.partition("-")[0]
            yield from SYS.glob(f"usb{bus}/{device}/{device}:1.*/{kind}/*")


def wait_for_devices(done: Callable[[], bool], timeout: float) -> bool:
    """Wait for a condition that depends on which devices the kernel has.

    It is asked at once, and whenever a device appears, changes or disappears.

    Args:
        done: the condition.
        timeout: seconds.

    Returns:
        Whether it came true in time.
    """
    deadline = time.monotonic() + timeout
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_KOBJECT_UEVENT) as events:
        events.bind((0, _KERNEL_EVENTS))
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            events.settimeout(min(left, _LOOK_AGAIN))
            try:
                events.recv(1 << 16)
            except OSError:  # timeout; or more events than fit
                continue
    return True
