"""judge(): what the evidence of one bit rate means. Pure.

A controller takes a frame only if its 15 bits of CRC are right and none of its bits is against the
rules, so that a few frames and no errors prove a bit rate. At a wrong one there is no frame, but
errors, or, with controllers that count none while they only listen, nothing at all: so silence
proves nothing.
"""

from __future__ import annotations

from enum import Enum

from canbus.bringup.detect.evidence import Evidence

ENOUGH_FRAMES = 3
"""So many, and no error, are accepted at once."""

TOO_MANY_ERRORS = 5
"""So many, and no frame, are rejected at once."""

PATIENCE = 4
"""So many dwells a rate gets that has shown a frame, but not enough of them."""

_NOISE = 100
"""A storm of errors makes a false frame now and then: of some 2**15, by the CRC alone."""


class Verdict(Enum):
    """What the evidence of a bit rate means."""

    OPEN = "open"
    """Listen on."""
    RIGHT = "right"
    WRONG = "wrong"
    SILENT = "silent"
    """Nothing was heard: try again, for longer."""
    UNSURE = "unsure"
    """Too little, or it contradicts itself: try again, for longer."""


def judge(evidence: Evidence, dwell: float) -> Verdict:
    """Say what it means.

    Args:
        evidence: by now.
        dwell: seconds for which silence is listened to.
    """
    frames, errors = evidence.data_frames, evidence.errors
    if frames >= ENOUGH_FRAMES and not errors:
        return Verdict.RIGHT
    if errors >= TOO_MANY_ERRORS and not frames:
        return Verdict.WRONG
    if frames >= ENOUGH_FRAMES and errors <= frames * _NOISE and evidence.seconds >= dwell:
        return Verdict.RIGHT  # a bus with a faulty node, or with CAN FD frames in between
    if evidence.seconds < (dwell * PATIENCE if frames else dwell):
        return Verdict.OPEN
    if errors:
        return Verdict.UNSURE
    return Verdict.RIGHT if frames else Verdict.SILENT
