"""Machines to keep a set-up on: a folder of texts, and tables for what is plugged in.

They are the doctor's FakeSystem; its twin on a real machine is tests/kernel/test_doctor.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from canbus.bringup.persist import Site
from tests.unit.doctor.fake_system import FakeSystem

TRIXIE = {
    "/usr/lib/systemd/systemd": "",
    "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.so": "",
    "/usr/sbin/ip": "",
    "/usr/sbin/modprobe": "",
    "/usr/bin/slcand": "",
    "/usr/local/bin/libicsneo-socketcan-daemon": "",
    "/run/dbus/system_bus_socket": "",
}
"""What matters of Debian 13."""

NETWORKD = {"/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": ""}
"""That systemd-networkd is enabled."""

RELEASE = "6.18.2-amd64"

CANDLELIGHT = {
    "driver": "gs_usb",
    "bus": "usb",
    "path": "1-1.2:1.0",
    "usb_id": "1d50:606f",
    "serial_number": "0031003C5243500A20383634",
    "product": "candleLight USB to CAN adapter",
}
PCAN = {"driver": "peak_usb", "bus": "usb", "path": "1-1.4:1.0", "usb_id": "0c72:000c"}
HAT = {"driver": "mcp251xfd", "bus": "spi", "path": "spi0.0"}


def channel_files(name: str, number: int = 0, *siblings: str) -> dict[str, str]:
    """What sysfs says of a link of an adapter, and of those beside it, in order."""
    names = siblings or (name,)
    folder = f"/sys/class/net/{name}"
    files: dict[str, str] = {}
    for at, place in [
        (number, folder),
        *((names.index(one), f"{folder}/device/net/{one}") for one in names),
    ]:
        files |= {f"{place}/dev_id": f"{at:#x}\n", f"{place}/dev_port": f"{at}\n"}
    return files


def serial_files(
    tty: str = "ttyACM0", at: str = "1-1.3", serial: str = "206A3597"
) -> dict[str, Any]:
    """A CANable with slcan firmware, as sysfs shows it: "files" and "symlinks"."""
    usb = "/sys/bus/usb/devices"
    adapter, part = f"{usb}/{at}", f"{usb}/{at}/{at}:1.0"
    files = {
        f"{adapter}/idVendor": "16d0\n",
        f"{adapter}/idProduct": "117e\n",
        f"{part}/bInterfaceNumber": "00\n",
        f"/dev/{tty}": "",
    } | ({f"{adapter}/serial": f"{serial}\n"} if serial else {})
    return {
        "files": files,
        "symlinks": {
            f"{usb}/{at}:1.0": f"{at}/{at}:1.0",
            f"/sys/class/tty/{tty}/device": f"../../../bus/usb/devices/{at}/{at}:1.0",
        },
    }


def site(root: Path, *, networkd: bool = False, **facts: Any) -> Site:
    """A machine with Debian 13.

    Args:
        root: an empty folder.
        networkd: systemd-networkd is enabled.
        facts: more, as FakeSystem has them.
    """
    files = TRIXIE | (NETWORKD if networkd else {}) | facts.pop("files", {})
    system = FakeSystem(root, {"release": RELEASE, "kernel": False, **facts, "files": files})
    return Site(system, system, is_here=True)
