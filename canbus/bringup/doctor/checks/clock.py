"""The clock, which time stamps are read from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System

_BEFORE_THIS_LIBRARY = 2024
_SYNCHRONISED = "/run/systemd/timesync/synchronized"


def look(system: System) -> Iterator[Finding]:
    """Whether it is set, and whether somebody keeps it right."""
    year = datetime.fromtimestamp(system.time_ns // 10**9, UTC).year
    if year < _BEFORE_THIS_LIBRARY:
        yield Finding(
            name="clock-not-set",
            severity=Severity.WARNING,
            what=f"the clock says {year}: time stamps of frames are wrong, and will jump",
            evidence=(f"the year of the clock is {year}",),
            meaning="A Raspberry Pi has no clock that runs without power: it starts at an old date "
            "until the network tells it the time.",
            commands=("timedatectl", "sudo timedatectl set-ntp true"),
            likelihood=Likelihood.POSSIBLE,
        )
        return
    said = system.ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if said == "no" and not system.exists(_SYNCHRONISED):
        yield Finding(
            name="clock-not-kept",
            severity=Severity.NOTE,
            what="nobody keeps the clock right: time stamps may jump when somebody sets it",
            evidence=("timedatectl: NTPSynchronized=no",),
            meaning="Logs of two machines cannot be laid side by side. `timestamp_source` tells "
            "which clock a stamp is of.",
            commands=("sudo timedatectl set-ntp true",),
            likelihood=Likelihood.POSSIBLE,
        )
