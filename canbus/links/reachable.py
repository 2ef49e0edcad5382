"""Which bit rate and sample point a controller comes to when it is asked for one. Pure.

The kernel takes what its clock and prescaler can do nearest to what is asked for, and reports
that (can_calc_bittiming, drivers/net/can/dev/calc_bittiming.c; for given segments
can_fixup_bittiming, bittiming.c). So what is in force may be right without being equal. Every
comparison of the two is made here; no link is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

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
    reference = recommended_sample_point(bitrate) if sample_point is None else sample_point
    found = [
        (abs(rate - bitrate), rate, point)
        for rate, quanta in _rates(clock, limits, bitrate)
        if (point := _latest_point(limits, quanta, reference)) is not None
    ]
    if not found:
        return None
    least, nearest, _ = min(found)
    point = max(point for error, _, point in found if error == least)
    return Reachable(nearest, None if sample_point is None else point)


def recommended_sample_point(bitrate: int) -> float:
    """What the kernel takes where none is asked for, in percent (CiA 102 and CiA 301)."""
    if bitrate > 800_000:
        return 75.0
    return 80.0 if bitrate > 500_000 else 87.5


def _rates(clock: int, limits: TimingLimits, bitrate: int) -> Iterator[tuple[int, int]]:
    """Bit rates around the one asked for, with the number of quanta in a bit."""
    shortest = 1 + limits.tseg1_min + limits.tseg2_min
    longest = 1 + limits.tseg1_max + limits.tseg2_max
    for quanta in range(shortest, longest + 1):
        low = clock // (quanta * bitrate)
        for brp in {_on_step(low, limits), _on_step(low + 1, limits)}:
            if max(limits.brp_min, 1) <= brp <= limits.brp_max:
                yield clock // (brp * quanta), quanta


def _on_step(brp: int, limits: TimingLimits) -> int:
    step = max(limits.brp_inc, 1)
    return brp // step * step


def _latest_point(limits: TimingLimits, quanta: int, reference: float) -> float | None:
    """The latest sample point of a bit of so many quanta that is not behind `reference`.

    In percent; None if there is none: the kernel does not take such a bit at all.
    """
    points = [
        (quanta - tseg2) * 1000 // quanta / 10
        for tseg2 in range(limits.tseg2_min, limits.tseg2_max + 1)
        if limits.tseg1_min <= quanta - 1 - tseg2 <= limits.tseg1_max
    ]
    return max((point for point in points if point <= reference + _STEP / 2), default=None)


def prescaler_for(clock: int, limits: TimingLimits, tq: int) -> int:
    """The prescaler that the kernel takes for a time quantum in nanoseconds.

    As `can_fixup_bittiming` rounds; one that is out of range it refuses.
    """
    step = max(limits.brp_inc, 1)
    return (clock * tq // step + _NS // 2 - 1) // _NS * step
