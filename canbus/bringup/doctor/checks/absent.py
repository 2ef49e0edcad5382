"""An interface that is not there: the symptom, and what can be told from names alone.

Why hardware makes none, the other files say; what this yields comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canbus.bringup.doctor.checks.serial_daemons import SLCAND, tty_of
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import can_devices, devices, serial_adapters
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_RENAMED = re.compile(r"(?:^|\s)([^\s:]+): renamed from (\S+)$")
_RETURNED = re.compile(r"dev\d+")
_VIRTUAL = re.compile(r"(vx?can)\d*")


def look(system: System) -> Iterator[Finding]:
    """Nothing if the interface asked about is there, or any where none was named."""
    if system.asked_links:
        return
    yield from _other_name(system)
    yield from _returned(system)
    yield from _serial(system)
    if system.channel is not None:
        yield from _without_module(system, system.channel)
        yield _missing(system, system.channel)
    else:
        yield _nothing(system)


def _other_name(system: System) -> Iterator[Finding]:
    """As a rule of udev, a .link file or somebody has renamed it."""
    now, said = system.channel, []
    for line in system.kernel_log or ():
        found = _RENAMED.search(line)
        if found and found[2] == now:
            now = found[1]
            said.append(line)
    if now != system.channel and any(link.name == now for link in system.links):
        yield Finding(
            name="renamed",
            severity=Severity.ERROR,
            what=f"{system.channel} is called {now} now",
            evidence=tuple(said[-2:]),
            meaning="A rule of udev, a .link file of systemd or somebody by hand has renamed it.",
            commands=(
                f"canbus doctor {now}",
                "grep -rs NAME= /etc/udev/rules.d /etc/systemd/network",
            ),
        )


def _returned(system: System) -> Iterator[Finding]:
    lost = [link for link in system.links if _RETURNED.fullmatch(link.name)]
    if lost:
        name = system.channel or "can0"
        yield Finding(
            name="left-as-dev",
            severity=Severity.ERROR,
            what=f"an interface has come back from a namespace, as {lost[0].name}",
            evidence=(_words(lost[0]),),
            meaning="When a container ends, the kernel brings its hardware home; if its name is "
            "taken there, under another one, and down.",
            commands=(f"sudo ip link set {lost[0].name} name {name}", f"sudo canbus up {name}"),
            likelihood=Likelihood.LIKELY,
        )


def _serial(system: System) -> Iterator[Finding]:
    served = {tty_of(system, one) for one in system.processes if one.name in SLCAND}
    for adapter in serial_adapters(system):
        if adapter.tty not in served:
            yield Finding(
                name="slcand-needed",
                severity=Severity.ERROR,
                what=f"the adapter at /dev/{adapter.tty} makes no interface by itself",
                evidence=(str(adapter), "no process slcand has it"),
                meaning="Its firmware speaks slcan over a serial port. slcand makes an interface "
                'of that; or use it without one: can.Bus(interface="slcan").',
                commands=(f"sudo canbus up serial /dev/{adapter.tty} --bitrate 500k",),
                likelihood=Likelihood.LIKELY,
            )


def _without_module(system: System, name: str) -> Iterator[Finding]:
    found = _VIRTUAL.fullmatch(name)
    folder = f"/lib/modules/{system.release}"
    if found and not system.can_load(found[1]) and system.exists(f"{folder}/modules.dep"):
        yield Finding(
            name="virtual-missing",
            severity=Severity.ERROR,
            what=f"this kernel has no {found[1]}",
            evidence=(f"there is no interface {name}", f"no {found[1]} in {folder}/modules.dep"),
            meaning="Kernels of cloud images and of some boards are built without virtual CAN, or "
            "have it in a package of extra modules.",
            commands=(
                f"# Ubuntu: sudo apt install linux-modules-extra-{system.release}",
                f"# else: another kernel, or one built with CONFIG_CAN_{found[1].upper()}",
                '# or without the kernel: can.Bus("any", interface="virtual")',
            ),
        )


def _missing(system: System, name: str) -> Finding:
    there = ", ".join(link.name for link in system.links)
    look = "# canbus list, canbus ports: which there are"
    is_virtual = _VIRTUAL.fullmatch(name) is not None
    return Finding(
        name="no-such-interface",
        severity=Severity.ERROR,
        what=f"there is no interface {name}",
        evidence=(f"there is {there}" if there else "there is no CAN interface at all",),
        meaning="A virtual one is gone after a reboot, until it is made again."
        if is_virtual
        else "Its adapter is not plugged in, its driver or daemon did not make it, or it has "
        "another name.",
        commands=(f"sudo canbus up {name}",) if is_virtual else (look, "sudo dmesg | tail -30"),
        likelihood=Likelihood.POSSIBLE,
    )


def _nothing(system: System) -> Finding:
    seen = [str(device) for device, _, _ in can_devices(system)]
    seen += [str(device) for device in devices(system) if device.id.startswith("093c:")]
    seen += map(str, serial_adapters(system))
    return Finding(
        name="no-interface" if seen else "nothing-plugged-in",
        severity=Severity.ERROR,
        what="there is no CAN interface" + ("" if seen else ", and no CAN adapter to be seen"),
        evidence=("no CAN interface (netlink)", *(seen or ["no CAN hardware on USB, PCI and SPI"])),
        meaning="The adapter is not plugged in, has no power, or is one that cannot be recognised: "
        "a serial one behind a common chip, or a HAT that config.txt does not name.",
        commands=(
            "lsusb; canbus ports; sudo dmesg | tail -30",
            "# a HAT: docs/raspberry-pi.md; a virtual interface: sudo canbus up vcan0",
        ),
        likelihood=Likelihood.POSSIBLE,
    )


def _words(link: LinkInfo) -> str:
    place = f", {link.device.driver} {link.device.path}" if link.device else ""
    return f"{link.name} ({link.kind}{place})"
