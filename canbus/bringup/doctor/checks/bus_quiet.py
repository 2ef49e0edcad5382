"""A bus with some errors, or with nothing on it: what is left when nothing clearer was found."""

from __future__ import annotations

from canbus.bringup.doctor.controller_words import check_the_wire, counter_evidence
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.movement import heard, heard_ever, movement_words
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo
from canbus.state import CanState

_STEP = 8
"""What an error of a transmitter adds to its counter (ISO 11898-1)."""


def disturbed(system: System, link: LinkInfo) -> Finding:
    """Frames come, and errors."""
    return Finding(
        name="disturbed-bus",
        severity=Severity.WARNING,
        what=f"{link.name} receives frames, and errors among them",
        evidence=(
            *counter_evidence(link),
            f"{heard(system, link)} frames came while this was looked at",
            *movement_words(system, link, "bus_errors", "error_warning", "error_passive"),
        ),
        meaning="Most nodes understand each other: one is faulty or has another bit rate or sample "
        "point, a terminator is missing, or the cable is too long for the bit rate.",
        commands=(
            *check_the_wire(link),
            "# unplug one node after the other until the errors stop",
            f"canbus stats {link.name} --interval 1",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def troubled(link: LinkInfo) -> Finding:
    """Errors, and nobody knows which."""
    is_passive = link.state is CanState.ERROR_PASSIVE
    return Finding(
        name="error-passive" if is_passive else "error-warning",
        severity=Severity.ERROR if is_passive else Severity.WARNING,
        what=f"{link.name} has met many errors, and no frame came while this was looked at",
        evidence=(
            *counter_evidence(link),
            f"{heard_ever(link)} frames received in all, {link.statistics.tx_packets} sent",
        ),
        meaning="Nobody acknowledges what it sends, or what it hears makes no sense: it is alone, "
        "has another bit rate, or a wire is open.",
        commands=(
            "# is another node connected, powered and up?",
            *check_the_wire(link),
            f"canbus detect {link.name}   # while others send",
        ),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )


def silent(link: LinkInfo) -> Finding:
    """Neither frames nor errors."""
    ever, others_live = heard_ever(link), _was_acknowledged(link)
    if ever:
        why = "Nobody sends just now."
    elif others_live:
        why = "What it has sent was acknowledged, so the wire is sound: nobody else sends."
    else:
        why = _why_silent(link)
    return Finding(
        name="quiet-bus" if ever or others_live else "silent-bus",
        severity=Severity.NOTE if ever or others_live else Severity.WARNING,
        what=f"nothing comes in on {link.name}, and there are no errors either",
        evidence=(
            *counter_evidence(link),
            f"{ever} frames received in all, {link.statistics.tx_packets} sent",
        ),
        meaning=why,
        commands=(
            "# is another node sending? is the plug in, and on the right channel?",
            f"canbus dump {link.name}",
            *check_the_wire(link),
        ),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )


def _why_silent(link: LinkInfo) -> str:
    why = "Nobody sends; or CAN_H and CAN_L are swapped, or one is open, so that nothing is heard."
    if "listen_only" in link.modes:
        # SJA1000 data sheet, listen only mode: the error counters stand still.
        why += " While they only listen, some controllers count no errors (SJA1000, PCAN-USB): "
        why += "then another bit rate looks the same."
    return why


def _was_acknowledged(link: LinkInfo) -> bool:
    """Whether somebody has: an error adds 8 to the counter, only a success takes 1 away.

    And a frame that nobody acknowledges leads to error-passive.
    """
    counted, errors = link.statistics, link.tx_errors
    if errors is None or not counted.tx_packets or "presume_ack" in link.modes:
        return False
    return errors % _STEP != 0 or (errors == 0 and counted.error_passive == 0)
