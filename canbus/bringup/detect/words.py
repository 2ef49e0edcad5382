"""What was heard, as a line for people, and what to do where that is no answer."""

from __future__ import annotations

from collections.abc import Sequence

from canbus.bringup.detect.candidates import Impossible
from canbus.bringup.detect.evidence import Evidence
from canbus.bringup.detect.judging import Verdict
from canbus.link_info import LinkInfo

_NOBODY = (
    "nobody talks: is the other device switched on, and does it send without being asked? are "
    "CAN high and CAN low connected, and not swapped?"
)
_ERRORS = (
    "somebody talks, but at none of these rates: try others (--bitrates 83.3k,33.3k); or there "
    "is only one other node on the bus, which nobody acknowledges while this one only listens; or "
    "wires are swapped, or a terminating resistor is missing"
)
_FD = "; or the bus has frames of CAN FD only: set its rates by hand (canbus up --fd --listen-only)"


def rate(bitrate: int) -> str:
    """A bit rate for people: "500 kbit/s"."""
    for unit, name in ((1_000_000, "Mbit/s"), (1_000, "kbit/s")):
        if bitrate >= unit:
            return f"{bitrate / unit:g} {name}"
    return f"{bitrate} bit/s"


def say_heard(evidence: Evidence, verdict: Verdict) -> str:
    """Say it: `250 kbit/s: no frames, 12 errors (stuff): wrong`."""
    frames, errors = evidence.data_frames, evidence.errors
    if not frames and not errors:
        return f"{rate(evidence.bitrate)}: nothing heard in {evidence.seconds:.1f} s"
    kinds = f" ({', '.join(sorted(evidence.kinds))})" if evidence.kinds else ""
    what = [
        _count(frames, "frame"),
        _count(errors, "error") + kinds,
    ]
    verdict_word = "not clear yet" if verdict is Verdict.OPEN else verdict.value
    return f"{rate(evidence.bitrate)}: {', '.join(what)}: {verdict_word}"


def say_impossible(one: Impossible) -> str:
    """Say it: `800 kbit/s: not tried: the controller comes no nearer than ...`."""
    return f"{rate(one.bitrate)}: not tried: {one.why}"


def found_nothing(
    link: LinkInfo, heard: Sequence[tuple[Evidence, Verdict]], untried: Sequence[int]
) -> str:
    """What to do if no rate has proved right."""
    if untried:
        return f"there was no time for {', '.join(map(rate, untried))}: give it a longer timeout"
    if not heard:
        return "the controller can do none of these rates"
    if any(evidence.errors or evidence.data_frames for evidence, _ in heard):
        can_fd = link.supported_modes is not None and "fd" in link.supported_modes
        return _ERRORS + (_FD if can_fd else "")
    return _NOBODY


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
