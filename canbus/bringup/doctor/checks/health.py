"""Interfaces that are as they should be: what to expect of them. Troubles are the other files'.

What this yields is only shown of an interface that no other check complains of (running.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Severity
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo


def look(system: System) -> Iterator[Finding]:
    """Each interface that is up."""
    for link in system.asked_links:
        if link.is_up:
            yield Finding(
                name="healthy",
                severity=Severity.OK,
                what=f"nothing is wrong with {link.name}",
                evidence=tuple(_evidence(system, link)),
                channel=link.name,
            )


def _evidence(system: System, link: LinkInfo) -> Iterator[str]:
    yield "up" + (f" at {link.bitrate} bit/s" if link.bitrate else "")
    if link.state is not None:
        yield f"state {link.state.name.lower().replace('_', '-')}"
    before = system.earlier.get(link.index)
    if before is not None:
        received = link.statistics.rx_packets - before.statistics.rx_packets
        sent = link.statistics.tx_packets - before.statistics.tx_packets
        yield f"{received} frames came and {sent} went while this was looked at"
