"""Serial adapters: who else uses the port, and whether this user may.

Nothing is ever written to a port here, so that whether an adapter answers, is not asked: `canbus
ports --probe` does that. What slcand and canbus keep running is in serial_daemons.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from canbus.bringup.doctor.checks.serial_daemons import SLCAND, tty_of
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import SerialAdapter, serial_adapters
from canbus.bringup.doctor.system import Process, System
from canbus.bringup.processes import MODULE

_MODEM_MANAGER = "ModemManager"
_IGNORED = ("E:ID_MM_DEVICE_IGNORE=1", "E:ID_MM_PORT_IGNORE=1")
_RULE = (
    'SUBSYSTEMS=="usb", ATTRS{{idVendor}}=="{}", ATTRS{{idProduct}}=="{}", '
    'ENV{{ID_MM_DEVICE_IGNORE}}="1"'
)


def look(system: System) -> Iterator[Finding]:
    """Each adapter that calls itself one."""
    adapters = serial_adapters(system)
    if not adapters:
        return
    holders = _holders(system, {f"/dev/{one.tty}" for one in adapters})
    for adapter in adapters:
        port = f"/dev/{adapter.tty}"
        others = [one for one in holders.get(port, []) if not _is_ours(one)]
        if others:
            yield _in_use(system, adapter, others[0])
        elif _probes(system, adapter):
            yield _modem_manager(system, adapter)
        if system.exists(port) and not system.may_open(port) and not _has_daemon(system, adapter):
            yield _not_allowed(adapter)


def _holders(system: System, ports: set[str]) -> dict[str, list[Process]]:
    """Who has which port open, as far as this user may see."""
    found: dict[str, list[Process]] = {}
    for process in system.processes:
        folder = f"/proc/{process.pid}/fd"
        for port in {system.target(f"{folder}/{fd}") for fd in system.names(folder)} & ports:
            found.setdefault(port, []).append(process)
    return found


def _is_ours(process: Process) -> bool:
    return (
        process.name in SLCAND
        or process.pid == os.getpid()
        or MODULE in process.words
        or any("canbus" in word for word in process.words[:3])
    )


def _has_daemon(system: System, adapter: SerialAdapter) -> bool:
    """Whether an interface is made of it already."""
    daemons = (one for one in system.processes if one.name in SLCAND)
    return any(tty_of(system, one) == adapter.tty for one in daemons)


def _in_use(system: System, adapter: SerialAdapter, other: Process) -> Finding:
    is_manager = other.name == _MODEM_MANAGER
    return Finding(
        name="modem-manager" if is_manager else "port-in-use",
        severity=Severity.ERROR,
        what=f"{other.name} has the adapter's port open, /dev/{adapter.tty}",
        evidence=(
            str(adapter),
            f"process {other.pid}: {' '.join(other.words)}"[:100],
        ),
        meaning="Two programs at one port take each other's answers away: bring-up fails now and "
        "then, frames are lost.",
        commands=_cure(adapter) if is_manager else (f"sudo kill {other.pid}",),
        likelihood=Likelihood.LIKELY,
    )


def _probes(system: System, adapter: SerialAdapter) -> bool:
    """Whether ModemManager runs, and is not told to leave this port alone.

    That is a property in udev's database, which /run/udev/data has by device number.
    """
    if not any(one.name == _MODEM_MANAGER for one in system.processes):
        return False
    number = system.text(f"/sys/class/tty/{adapter.tty}/dev")
    told = system.lines(f"/run/udev/data/c{number}") if number.replace(":", "").isdecimal() else []
    return not any(line in _IGNORED for line in told)


def _modem_manager(system: System, adapter: SerialAdapter) -> Finding:
    works = any(link.is_up and link.statistics.rx_packets for link in system.links)
    return Finding(
        name="modem-manager",
        severity=Severity.NOTE if works and _has_daemon(system, adapter) else Severity.WARNING,
        what=f"ModemManager may ask the adapter at /dev/{adapter.tty} whether it is a modem",
        evidence=(
            str(adapter),
            "ModemManager runs, and udev's database has no ID_MM_DEVICE_IGNORE for the port",
        ),
        meaning="It writes AT commands to ports that might be modems' for up to half a minute "
        "after they are plugged in, without locking them; an adapter is confused by that.",
        commands=_cure(adapter),
        likelihood=Likelihood.LIKELY,
    )


def _cure(adapter: SerialAdapter) -> tuple[str, ...]:
    vendor, _, product = adapter.usb_id.partition(":")
    rule = _RULE.format(vendor, product)
    return (
        f"echo '{rule}' | sudo tee /etc/udev/rules.d/77-can-serial.rules",
        "sudo udevadm control --reload && sudo udevadm trigger --action=change",
        "sudo systemctl restart ModemManager  # or, where no modem is: disable --now",
    )


def _not_allowed(adapter: SerialAdapter) -> Finding:
    return Finding(
        name="port-not-allowed",
        severity=Severity.ERROR,
        what=f"this user may not use the adapter's port, /dev/{adapter.tty}",
        evidence=(str(adapter), f"/dev/{adapter.tty}: not readable and writable"),
        meaning="Serial ports belong to a group: dialout on Debian, Ubuntu and Raspberry Pi OS, "
        "uucp on Arch. It counts from the next login on.",
        commands=("sudo usermod -aG dialout $USER", "# log in anew"),
        likelihood=Likelihood.POSSIBLE,
    )
