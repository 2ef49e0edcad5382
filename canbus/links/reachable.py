"""Which bit rate and sample point a controller comes to when it is asked for one. Pure.

The kernel takes what its clock and prescaler can do nearest to what is asked for, and reports
that (can_calc_bittiming, drivers/net/can/dev/calc_bittiming.c; for given segments
can_fixup_bittiming, bittiming.c). So what is in force may be right without being equal. Every
comparison of the two is made here; no link is read.
"""

from __future__ import annotations

from typing import NamedTuple

from canbus.bit_timing import solve
from canbus.link_info import LinkTiming, TimingLimits

_NS = 10**9
_STEP = 0.1
"""The kernel counts sample points in tenths of a percent."""


class Reachable(NamedTuple):
    """The nearest that a controller comes to a bit rate and a sample point (percent)."""

    bitrate: int
    sample_point: float | None


def is_reached(
    timing: LinkTiming, bitrate: int, sample_point: float | None, nearest: Reachable | None
) -> bool:
    """Whether the timing in force is as near as the controller can come.

    Args:
        timing: in force.
        bitrate: asked for, bit/s.
        sample_point: asked for, percent; None for any.
        nearest: what `find_nearest` says; None if the controller's limits are not known.
    """
    if not timing.is_known:
        return False
    allowed = 0 if nearest is None else abs(nearest.bitrate - bitrate)
    if abs(timing.bitrate - bitrate) > allowed:
        return False
    if sample_point is None:
        return True
    slack = _STEP
    if nearest is not None and nearest.sample_point is not None:
        slack += abs(nearest.sample_point - sample_point)
    return abs(timing.sample_point - sample_point) <= slack


def find_nearest(
    clock: int, limits: TimingLimits, bitrate: int, sample_point: float | None
) -> Reachable | None:
    """The nearest that a controller comes; None if no setting of it is possible.

    Args:
        clock: of the controller, Hz.
        limits: of the controller.
        bitrate: asked for, bit/s.
        sample_point: asked for, percent; None for any.
    """
    found = solve(clock, limits, bitrate, sample_point)
    if found is None:
        return None
    return Reachable(found.bitrate, None if sample_point is None else found.sample_point)


def prescaler_for(clock: int, limits: TimingLimits, tq: int) -> int:
    """The prescaler that the kernel takes for a time quantum in nanoseconds.

    As `can_fixup_bittiming` rounds; one that is out of range it refuses.
    """
    step = max(limits.brp_inc, 1)
    return (clock * tq // step + _NS // 2 - 1) // _NS * step
