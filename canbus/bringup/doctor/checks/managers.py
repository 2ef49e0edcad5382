"""Who else sets links up: two at once, another bit rate than the one in force, names that clash.

What is particular to a manager is in managers_networkd.py and managers_ifupdown.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from canbus.bringup.doctor.checks import managers_ifupdown, managers_networkd
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.link_setups import Setup, ifupdown_setups, script_setups
from canbus.bringup.doctor.networkd_files import networkd_setup
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_CLASH = re.compile(r"ailed to rename network interface .*File exists")


def look(system: System) -> Iterator[Finding]:
    """Each interface that was asked about, and names that clash."""
    for link in system.asked_links:
        setups: list[Setup] = []
        by_networkd = networkd_setup(system, link)
        if by_networkd is not None:
            yield from managers_networkd.look(system, link, by_networkd)
            if not managers_networkd.sleeps(system, link):
                setups.append(by_networkd)
        for setup in ifupdown_setups(system, link.name):
            yield from managers_ifupdown.look(system, link, setup)
            if managers_ifupdown.counts(system, setup):
                setups.append(setup)
        setups += script_setups(system, link.name)
        yield from _two(link, setups)
        for setup in setups:
            yield from _other_bitrate(link, setup)
    clashes = [line for line in system.kernel_log or () if _CLASH.search(line)]
    if clashes:
        yield _clash(clashes)


def _two(link: LinkInfo, setups: list[Setup]) -> Iterator[Finding]:
    who = list(dict.fromkeys(setup.manager for setup in setups))
    if len(who) < 2:
        return
    yield Finding(
        name="two-managers",
        severity=Severity.WARNING,
        what=f"{link.name} is set up by {'two' if len(who) == 2 else len(who)}: {', '.join(who)}",
        evidence=tuple(dict.fromkeys(setup.path for setup in setups)),
        meaning="Who comes last wins, and that may be another one at every start.",
        commands=tuple(
            f"# keep one of them; to end this: sudo mv {setup.path} /root/" for setup in setups
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _other_bitrate(link: LinkInfo, setup: Setup) -> Iterator[Finding]:
    if setup.bitrate is None or link.bitrate in {None, setup.bitrate}:
        return
    yield Finding(
        name="manager-other-bitrate",
        severity=Severity.WARNING,
        what=f"{link.name} runs at {link.bitrate} bit/s, and {setup.manager} is told "
        f"{setup.bitrate}",
        evidence=(f"{setup.path}: {setup.bitrate} bit/s", f"bit rate {link.bitrate} (netlink)"),
        meaning="Somebody has set it by hand since. After the next start, or when the manager sets "
        "the link up anew, it is the other one again.",
        commands=(f"sudoedit {setup.path}",),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _clash(lines: list[str]) -> Finding:
    return Finding(
        name="name-taken",
        severity=Severity.WARNING,
        what="an interface could not get its name: another one has it",
        evidence=tuple(lines[-2:]),
        meaning="Names such as can0 are given by the kernel in the order in which drivers come, "
        "so that a rule may want one that is taken by then.",
        commands=("# name them otherwise in the rules: can_front, can_rear", "canbus list"),
        likelihood=Likelihood.LIKELY,
    )
