"""Finding: what a check has found: cause, evidence, meaning, remedy. A value; nothing is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from canbus.bringup.steps import Step


class Severity(IntEnum):
    """How bad it is.

    Members:
        OK: it is as it should be.
        NOTE: worth knowing; nothing is wrong.
        WARNING: frames move, but some will be lost, or it fails later (after a reboot, a bus-off).
        ERROR: no frame moves until this is mended.
    """

    OK = 0
    NOTE = 1
    WARNING = 2
    ERROR = 3


class Likelihood(IntEnum):
    """How sure it is that this is the cause, and not a consequence of another.

    Members:
        POSSIBLE: the evidence allows it; as a rule something else that is found explains it.
        LIKELY: the evidence usually means it.
        CERTAIN: the evidence says so itself.
    """

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check has found.

    Attributes:
        name: of the situation, stable for programs: "bus-off".
        severity: how bad it is.
        what: the cause in one line: "can0 is bus-off, and nothing restarts it".
        evidence: what was seen, and where: "restart_ms 0 (netlink)".
        meaning: what that usually means, in a sentence or two.
        commands: what mends it, lines for sh; or, with "#", what to do by hand.
        likelihood: of its being the cause.
        channel: the interface that it is about; None for the machine.
        fix: what `fix()` does, which is safe to do; nothing if somebody has to decide.
    """

    name: str
    severity: Severity
    what: str
    evidence: tuple[str, ...] = ()
    meaning: str = ""
    commands: tuple[str, ...] = ()
    likelihood: Likelihood = Likelihood.CERTAIN
    channel: str | None = None
    fix: tuple[Step, ...] = ()
