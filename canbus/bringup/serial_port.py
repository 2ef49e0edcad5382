"""SerialPort: which serial adapter is meant, and where it is now. Nothing is opened or waited for.

An adapter that was plugged in again may have another number, so that its path alone does not
name it. A link that somebody has named (udev's /dev/serial/by-id) does; else what USB tells:
vendor, product and serial number, or, without a number, the place that it is plugged in at.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

_TTYS = "class/tty"


@dataclass(frozen=True, kw_only=True)
class SerialPort:
    """A serial port, or the adapter behind it.

    Attributes:
        path: as it was named, under /dev.
        usb_id: vendor and product, as lsusb shows them; None for what is not on USB.
        serial_number: of the adapter.
        usb_path: the place that it was plugged in at: "1-1.4".
        interface: which part of the adapter the port is: "1.0".
    """

    path: str
    usb_id: str | None = None
    serial_number: str | None = None
    usb_path: str | None = None
    interface: str | None = None

    def find(self, sysfs: str = "/sys", dev: str = "/dev") -> str | None:
        """The device's path as it is now; None while it is not there."""
        if self.usb_id is None or os.path.islink(self.path):  # noqa: PTH114 - cheap, often asked
            return _device_at(self.path)
        stem = os.path.basename(self.path).rstrip("0123456789")  # noqa: PTH119
        there = []
        for name in _names_in(Path(sysfs, _TTYS)):
            if name.startswith(stem):
                one = identify(f"{dev}/{name}", sysfs)
                if self._is_same(one) and _device_at(one.path) is not None:
                    there.append(one)
        there.sort(key=lambda one: (one.usb_path != self.usb_path, one.path != self.path))
        return there[0].path if there else None

    def is_same_adapter(self, other: SerialPort) -> bool:
        """Whether both name the same one; one path may be another adapter's by now."""
        is_known = self.usb_id is not None and other.usb_id is not None
        if is_known and not (self.path == other.path and os.path.islink(self.path)):  # noqa: PTH114
            return self._is_same(other)
        return self.path == other.path

    def _is_same(self, other: SerialPort) -> bool:
        if (self.usb_id, self.interface) != (other.usb_id, other.interface):
            return False
        if self.serial_number is not None or other.serial_number is not None:
            return self.serial_number == other.serial_number
        return self.usb_path == other.usb_path


def identify(path: str, sysfs: str = "/sys") -> SerialPort:
    """The port behind a path, with what sysfs tells of it."""
    name = Path(os.path.realpath(path)).name
    try:
        device = Path(sysfs, _TTYS, name, "device").resolve(strict=True)
    except (OSError, RuntimeError):
        return SerialPort(path=path)
    for folder in (device, *list(device.parents)[:2]):
        adapter = folder.parent  # of a USB interface: 1-1:1.0 in 1-1
        vendor, product = _text(adapter / "idVendor"), _text(adapter / "idProduct")
        if vendor and product:
            return SerialPort(
                path=path,
                usb_id=f"{vendor}:{product}",
                serial_number=_text(adapter / "serial") or None,
                usb_path=adapter.name,
                interface=folder.name.partition(":")[2],
            )
    return SerialPort(path=path)


def _device_at(path: str) -> str | None:
    try:
        is_device = stat.S_ISCHR(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return None
    return path if is_device else None


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names only, often asked
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="backslashreplace").strip()
    except OSError:
        return ""
