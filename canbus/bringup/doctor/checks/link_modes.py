"""Modes of a controller that explain a silence: it hears itself, only listens, or tries once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.movement import moved
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo


def look(system: System) -> Iterator[Finding]:
    """Each interface that is up."""
    for link in system.asked_links:
        if link.is_up:
            yield from _modes(system, link)


def _modes(system: System, link: LinkInfo) -> Iterator[Finding]:
    if "loopback" in link.modes:
        yield _mode(
            link,
            "loopback",
            Severity.ERROR,
            "talks to itself: nothing reaches the wire",
            "In this mode the controller hears what it sends, and nothing else. It is for tests.",
        )
    if "listen_only" in link.modes:
        yield _listens(system, link)
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


def _listens(system: System, link: LinkInfo) -> Finding:
    dropped = link.statistics.tx_dropped
    finding = _mode(
        link,
        "listen-only",
        Severity.ERROR if dropped else Severity.NOTE,
        "only listens" + (f": {dropped} frames were dropped instead of sent" if dropped else ""),
        "The controller neither sends nor acknowledges; what is sent is dropped without an "
        "error. A bus with one other node only needs somebody who acknowledges.",
        *((f"{dropped} frames dropped instead of sent",) if dropped else ()),
    )
    is_old = dropped and not moved(system, link, "tx_dropped")  # maybe before it only listened
    return replace(finding, likelihood=Likelihood.LIKELY) if is_old else finding


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
