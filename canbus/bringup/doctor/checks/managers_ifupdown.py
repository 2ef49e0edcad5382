"""Stanzas of interfaces(5) that have no effect, or come too early."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.link_setups import Setup, is_automatic, is_read
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_COME_LATE = frozenset({"usb", "spi"})


def counts(system: System, setup: Setup) -> bool:
    """Whether somebody does what the stanza says."""
    return system.find_program("ifup") is not None and is_read(system, setup)


def look(system: System, link: LinkInfo, setup: Setup) -> Iterator[Finding]:
    """One stanza of one link."""
    if system.find_program("ifup") is None:
        why = "ifupdown is not installed: there is no ifup"
        yield _useless(link, setup, why, "sudo apt install ifupdown   # or use systemd-networkd")
    elif not is_read(system, setup):
        why = "no line of /etc/network/interfaces reads that folder"
        line = "echo 'source /etc/network/interfaces.d/*' | sudo tee -a /etc/network/interfaces"
        yield _useless(link, setup, why, line)
    elif is_automatic(system, setup, link.name) and _comes_late(link):
        yield Finding(
            name="brought-up-too-early",
            severity=Severity.NOTE if link.is_up else Severity.WARNING,
            what=f"ifupdown brings {link.name} up when the machine starts, there or not",
            evidence=(f"{setup.path}: auto {link.name}",),
            meaning="Adapters come seconds later than that, or when they are plugged in; "
            "allow-hotplug waits for them.",
            commands=(
                f"sudo sed -i 's/^auto {link.name}$/allow-hotplug {link.name}/' {setup.path}",
            ),
            likelihood=Likelihood.POSSIBLE,
            channel=link.name,
        )


def _comes_late(link: LinkInfo) -> bool:
    return link.device is not None and link.device.bus in _COME_LATE


def _useless(link: LinkInfo, setup: Setup, why: str, command: str) -> Finding:
    return Finding(
        name="setup-not-read",
        severity=Severity.NOTE if link.is_up else Severity.ERROR,
        what=f"what {setup.path} says of {link.name} is read by nobody",
        evidence=(f"{setup.path}: iface {link.name}", why),
        meaning="So nothing sets the link up when the machine starts.",
        commands=(command,),
        channel=link.name,
    )
