"""read_device(): which hardware is behind an interface, from the files of sysfs alone.

Nothing is asked of the kernel otherwise, and nothing raises: what cannot be read is None. The
files are described in Documentation/ABI/testing/sysfs-class-net and sysfs-bus-usb.
"""

from __future__ import annotations

import os
from pathlib import Path

from canbus.link_info import LinkDevice

# A name that no file can have is a ValueError; a loop, before Python 3.13, a RuntimeError.
_UNREADABLE = (OSError, ValueError, RuntimeError)


def read_device(
    name: str, sysfs: str | os.PathLike[str] = "/sys", *, index: int | None = None
) -> LinkDevice | None:
    """The hardware behind a network interface.

    Args:
        name: of the interface.
        sysfs: where sysfs is mounted.
        index: of the interface; where sysfs shows another network namespace, it may have
            another interface of that name, whose device is not taken.

    Returns:
        None where there is nothing behind it (vcan, a serial adapter under slcand), or no sysfs.
    """
    interface = Path(sysfs, "class", "net", name)
    if index is not None and _number(interface / "ifindex") != index:
        return None
    device = _resolved(interface / "device")
    if device is None:
        return None
    bus = _last(device / "subsystem")
    adapter = device.parent if bus == "usb" else None  # of a USB interface: 1-1:1.0 in 1-1
    return LinkDevice(
        driver=_last(device / "driver"),
        bus=bus,
        path=device.name,
        usb_id=_usb_id(adapter),
        serial_number=_text(adapter and adapter / "serial"),
        product=_text(adapter and adapter / "product"),
        channel=_channel(interface, device),
    )


def _channel(interface: Path, device: Path) -> int:
    """dev_port, or dev_id of older drivers; else the place among all interfaces of the device.

    gs_usb before Linux 6.2, say, says 0 for each of its channels; drivers make the interfaces
    in the order of the channels.
    """
    siblings = sorted(_entries(device / "net"), key=lambda path: _number(path / "ifindex") or 0)
    names = [path.name for path in siblings]
    is_told = len({_told_channel(path) for path in siblings}) == len(siblings)
    if is_told or interface.name not in names:
        return _told_channel(interface)
    return names.index(interface.name)


def _told_channel(interface: Path) -> int:
    return _number(interface / "dev_port") or _number(interface / "dev_id") or 0


def _usb_id(adapter: Path | None) -> str | None:
    if adapter is None:
        return None
    vendor, product = _text(adapter / "idVendor"), _text(adapter / "idProduct")
    return f"{vendor}:{product}" if vendor and product else None


def _resolved(link: Path) -> Path | None:
    """Where a symbolic link leads; None if there is none."""
    try:
        return link.resolve(strict=True)
    except _UNREADABLE:
        return None


def _last(link: Path) -> str | None:
    """The name of what a symbolic link leads to; it may be missing itself."""
    try:
        return link.readlink().name
    except _UNREADABLE:
        return None


def _text(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        text = file.read_bytes().decode("utf-8", "backslashreplace")
    except _UNREADABLE:
        return None
    return text.strip() or None


def _number(file: Path) -> int | None:
    try:
        return int(_text(file) or "", 0)
    except ValueError:
        return None


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except _UNREADABLE:
        return []
