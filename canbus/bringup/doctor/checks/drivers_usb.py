"""USB: adapters without a driver for Linux, or without firmware; ports and cables that fail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import FAMILIES, devices, is_there
from canbus.bringup.doctor.system import System
from canbus.bringup.families import others
from canbus.link_info import LinkInfo

_BOOTLOADERS = {
    "0483:df11": "the bootloader of its STM32 (DFU)",
    "1d50:6177": "Katapult, the bootloader of Klipper's boards",
}
_OTHER_FIRMWARE = {"1d50:614e": "Klipper's firmware without the USB to CAN bridge"}
_NO_DRIVER = {"04d8:0053": "CANalyst-II", "08d8": "IXXAT USB-to-CAN"}  # product, or vendor
_OFTEN = 3  # times unplugged, that nobody does by hand

_EVENT = re.compile(r"usb (\S+): (USB disconnect|New USB device found)")
_TROUBLES = (
    (re.compile(r"over-?current"), "usb-over-current", "a USB port was switched off: over-current"),
    (
        re.compile(r"rejected \d+ configurations? due to insufficient available bus power"),
        "usb-power",
        "a USB device was refused: its port has not enough power for it",
    ),
    (
        re.compile(
            r"unable to enumerate USB device|device descriptor read/\S+, error|"
            r"device not accepting address"
        ),
        "usb-not-enumerated",
        "something is plugged in that does not answer on USB",
    ),
)


def look(system: System) -> Iterator[Finding]:
    """What USB tells; most of it matters only where an interface is missing."""
    yield from _unplugged(system)
    if not is_there(system):
        yield from _useless(system)
        yield from _troubles(system)


def _useless(system: System) -> Iterator[Finding]:
    for device in devices(system):
        vendor = device.id.partition(":")[0]
        if device.bus != "usb":
            continue
        if device.id in _BOOTLOADERS or device.id in _OTHER_FIRMWARE:
            what = _BOOTLOADERS.get(device.id) or _OTHER_FIRMWARE[device.id]
            yield Finding(
                name="bootloader" if device.id in _BOOTLOADERS else "other-firmware",
                severity=Severity.ERROR,
                what=f"the device at USB {device.path} runs {what}, and is no CAN adapter now",
                evidence=(str(device),),
                meaning="A board with a boot jumper set, a button held while it was plugged in, or "
                "without the right firmware. (It may be no CAN board at all.)",
                commands=("# remove the boot jumper and plug it in anew; else write its firmware",),
                likelihood=Likelihood.LIKELY,
            )
        elif device.id in _NO_DRIVER or vendor in _NO_DRIVER:
            maker = _NO_DRIVER.get(device.id) or _NO_DRIVER[vendor]
            yield Finding(
                name="no-linux-driver",
                severity=Severity.ERROR,
                what=f"Linux has no driver that makes an interface of the {maker} adapter",
                evidence=(str(device),),
                meaning="It works with its maker's driver or library only, as far as there is one.",
                commands=("# its maker's driver for Linux; or an adapter that the kernel knows",),
            )


def _troubles(system: System) -> Iterator[Finding]:
    for pattern, name, what in _TROUBLES:
        said = [line for line in system.kernel_log or () if pattern.search(line)]
        if said:
            yield Finding(
                name=name,
                severity=Severity.ERROR,
                what=what,
                evidence=tuple(said[-3:]),
                meaning="A bad cable or plug, a port or hub that cannot feed it, or a device that "
                "is broken or has broken firmware. It need not be the CAN adapter.",
                commands=("# another cable, another port, a hub with a supply of its own",),
                likelihood=Likelihood.LIKELY,
            )


def _unplugged(system: System) -> Iterator[Finding]:
    """CAN adapters that were there, and went."""
    modules = [one.module for family in FAMILIES for one in family.drivers if one.bus == "usb"]
    modules += [one.module for one in others.DRIVERS]
    taken = re.compile(rf"(?:{'|'.join(modules)}) (\d+-[\d.]+):\d")
    paths, gone, last = set(), Counter[str](), {}
    for line in system.kernel_log or ():
        found = _EVENT.search(line)
        if found:
            last[found[1]] = line
            gone[found[1]] += found[2] == "USB disconnect" and found[1] in paths
        elif mine := taken.search(line):
            paths.add(mine[1])
    there = {device.path for device in devices(system)}
    if system.channel is not None and is_there(system):
        paths &= {_usb_path(link) for link in system.asked_links}
    for path in sorted(paths):
        if path not in there and "USB disconnect" in last.get(path, "") and not is_there(system):
            yield _went(path, last[path])
        elif gone[path] >= _OFTEN:
            yield _comes_and_goes(path, gone[path], last[path])


def _usb_path(link: LinkInfo) -> str:
    """Of the adapter, without the number of its interface."""
    return ((link.device and link.device.path) or "").partition(":")[0]


def _went(path: str, line: str) -> Finding:
    return Finding(
        name="adapter-unplugged",
        severity=Severity.ERROR,
        what=f"the CAN adapter at USB {path} is gone",
        evidence=(line, f"there is no /sys/bus/usb/devices/{path}"),
        meaning="It was plugged in, and its driver had it. If nobody has unplugged it: the cable, "
        "or its supply.",
        commands=("# plug it in again",),
        likelihood=Likelihood.LIKELY,
    )


def _comes_and_goes(path: str, times: int, line: str) -> Finding:
    return Finding(
        name="usb-unstable",
        severity=Severity.WARNING,
        what=f"the CAN adapter at USB {path} has gone {times} times since the machine was started",
        evidence=(line,),
        meaning="If nobody has unplugged it so often: a bad cable or plug, not enough power, or "
        "disturbances (ground, motors). Each time the interface is new, and down.",
        commands=("# another cable, another port, a hub with a supply of its own",),
        likelihood=Likelihood.LIKELY,
    )
