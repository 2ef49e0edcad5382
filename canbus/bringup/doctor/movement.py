"""What moved while the doctor looked: differences of counters. Nothing is judged."""

from __future__ import annotations

from canbus.bringup.doctor.driver_habits import counts_error_frames
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo

_REPORTED = ("error_warning", "error_passive", "bus_off", "bus_errors")
"""What a driver makes error frames of, one for each count."""


def moved(system: System, link: LinkInfo, counter: str) -> int:
    """By how much a counter of LinkStatistics has risen; 0 if nobody looked twice, or it has not.

    A counter that has fallen was begun anew: the driver, or the link, is another one.
    """
    before = system.earlier.get(link.index)
    if before is None:
        return 0
    then = getattr(before.statistics, counter) or 0
    now = getattr(link.statistics, counter) or 0
    return max(0, int(now) - int(then))


def heard(system: System, link: LinkInfo) -> int:
    """How many frames of others came meanwhile; reports of errors are none."""
    came = moved(system, link, "rx_packets")
    if counts_error_frames(link):
        came -= sum(moved(system, link, name) for name in _REPORTED)
    return max(0, came)


def heard_ever(link: LinkInfo) -> int:
    """How many frames of others have come since the link was made."""
    came = link.statistics.rx_packets
    if counts_error_frames(link):
        came -= sum(getattr(link.statistics, name) or 0 for name in _REPORTED)
    return max(0, came)


def movement_words(system: System, link: LinkInfo, *counters: str) -> tuple[str, ...]:
    """Those that moved: "bus_errors: +4 while this was looked at"."""
    return tuple(
        f"{name}: +{moved(system, link, name)} while this was looked at"
        for name in counters
        if moved(system, link, name)
    )
