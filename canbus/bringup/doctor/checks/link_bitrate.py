"""The bit rate in force: not one that buses have, or only near it; and the sample point."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bit_timing.solver import recommended_sample_point
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo, LinkTiming
from canbus.links.reachable import find_nearest

COMMON = (10_000, 20_000, 33_333, 50_000, 83_333, 100_000, 125_000, 250_000, 500_000, 800_000,
          1_000_000)  # fmt: skip
"""Bit rates that buses have: CiA 102, SAE J2284, J2411 and J1939."""

_TOLERANCE = 0.005
_NEAR = 0.05
"""Farther away the kernel does not go: CAN_CALC_MAX_ERROR, drivers/net/can/dev/calc_bittiming.c."""
_USUAL_POINTS = (70.0, 90.0)
"""Percent of a bit; CiA 102 has 87.5 as a rule, CiA 601-3 has 80 with CAN FD."""


def look(system: System) -> Iterator[Finding]:
    """Each interface that is up and tells its bit rate."""
    for link in system.asked_links:
        timing = link.bit_timing
        if link.is_up and timing is not None and timing.is_known:
            yield from _rate(link, timing)
            yield from _sample_point(link, timing)


def _rate(link: LinkInfo, timing: LinkTiming) -> Iterator[Finding]:
    rate = timing.bitrate
    common = min(COMMON, key=lambda one: abs(one - rate))
    error = abs(common - rate) / common
    if _TOLERANCE < error <= _NEAR:
        yield _off(link, timing, common)
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


def _off(link: LinkInfo, timing: LinkTiming, common: int) -> Finding:
    clock, limits = link.clock, link.bit_timing_limits
    nearest = find_nearest(clock, limits, common, None) if clock and limits else None
    reaches = nearest is not None and abs(nearest.bitrate - common) <= common * _TOLERANCE
    if nearest is None or reaches:
        why = "Segments or a bit rate were given that come out beside the usual rate."
        what_to_do = f"canbus up {link.name} --bitrate {common}"
    else:
        why = f"Its clock cannot be divided to {common} bit/s: {nearest.bitrate} is the nearest."
        what_to_do = (
            f"# take another adapter, or another crystal; or another bit rate than {common}"
        )
    return Finding(
        name="bitrate-off",
        severity=Severity.WARNING,
        what=f"{link.name} runs at {timing.bitrate} bit/s, "
        f"{abs(timing.bitrate - common) / common:.1%} from {common}",
        evidence=(
            f"bit rate {timing.bitrate} (netlink)",
            *((f"clock of the controller {clock} Hz",) if clock else ()),
        ),
        meaning=f"{why} Nodes that are more than half a percent apart lose frames, or understand "
        "none.",
        commands=(what_to_do,),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _sample_point(link: LinkInfo, timing: LinkTiming) -> Iterator[Finding]:
    """Drivers with a list of bit rates keep it to themselves: then all but the rate is zero."""
    least, most = _USUAL_POINTS
    if not timing.tq or least <= timing.sample_point <= most:
        return
    usual = recommended_sample_point(timing.bitrate)
    yield Finding(
        name="unusual-sample-point",
        severity=Severity.NOTE,
        what=f"{link.name} looks at each bit at {timing.sample_point:g} %, which is unusual",
        evidence=(f"sample point {timing.sample_point:g} % (netlink)",),
        meaning=f"The usual place is {usual:g} % of a bit (CiA 102). Nodes that look at very "
        "different places understand each other on a short cable, and not on a long one.",
        commands=(f"canbus up {link.name} --bitrate {timing.bitrate} --sample-point {usual:g}",),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )
