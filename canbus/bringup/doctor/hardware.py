"""What is plugged in, as sysfs shows it through a System, and which driver of the kernel it wants.

Which hardware is whose stands in families/; what to say of it is up to the checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from canbus.backends.slcan.usb_ids import KnownDevice, Likelihood, look_up
from canbus.bringup.adapter_family import AdapterFamily, Driver
from canbus.bringup.doctor.system import System
from canbus.bringup.families import gs_usb, kvaser, others, pcan, pihat

FAMILIES = (pcan.FAMILY, gs_usb.FAMILY, kvaser.FAMILY, pihat.FAMILY)
_SYSFS = "/sys/bus/{}/devices"
_LONGEST = 80  # characters of a number or a name; more is none


class Device(NamedTuple):
    """Something on a bus.

    Attributes:
        bus: "usb", "pci", "spi".
        path: where it is there: "1-1.4", "0000:00:04.0", "spi0.0".
        id: what it is: "0c72:000c"; on SPI the chip's name.
        name: what it calls itself; "" if it does not.
        drivers: that have it, or parts of it.
    """

    bus: str
    path: str
    id: str
    name: str
    drivers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.bus.upper()} {self.path}: {self.id}" + (
            f" ({self.name})" if self.name else ""
        )


class SerialAdapter(NamedTuple):
    """A serial port on USB that is, or may be, a CAN adapter.

    Attributes:
        tty: "ttyACM0".
        known: what it probably is.
        usb_id: "16d0:117e".
    """

    tty: str
    known: KnownDevice
    usb_id: str

    def __str__(self) -> str:
        return f"/dev/{self.tty}: {self.known.adapter} (USB {self.usb_id})"


def devices(system: System) -> list[Device]:
    """All on USB, PCI and SPI."""
    return [*_usb(system), *_pci(system), *_spi(system)]


def wanted_driver(device: Device) -> tuple[Driver, AdapterFamily | None] | None:
    """The driver that makes it a CAN interface, and its family; None for other hardware."""
    for family in FAMILIES:
        for driver in family.drivers:
            if _is_of(device, driver):
                return driver, family
    return next(((one, None) for one in others.DRIVERS if _is_of(device, one)), None)


def can_devices(system: System) -> list[tuple[Device, Driver, AdapterFamily | None]]:
    """What a driver of the kernel makes CAN interfaces of."""
    found = ((device, wanted_driver(device)) for device in devices(system))
    return [(device, *wanted) for device, wanted in found if wanted is not None]


def serial_adapters(system: System, at_least: Likelihood = Likelihood.NAMED) -> list[SerialAdapter]:
    """Serial ports that are CAN adapters, by what they call themselves.

    Args:
        system: where.
        at_least: how sure it has to be.
    """
    found = []
    for tty in system.names("/sys/class/tty"):
        if tty.startswith(("ttyACM", "ttyUSB")):
            vendor, product, text = _usb_behind(system, tty)
            known = look_up(_number(vendor), _number(product), text)
            if known is not None and known.likelihood >= at_least:
                found.append(SerialAdapter(tty, known, f"{vendor}:{product}"))
    return found


def is_there(system: System) -> bool:
    """Whether the interface that was asked about is there; of none in particular, whether any."""
    return bool(system.asked_links)


def _is_of(device: Device, driver: Driver) -> bool:
    if device.bus != driver.bus:
        return False
    return device.id in driver.ids or device.id.partition(":")[0] in driver.vendors


def _usb(system: System) -> Iterator[Device]:
    folder = _SYSFS.format("usb")
    names = system.names(folder)
    for name in names:
        at = f"{folder}/{name}"
        vendor, product = _line(system, f"{at}/idVendor"), _line(system, f"{at}/idProduct")
        if ":" not in name and vendor and product:
            parts = [other for other in names if other.startswith(f"{name}:")]
            drivers = [_driver(system, f"{folder}/{part}") for part in parts]
            yield Device(
                "usb",
                name,
                f"{vendor}:{product}",
                _line(system, f"{at}/product"),
                tuple(dict.fromkeys(filter(None, drivers))),
            )


def _pci(system: System) -> Iterator[Device]:
    folder = _SYSFS.format("pci")
    for name in system.names(folder):
        at = f"{folder}/{name}"
        vendor, product = _line(system, f"{at}/vendor"), _line(system, f"{at}/device")
        if vendor and product:
            number = f"{vendor.removeprefix('0x')}:{product.removeprefix('0x')}"
            yield Device("pci", name, number, "", _drivers(system, at))


def _spi(system: System) -> Iterator[Device]:
    folder = _SYSFS.format("spi")
    for name in system.names(folder):
        at = f"{folder}/{name}"
        chip = _line(system, f"{at}/modalias").removeprefix("spi:")
        if chip:
            yield Device("spi", name, chip, "", _drivers(system, at))


def _drivers(system: System, at: str) -> tuple[str, ...]:
    driver = _driver(system, at)
    return (driver,) if driver else ()


def _driver(system: System, at: str) -> str:
    return system.target(f"{at}/driver").rpartition("/")[2]


def _usb_behind(system: System, tty: str) -> tuple[str, str, str]:
    """Vendor, product and words of the USB device that a tty is of; "" for what is not there.

    Its `device` is the interface (ttyACM), or a port below that (ttyUSB).
    """
    for up in ("..", "../.."):
        at = f"/sys/class/tty/{tty}/device/{up}"
        vendor, product = _line(system, f"{at}/idVendor"), _line(system, f"{at}/idProduct")
        if vendor and product:
            words = (_line(system, f"{at}/{name}") for name in ("manufacturer", "product"))
            return vendor, product, " ".join(filter(None, words))
    return "", "", ""


def _line(system: System, path: str) -> str:
    """A file that has one line, a short one."""
    return next(iter(system.lines(path)), "")[:_LONGEST]


def _number(text: str) -> int | None:
    try:
        return int(text, 16)
    except ValueError:
        return None
