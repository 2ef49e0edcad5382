"""The way in: frames that were lost between the wire and the programs.

What overflows in the socket of one program, only that one can see (`bus.statistics`).
"""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.movement import moved
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo


def look(system: System) -> Iterator[Finding]:
    """Each interface that is up."""
    for link in system.asked_links:
        if link.is_up:
            yield from _overflow(system, link)
            yield from _dropped(system, link)


def _overflow(system: System, link: LinkInfo) -> Iterator[Finding]:
    lost, now = link.statistics.rx_over_errors, moved(system, link, "rx_over_errors")
    if not lost:
        return
    yield Finding(
        name="controller-overflow",
        severity=Severity.WARNING if now else Severity.NOTE,
        what=f"the controller of {link.name} has lost frames: it was not emptied in time",
        evidence=(
            f"rx_over_errors {lost} (netlink)",
            *((f"{now} of them while this was looked at",) if now else ()),
            *_driver(link),
        ),
        meaning="It holds a few frames only (an MCP2515 two), and the machine was busy elsewhere: "
        "SPI too slow, another interrupt, a processor that sleeps.",
        commands=(
            "# a HAT: a higher spimaxfrequency= in config.txt, or a HAT with an MCP2518FD",
            "# let the controller drop what nobody wants: filters of the adapter, if it has any",
            f"canbus stats {link.name} --interval 1",
        ),
        likelihood=Likelihood.LIKELY if now else Likelihood.POSSIBLE,
        channel=link.name,
    )


def _driver(link: LinkInfo) -> Iterator[str]:
    if link.device is not None and link.device.driver:
        yield f"its driver is {link.device.driver}"


def _dropped(system: System, link: LinkInfo) -> Iterator[Finding]:
    lost, now = link.statistics.rx_dropped, moved(system, link, "rx_dropped")
    if not lost:
        return
    yield Finding(
        name="received-and-dropped",
        severity=Severity.WARNING if now else Severity.NOTE,
        what=f"{lost} frames came in on {link.name} and were dropped by the kernel",
        evidence=(
            f"rx_dropped {lost} (netlink)",
            *((f"{now} of them while this was looked at",) if now else ()),
        ),
        meaning="The kernel had no memory or no time for them, or no program listened. What "
        "overflows in a program's own buffer is not among them: that program has to say it "
        "(`bus.statistics.rx_dropped`, `candump -e`).",
        commands=(
            "# a program that cannot keep up: can.Bus(..., rcvbuf=4_000_000)",
            f"canbus stats {link.name} --interval 1",
        ),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )
