"""Controllers that have left the bus, or are thrown off it again and again, and why."""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.controller_words import check_the_wire, counter_evidence
from canbus.bringup.doctor.driver_habits import can_restart
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.movement import movement_words
from canbus.bringup.doctor.restart_step import RestartLink
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_WIRES = (
    "Whatever it sends meets errors: CAN_H and CAN_L are swapped or shorted, the bit rate is not "
    "that of the bus, or there is no terminator at all."
)


def bus_off(system: System, link: LinkInfo, *, is_consequence: bool) -> Iterator[Finding]:
    """Say so, with the way back.

    Args:
        system: for what moved.
        link: that is bus-off, or was restarted meanwhile.
        is_consequence: of something else that was found.
    """
    likelihood = Likelihood.POSSIBLE if is_consequence else Likelihood.CERTAIN
    yield _again(system, link, likelihood) if link.restart_ms else _stays(system, link, likelihood)


def _again(system: System, link: LinkInfo, likelihood: Likelihood) -> Finding:
    return Finding(
        name="bus-off-again",
        severity=Severity.ERROR,
        what=f"{link.name} is thrown off the bus again and again",
        evidence=_evidence(system, link),
        meaning=_WIRES,
        commands=_checks(link),
        likelihood=likelihood,
        channel=link.name,
    )


def _stays(system: System, link: LinkInfo, likelihood: Likelihood) -> Finding:
    again = f"canbus restart {link.name}"
    if not can_restart(link):
        again = f"canbus down {link.name} && canbus up {link.name}   # its driver has no restart"
    return Finding(
        name="bus-off",
        severity=Severity.ERROR,
        what=f"{link.name} is bus-off, and nothing brings it back",
        evidence=_evidence(system, link),
        meaning=f"{_WIRES} What is sent now is thrown away without an error.",
        commands=(*_checks(link), again),
        likelihood=likelihood,
        channel=link.name,
        fix=(RestartLink(),) if can_restart(link) else (),
    )


def _checks(link: LinkInfo) -> tuple[str, ...]:
    return (
        "# is CAN_H joined to CAN_H, and CAN_L to CAN_L, at every node?",
        *check_the_wire(link),
        f"canbus show {link.name}   # is that the bus's bit rate?",
    )


def _evidence(system: System, link: LinkInfo) -> tuple[str, ...]:
    times = link.statistics.bus_off
    return (
        *counter_evidence(link),
        f"restart_ms {link.restart_ms or 0}"
        + ("" if times is None else f", bus-off so far: {times} times"),
        *movement_words(system, link, "bus_off", "restarts", "bus_errors"),
    )
