"""What this process may not do. Notes only: looking needs no right, and mending says what it needs.

A serial port that may not be opened is serial_ports.py's.
"""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System

_IP = ("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip")


def look(system: System) -> Iterator[Finding]:
    """What is missing for what there is to do; nothing where all interfaces are up."""
    links = system.asked_links
    if links and all(link.is_up for link in links):
        return
    if not system.has_capability("CAP_NET_ADMIN"):
        yield _no_net_admin(system)
    if system.kernel_log is None:
        yield Finding(
            name="kernel-log-unread",
            severity=Severity.NOTE,
            what="the kernel's log may not be read, and may tell more",
            evidence=("/dev/kmsg and journalctl --dmesg: nothing",),
            meaning="Drivers say there why they do not take a device.",
            commands=("sudo canbus doctor",),
        )
    yield from _confined(system)


def _no_net_admin(system: System) -> Finding:
    told = [one for path in _IP if (one := system.ask("getcap", path)).startswith(path)]
    trap = (
        " `ip` has the capability as a file; it drops it all the same, for who has it not as an "
        "inheritable one."
        if told
        else ""
    )
    return Finding(
        name="no-net-admin",
        severity=Severity.NOTE,
        what="this process may not change network interfaces",
        evidence=("CAP_NET_ADMIN is not effective", *told[:1]),
        meaning="Using an interface that is up needs no right; bringing it up does." + trap,
        commands=("# sudo; or docs/rights.md has the ways without",),
        likelihood=Likelihood.POSSIBLE,
    )


def _confined(system: System) -> Iterator[Finding]:
    """In a snap or a Flatpak, which see less of the system."""
    label = system.text("/proc/self/attr/current")
    where = "a Flatpak" if system.exists("/.flatpak-info") else ""
    if label.startswith("snap."):
        where = "a snap"
    if where:
        yield Finding(
            name="confined",
            severity=Severity.NOTE,
            what=f"this runs in {where}, which may hide interfaces, devices and logs",
            evidence=(f"/proc/self/attr/current: {label}" if label else "/.flatpak-info is there",),
            meaning="What is not found here may be there outside.",
            commands=("# run it outside, too, and compare",),
        )
