"""The bus, as the controller's state and counters tell of it: who hears whom, and how well.

What a counter usually means is from ISO 11898-1 (fault confinement): a transmitter that nobody
acknowledges stops counting at 128, in error-passive, and never leaves the bus; one that meets
other errors goes on to 256, which is bus-off (bus_off.py). Only one of these is said of a link.
"""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.checks.bus_off import bus_off
from canbus.bringup.doctor.checks.bus_quiet import disturbed, silent, troubled
from canbus.bringup.doctor.controller_words import check_the_wire, counter_evidence
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.movement import heard, heard_ever, moved, movement_words
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo
from canbus.state import CanState

_PASSIVE = 128
_WARNING = 96
_STEP = 8  # that an error adds


def look(system: System) -> Iterator[Finding]:
    """Each interface that is up and has a controller on a bus."""
    for link in system.asked_links:
        if link.is_up and link.state is not None and "loopback" not in link.modes:
            yield from _look(system, link)


def _look(system: System, link: LinkInfo) -> Iterator[Finding]:
    hears = heard(system, link) > 0
    makes_no_sense = not hears and _hears_nonsense(system, link)
    if link.state is CanState.BUS_OFF or moved(system, link, "restarts"):
        if makes_no_sense:
            yield _wrong_bitrate(system, link)
        yield from bus_off(system, link, is_consequence=makes_no_sense)
    elif not hears and _nobody_acknowledges(system, link):
        yield _alone(link)
    elif makes_no_sense:
        yield _wrong_bitrate(system, link)
    elif hears and (moved(system, link, "bus_errors") or is_troubled(link)):
        yield disturbed(system, link)
    elif is_troubled(link):
        yield troubled(link)
    elif system.earlier and not hears:
        yield silent(link)


def is_troubled(link: LinkInfo) -> bool:
    """Whether it has met many errors lately, and is on the bus."""
    return link.state in {CanState.ERROR_WARNING, CanState.ERROR_PASSIVE}


def _nobody_acknowledges(system: System, link: LinkInfo) -> bool:
    """The transmit error counter is on its way to 128, or there; and it is not falling again."""
    sent, received = link.tx_errors or 0, link.rx_errors or 0
    before = system.earlier.get(link.index)
    falls = before is not None and (before.tx_errors or 0) > sent
    counts = _WARNING <= sent < _PASSIVE + _STEP and received < _WARNING
    return is_troubled(link) and counts and not falls


def _hears_nonsense(system: System, link: LinkInfo) -> bool:
    """Errors of a receiver and no frame; one that only listens has no others."""
    if (link.rx_errors or 0) >= _WARNING:
        return link.state is CanState.BUS_OFF or (link.tx_errors or 0) < _WARNING
    if "listen_only" in link.modes and is_troubled(link):
        return True
    is_on = link.state is not CanState.BUS_OFF
    return is_on and moved(system, link, "bus_errors") > 0 and not moved(system, link, "tx_packets")


def _alone(link: LinkInfo) -> Finding:
    return Finding(
        name="alone-on-the-bus",
        severity=Severity.ERROR,
        what=f"nobody acknowledges what {link.name} sends: it is alone on the bus",
        evidence=(*counter_evidence(link), f"{heard_ever(link)} frames received in all"),
        meaning="A missing acknowledgement is the one error that counts no further than 128. No "
        "other node is connected or switched on, all others run at another bit rate or only "
        "listen, CAN_H and CAN_L are swapped, or one of them is open. The frame is tried again "
        'for ever, and others wait behind it until programs get "No buffer space available".',
        commands=(
            "# is another node connected, powered, up, and not listen-only?",
            *check_the_wire(link),
            f"canbus show {link.name}   # do both have this bit rate?",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _wrong_bitrate(system: System, link: LinkInfo) -> Finding:
    return Finding(
        name="wrong-bitrate",
        severity=Severity.ERROR,
        what=f"{link.name} hears a bus and understands nothing: its bit rate is another",
        evidence=(
            *counter_evidence(link),
            f"it runs at {link.bitrate or 'an unknown number of'} bit/s",
            *movement_words(system, link, "bus_errors", "rx_errors", "error_passive"),
        ),
        meaning="Errors come and no frame does. As a rule the bit rate is wrong; with a HAT the "
        "crystal in config.txt may be; and a bus of CAN FD looks the same to a classic "
        "controller.",
        commands=(
            f"canbus detect {link.name}",
            f"canbus up {link.name} --bitrate 250k   # or what detect has said",
        ),
        # One that only listens makes no errors of its own.
        likelihood=Likelihood.CERTAIN if "listen_only" in link.modes else Likelihood.LIKELY,
        channel=link.name,
    )
