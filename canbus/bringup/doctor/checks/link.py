"""The link: down, without a bit rate, in a mode that explains silence. The bus is bus.py's."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.common_steps import Configure
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo
from canbus.links.plan import VIRTUAL

COMMON = (10_000, 20_000, 33_333, 50_000, 83_333, 100_000, 125_000, 250_000, 500_000, 800_000,
          1_000_000)  # fmt: skip
"""Bit rates that buses have: CiA 102, SAE J2284, J2411 and J1939."""

_NO_RESTART = frozenset({"gs_usb", "slcan"})
"""Drivers without `do_set_mode`: no other of drivers/net/can lacks it (Linux 6.12)."""
_TOLERANCE = 0.005
_NEAR = 0.05


def look(system: System) -> Iterator[Finding]:
    """Each interface that was asked about."""
    for link in system.asked_links:
        yield from _virtual(link)
        if not link.is_up:
            yield from _down(system, link)
            continue
        yield from _modes(link)
        yield from _bitrate(link)
        yield from _restart(link)


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


def _down(system: System, link: LinkInfo) -> Iterator[Finding]:
    has_rate = link.kind in VIRTUAL or link.kind != "can" or link.bitrate is not None
    is_unused = system.channel is None and any(other.is_up for other in system.links)
    severity = Severity.NOTE if is_unused else Severity.ERROR
    if has_rate:
        fix = Configure(LinkConfig(up=True), kind=link.kind, mtu=link.mtu)
        yield Finding(
            name="link-down",
            severity=severity,
            what=f"{link.name} is down",
            evidence=("the interface is not up (netlink)", *_rate_evidence(link)),
            meaning="Nothing is received and every send fails until it is brought up, which "
            "nothing does by itself after a start of the machine.",
            commands=(f"canbus up {link.name}", f"# or: sudo ip link set {link.name} up"),
            likelihood=Likelihood.LIKELY,  # unless the kernel's log says why it would not come up
            channel=link.name,
            fix=() if is_unused else (fix,),
        )
        return
    yield Finding(
        name="no-bitrate",
        severity=severity,
        what=f"{link.name} has no bit rate, and so is down",
        evidence=("no bit timing, and the interface is not up (netlink)",),
        meaning="The kernel brings no controller up whose bit rate it does not know: it has to be "
        "that of the bus.",
        commands=(
            f"canbus up {link.name} --bitrate 500k",
            f"canbus detect {link.name}   # if you do not know it, and others talk",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _rate_evidence(link: LinkInfo) -> Iterator[str]:
    if link.bitrate is not None:
        yield f"its bit rate is set, {link.bitrate} bit/s"


def _modes(link: LinkInfo) -> Iterator[Finding]:
    dropped = link.statistics.tx_dropped
    if "loopback" in link.modes:
        yield _mode(
            link,
            "loopback",
            Severity.ERROR,
            "talks to itself: nothing reaches the wire",
            "In this mode the controller hears what it sends, and nothing else. It is for tests.",
        )
    if "listen_only" in link.modes:
        yield _mode(
            link,
            "listen-only",
            Severity.ERROR if dropped else Severity.NOTE,
            "only listens"
            + (f": {dropped} frames were dropped instead of sent" if dropped else ""),
            "The controller neither sends nor acknowledges; what is sent is dropped without an "
            "error. A bus with one other node only needs somebody who acknowledges.",
            *((f"{dropped} frames dropped instead of sent",) if dropped else ()),
        )
    if "presume_ack" in link.modes:
        yield _mode(
            link,
            "presume-ack",
            Severity.NOTE,
            "takes every frame for acknowledged",
            "A frame that nobody has heard counts as sent.",
        )
    if "one_shot" in link.modes:
        yield _mode(
            link,
            "one-shot",
            Severity.NOTE,
            "tries every frame once",
            "A frame that loses arbitration or meets an error is not repeated: it is gone.",
        )


def _mode(
    link: LinkInfo, name: str, severity: Severity, what: str, meaning: str, *evidence: str
) -> Finding:
    return Finding(
        name=name,
        severity=severity,
        what=f"{link.name} {what}",
        evidence=(f"the mode {name} is on (netlink)", *evidence),
        meaning=meaning,
        commands=(f"canbus up {link.name} --no-{name}",),
        channel=link.name,
    )


def _bitrate(link: LinkInfo) -> Iterator[Finding]:
    rate = link.bitrate
    if rate is None:
        return
    nearest = min(COMMON, key=lambda common: abs(common - rate))
    error = abs(nearest - rate) / nearest
    if _TOLERANCE < error <= _NEAR:
        yield Finding(
            name="bitrate-off",
            severity=Severity.WARNING,
            what=f"{link.name} runs at {rate} bit/s, {error:.1%} from {nearest}",
            evidence=(f"bit rate {rate} (netlink)", *_clock_evidence(link)),
            meaning="The controller's clock cannot be divided to the rate that was asked for. "
            "Nodes that are more than half a percent apart lose frames.",
            commands=(f"canbus up {link.name} --bitrate {nearest} --sample-point 80",),
            likelihood=Likelihood.LIKELY,
            channel=link.name,
        )
    elif error > _NEAR:
        yield Finding(
            name="unusual-bitrate",
            severity=Severity.NOTE,
            what=f"{link.name} runs at {rate} bit/s, which few buses do",
            evidence=(f"bit rate {rate} (netlink)",),
            meaning="All nodes of a bus have one bit rate; the usual ones are "
            "125, 250, 500 kbit/s and 1 Mbit/s.",
            commands=(f"canbus detect {link.name}",),
            likelihood=Likelihood.POSSIBLE,
            channel=link.name,
        )


def _clock_evidence(link: LinkInfo) -> Iterator[str]:
    if link.clock:
        yield f"clock of the controller {link.clock} Hz"


def _restart(link: LinkInfo) -> Iterator[Finding]:
    driver = link.device.driver if link.device is not None else None
    times = link.statistics.bus_off
    if link.restart_ms != 0 or driver in _NO_RESTART or times is None:
        return
    yield Finding(
        name="no-restart",
        severity=Severity.WARNING if times else Severity.NOTE,
        what=f"{link.name} stays off the bus once it is bus-off",
        evidence=("restart_ms 0 (netlink)", f"bus-off so far: {times} times"),
        meaning="After many errors a controller leaves the bus for good, unless it is told to come "
        "back after a while.",
        commands=(f"canbus up {link.name} --restart-ms 100",),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )
