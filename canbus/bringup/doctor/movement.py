"""What moved while the doctor looked: differences of counters. Nothing is judged."""

from __future__ import annotations

from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo


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
