"""run(): all checks, the likeliest cause first. No check's facts here."""

from __future__ import annotations

from collections.abc import Sequence
from time import sleep

from canbus.bringup.doctor.check import Check
from canbus.bringup.doctor.finding import Finding, Severity
from canbus.bringup.doctor.system import System
from canbus.bringup.doctor.table import CHECKS
from canbus.links.names import check_name


def run(
    channel: str | None = None,
    *,
    listen: float = 1.0,
    system: System | None = None,
    checks: Sequence[Check] = CHECKS,
) -> list[Finding]:
    """Look for what keeps frames from moving. Nothing is changed, and no right is needed.

    What may not be read without rights is told as such.

    Args:
        channel: the interface that it is about; None for all there are.
        listen: seconds between two looks at the counters, to see what moves.
        system: what is looked at; None for this machine.
        checks: which.

    Returns:
        What was found: the worst first, then the likeliest cause. Never empty: a system that
        nothing is wrong with says so.

    Raises:
        CanLinkError: no interface can have that name.
    """
    if channel is not None:
        check_name(channel)
    looked_at = _look(channel, listen) if system is None else system
    found = [finding for check in checks for finding in check.look(looked_at)]
    troubled = {finding.channel for finding in found if finding.severity > Severity.NOTE}
    kept = [
        finding
        for finding in found
        if finding.severity is not Severity.OK or not {None, finding.channel} & troubled
    ]
    kept = kept or [_nothing_wrong(looked_at)]
    return sorted(kept, key=lambda finding: (-finding.severity, -finding.likelihood))


def _nothing_wrong(system: System) -> Finding:
    there = ", ".join(link.name for link in system.asked_links)
    return Finding(
        name="nothing-wrong",
        severity=Severity.OK,
        what="no check has found anything wrong",
        evidence=(f"there is {there}" if there else "no CAN interface",),
        channel=system.channel,
    )


def _look(channel: str | None, seconds: float) -> System:
    before = System(channel).links
    if before:
        sleep(seconds)  # not a wait for something: that nothing moves is a finding, too
    return System(channel, earlier={link.index: link for link in before})
