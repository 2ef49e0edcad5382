"""What Linux makes of a bit rate and a sample point, for the limits of a controller. Pure.

The rules are those of can_calc_bittiming (drivers/net/can/dev/calc_bittiming.c, Linux 6.1):
longest bit first, rounded up before rounded down; the nearest bit rate wins, then the nearest
sample point that is not behind the one asked for, then the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import NamedTuple

from canbus.bit_timing.segments import SYNC, Segments, check_bitrate
from canbus.link_info import TimingLimits

_PERMILLE = 1000
"""The kernel counts sample points in tenths of a percent, and so does this file."""
_MOST_WRONG = 50
"""Tenths of a percent by which a bit rate may be off (CAN_CALC_MAX_ERROR)."""


class Solution(NamedTuple):
    """What the controller is set to.

    Attributes:
        bitrate: bit/s, cut off as the kernel does.
        sample_point: percent, in steps of a tenth.
        bit: prescaler and segments.
        is_accepted: the bit rate is near enough for the kernel, which refuses others (EDOM).
    """

    bitrate: int
    sample_point: float
    bit: Segments
    is_accepted: bool


def recommended_sample_point(bitrate: int) -> float:
    """What the kernel takes where none is asked for, in percent (CiA 102 and CiA 301)."""
    if bitrate > 800_000:
        return 75.0
    return 80.0 if bitrate > 500_000 else 87.5


def solve(
    f_clock: int,
    limits: TimingLimits,
    bitrate: int,
    sample_point: float | None = None,
    sjw: int | None = None,
) -> Solution | None:
    """What Linux sets a controller to that is asked for a bit rate.

    Args:
        f_clock: of the controller, Hz.
        limits: of the controller.
        bitrate: asked for, bit/s.
        sample_point: asked for, percent; None for what CiA recommends.
        sjw: asked for, quanta; None for the kernel's default, which is 1 up to Linux 6.2.

    Returns:
        The solution; None if no setting of the controller comes near at all.

    Raises:
        CanConfigError: a ValueError; a bit rate of 0 or less.
    """
    check_bitrate(bitrate)
    if sample_point is None:
        sample_point = recommended_sample_point(bitrate)
    wanted = round(sample_point * 10)
    best: tuple[int, float] | None = None  # errors of bit rate and sample point
    found: tuple[int, int, int] | None = None  # prescaler and segments
    for brp, quanta in _bits(f_clock, limits, bitrate):
        rate_error = abs(bitrate - f_clock // (brp * quanta))
        if best is not None and rate_error > best[0]:
            continue
        cut = _cut(limits, quanta, wanted)
        if cut is None:
            if best is not None and rate_error < best[0]:
                best = best[0], inf  # the kernel forgets how near that one was, too
            continue
        tseg1, tseg2 = cut
        error = rate_error, wanted - _point(quanta, tseg2)
        if best is None or error < best:
            best, found = error, (brp, tseg1, tseg2)
            if error == (0, 0):
                break
    if best is None or found is None:
        return None
    brp, tseg1, tseg2 = found
    bit = Segments(brp, tseg1, tseg2, _jump(limits, tseg2, sjw))
    return Solution(
        f_clock // (brp * bit.quanta),
        _point(bit.quanta, tseg2) / 10,
        bit,
        best[0] * _PERMILLE // bitrate <= _MOST_WRONG,
    )


def _bits(f_clock: int, limits: TimingLimits, bitrate: int) -> Iterator[tuple[int, int]]:
    """Prescaler and number of quanta of each bit to look at, in the kernel's order."""
    longest = SYNC + limits.tseg1_max + limits.tseg2_max
    shortest = SYNC + limits.tseg1_min + limits.tseg2_min
    step = max(limits.brp_inc, 1)
    for quanta in range(longest, shortest - 1, -1):
        down = f_clock // (quanta * bitrate)
        for rounded in (down + 1, down):
            brp = rounded // step * step
            if max(limits.brp_min, 1) <= brp <= limits.brp_max:
                yield brp, quanta


def _cut(limits: TimingLimits, quanta: int, wanted: int) -> tuple[int, int] | None:
    """The segments of a bit whose sample point is nearest, and not behind; None if none is."""
    best: tuple[int, int] | None = None
    for earlier in (0, 1):
        tseg2 = quanta - wanted * quanta // _PERMILLE - earlier
        tseg2 = max(limits.tseg2_min, min(tseg2, limits.tseg2_max))
        tseg2 = max(tseg2, quanta - SYNC - limits.tseg1_max)
        point = _point(quanta, tseg2)
        if point <= wanted and (best is None or point > _point(quanta, best[1])):
            best = quanta - SYNC - tseg2, tseg2
    return best


def _point(quanta: int, tseg2: int) -> int:
    return _PERMILLE * (quanta - tseg2) // quanta


def _jump(limits: TimingLimits, tseg2: int, sjw: int | None) -> int:
    return 1 if sjw is None else max(1, min(sjw, limits.sjw_max, tseg2))
