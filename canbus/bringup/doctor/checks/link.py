"""The link: down, without a bit rate, virtual, without a way back. Modes and bit rates: link_*.py.

The bus is bus.py's.
"""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.common_steps import Configure
from canbus.bringup.doctor.driver_habits import can_restart, driver_of
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo
from canbus.links.plan import VIRTUAL


def look(system: System) -> Iterator[Finding]:
    """Each interface that was asked about."""
    for link in system.asked_links:
        yield from _virtual(link)
        if link.is_up:
            yield from _restart(link)
        elif _lacks_bitrate(link):
            yield _no_bitrate(system, link)
        else:
            yield _down(system, link)


def _virtual(link: LinkInfo) -> Iterator[Finding]:
    if link.kind in VIRTUAL and link.name.startswith("can"):
        yield Finding(
            name="virtual-link",
            severity=Severity.WARNING,
            what=f"{link.name} is a virtual interface: there is no wire behind it",
            evidence=(f"its kind is {link.kind} (netlink)",),
            meaning="It has the name of a controller, so that programs for one run. Frames only "
            "come from programs on this machine.",
            commands=(f"canbus down {link.name}", "canbus list"),
            channel=link.name,
        )


def _is_unused(system: System) -> bool:
    """Nobody asks about one, and others are up: one that is down may well be left alone."""
    return system.channel is None and any(other.is_up for other in system.links)


def _lacks_bitrate(link: LinkInfo) -> bool:
    """Whether the kernel would refuse to bring it up: it computes the timing, and has no rate.

    Others have it from elsewhere: slcand's adapters, Intrepid's (open_candev,
    drivers/net/can/dev/dev.c).
    """
    is_unset = link.bit_timing is None or link.bit_timing.bitrate == 0
    return link.kind not in VIRTUAL and is_unset and link.bit_timing_limits is not None


def _no_bitrate(system: System, link: LinkInfo) -> Finding:
    return Finding(
        name="no-bitrate",
        severity=Severity.NOTE if _is_unused(system) else Severity.ERROR,
        what=f"{link.name} has no bit rate, and so is down",
        evidence=("no bit timing, and the interface is not up (netlink)",),
        meaning="The kernel brings no controller up whose bit rate it does not know: it has to be "
        "that of the bus.",
        commands=(
            f"canbus up {link.name} --bitrate 500k",
            f"canbus detect {link.name}   # if you do not know it, and others talk",
        ),
        likelihood=Likelihood.LIKELY,  # unless the kernel's log says why it would not come up
        channel=link.name,
    )


def _down(system: System, link: LinkInfo) -> Finding:
    is_unused = _is_unused(system)
    rate = () if link.bitrate is None else (f"its bit rate is set, {link.bitrate} bit/s",)
    return Finding(
        name="link-down",
        severity=Severity.NOTE if is_unused else Severity.ERROR,
        what=f"{link.name} is down",
        evidence=("the interface is not up (netlink)", *rate),
        meaning="Nothing is received and every send fails until it is brought up, which nothing "
        "does by itself after a start of the machine.",
        commands=(f"canbus up {link.name}", f"# or: sudo ip link set {link.name} up"),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
        fix=() if is_unused else (Configure(LinkConfig(up=True), kind=link.kind, mtu=link.mtu),),
    )


def _restart(link: LinkInfo) -> Iterator[Finding]:
    times = link.statistics.bus_off
    if link.restart_ms != 0 or times is None:
        return
    if can_restart(link):
        yield Finding(
            name="no-restart",
            severity=Severity.WARNING if times else Severity.NOTE,
            what=f"{link.name} stays off the bus once it is bus-off",
            evidence=("restart_ms 0 (netlink)", f"bus-off so far: {times} times"),
            meaning="After many errors a controller leaves the bus for good, unless it is told to "
            "come back after a while.",
            commands=(f"canbus up {link.name} --restart-ms 100",),
            likelihood=Likelihood.POSSIBLE,
            channel=link.name,
        )
    elif times:
        yield Finding(
            name="driver-has-no-restart",
            severity=Severity.NOTE,
            what=f"{link.name} was bus-off, and its driver cannot bring it back by itself",
            evidence=(f"its driver is {driver_of(link)}", f"bus-off so far: {times} times"),
            meaning="Some firmware comes back by itself; otherwise somebody has to take the link "
            "down and up.",
            commands=(f"canbus down {link.name} && canbus up {link.name}",),
            likelihood=Likelihood.POSSIBLE,
            channel=link.name,
        )
