"""What udev tells an adapter by: its serial number, or else where it is plugged in. Reads sysfs.

The text of rules is udev.py's.
"""

from __future__ import annotations

from typing import NamedTuple

from canbus.bringup.doctor.system import System
from canbus.bringup.families.intrepid.channels import network_of
from canbus.bringup.persist.escaping import is_plain
from canbus.bringup.persist.udev import Match
from canbus.bringup.serial_port import SerialPort
from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_info import LinkDevice, LinkInfo

SERIAL, PATH = "serial", "path"
WAYS = (SERIAL, PATH)
"""What an adapter can be told by."""

_USB = "/sys/bus/usb/devices"
_CHANNEL = ("dev_id", "dev_port")


class Identity(NamedTuple):
    """What tells an adapter from others.

    Attributes:
        matches: for a udev rule.
        words: the same for people: "its serial number 0031".
    """

    matches: tuple[Match, ...]
    words: str


def identify_link(link: LinkInfo, system: System, way: str | None = None) -> Identity:
    """What tells the adapter and the channel of a link.

    Args:
        link: of which.
        system: where it is.
        way: "serial" or "path"; None: by its serial number, if it has one of its own.

    Raises:
        CanConfigError: a ValueError; it has no serial number, or shares it.
        CanUnsupportedError: nothing tells it.
    """
    if network_of(link) is not None:
        return Identity((("ATTR{ifalias}", link.alias or ""),), f"its alias {link.alias}")
    device = link.device
    if device is None or device.path is None or device.bus is None:
        raise CanUnsupportedError(
            f"{link.name} has no device that it could be told by, so that no rule can name it",
            hint="a vcan is named by who makes it: canbus persist vcan0",
        )
    channel = _channel(link, system)
    if _uses_serial(link, device, system, way):
        vendor, _, product = (device.usb_id or "").partition(":")
        return Identity(
            (
                ("SUBSYSTEMS", "usb"),
                ("ATTRS{idVendor}", vendor),
                ("ATTRS{idProduct}", product),
                ("ATTRS{serial}", device.serial_number or ""),
                *channel,
            ),
            f"its serial number {device.serial_number}",
        )
    return Identity(
        (("SUBSYSTEMS", device.bus), ("KERNELS", device.path), *channel),
        f"the place it is at, {device.bus} {device.path}",
    )


def identify_port(port: SerialPort, system: System, way: str | None = None) -> Identity | None:
    """What tells the serial adapter behind a port; None for what is not on USB.

    Raises:
        CanConfigError: a ValueError; it has no serial number, or shares it.
    """
    if port.usb_id is None or port.usb_path is None:
        return None
    vendor, _, product = port.usb_id.partition(":")
    serial = port.serial_number or ""
    part = f"{port.usb_path}:{port.interface}"
    twins = [
        name
        for name in system.names(_USB)
        if ":" not in name and _usb_facts(system, name) == (vendor, product, serial)
    ]
    if _choose(serial, len(twins) > 1, port.path, way):
        number = system.text(f"{_USB}/{part}/bInterfaceNumber")
        return Identity(
            (
                ("SUBSYSTEMS", "usb"),
                ("ATTRS{idVendor}", vendor),
                ("ATTRS{idProduct}", product),
                ("ATTRS{serial}", serial),
                *((("ENV{ID_USB_INTERFACE_NUM}", number),) if number else ()),
            ),
            f"its serial number {serial}",
        )
    return Identity((("SUBSYSTEMS", "usb"), ("KERNELS", part)), f"the place it is at, usb {part}")


def _uses_serial(link: LinkInfo, device: LinkDevice, system: System, way: str | None) -> bool:
    twins = [
        other
        for other in system.links
        if other.device is not None
        and (other.device.usb_id, other.device.serial_number)
        == (device.usb_id, device.serial_number)
        and other.device.path != device.path
    ]
    return _choose(device.serial_number or "", bool(twins), link.name, way)


def _choose(serial: str, is_shared: bool, what: str, way: str | None) -> bool:
    """Whether to tell it by its serial number: some makers give all the same one."""
    is_usable = bool(serial) and not is_shared and is_plain(serial)
    if way == SERIAL and not is_usable:
        why = "another adapter has the same" if is_shared and serial else "it has none"
        if serial and not is_plain(serial):
            why = f"{serial!r} has characters that mean something else to udev"
        raise CanConfigError(
            f"{what} cannot be told by its serial number: {why}",
            hint="--by path tells it by the place that it is plugged in at",
        )
    return is_usable and way != PATH


def _channel(link: LinkInfo, system: System) -> tuple[Match, ...]:
    """dev_id and dev_port, which drivers of several channels set, one or the other or both.

    Raises:
        CanUnsupportedError: the driver sets neither (gs_usb before Linux 6.2).
    """
    place = f"/sys/class/net/{link.name}"
    siblings = system.names(f"{place}/device/net")
    if len(siblings) < 2 and link.device is not None and link.device.bus not in {"usb", "pci"}:
        return ()
    told = [_told(system, f"{place}/device/net/{name}") for name in siblings]
    mine = _told(system, place)
    if told.count(mine) > 1:
        raise CanUnsupportedError(
            f"nothing tells the {len(siblings)} channels of {link.name}'s adapter from each other: "
            "the driver gives all the same number",
            hint="a newer kernel does (gs_usb: 6.2); or leave --name out",
        )
    pairs = zip(_CHANNEL, mine, strict=True)
    return tuple((f"ATTR{{{key}}}", value) for key, value in pairs if value)


def _told(system: System, place: str) -> tuple[str, ...]:
    return tuple(system.text(f"{place}/{name}") for name in _CHANNEL)


def _usb_facts(system: System, name: str) -> tuple[str, str, str]:
    facts = (system.text(f"{_USB}/{name}/{one}") for one in ("idVendor", "idProduct", "serial"))
    vendor, product, serial = facts
    return vendor, product, serial
