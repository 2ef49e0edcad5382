"""Segments: one bit, cut into time quanta. No bounds of a controller, no clock of its own.

A bit is one quantum of synchronization, `tseg1` quanta up to the sample point (propagation segment
and phase segment 1), and `tseg2` after it (ISO 11898-1, 11.3.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from canbus.errors import CanConfigError

SYNC = 1
"""Quanta of the synchronization segment."""
NEAR = 256
"""A bit rate is met if it is off by at most one in so many (python-can's bound, 0.39 %)."""


class Segments(NamedTuple):
    """One bit, in quanta.

    Attributes:
        brp: prescaler: cycles of the clock in a quantum.
        tseg1: quanta from the synchronization segment to the sample point.
        tseg2: quanta from the sample point to the end.
        sjw: by how many quanta a bit may be made longer or shorter.
    """

    brp: int
    tseg1: int
    tseg2: int
    sjw: int

    @property
    def quanta(self) -> int:
        """In the bit."""
        return SYNC + self.tseg1 + self.tseg2

    @property
    def sample_point(self) -> float:
        """In percent of the bit."""
        return 100.0 * (SYNC + self.tseg1) / self.quanta

    def bitrate(self, f_clock: int) -> int:
        """With a clock of so many Hz; bit/s, rounded."""
        return round(f_clock / (self.brp * self.quanta))

    def tq(self, f_clock: int) -> int:
        """Length of a quantum, in ns, rounded."""
        return round(10**9 * self.brp / f_clock)


def is_near(f_clock: int, brp: int, quanta: int, bitrate: int) -> bool:
    """Whether so many quanta make about that bit rate."""
    return abs(f_clock / (brp * quanta) - bitrate) <= bitrate / NEAR


def cut(quanta: int, sample_point: float, least_tseg2: int) -> tuple[int, int]:
    """Both segments of a bit of so many quanta, for a sample point in percent."""
    tseg1 = min(round(sample_point / 100 * quanta) - SYNC, quanta - SYNC - least_tseg2)
    return tseg1, quanta - SYNC - tseg1


def cuts(
    f_clock: int, bitrate: int, sample_point: float, *, brp_max: int, least_tseg2: int, sjw_max: int
) -> Iterator[Segments]:
    """A bit for each prescaler with which the bit rate is met.

    Args:
        f_clock: in Hz.
        bitrate: in bit/s.
        sample_point: in percent.
        brp_max: the largest prescaler to try.
        least_tseg2: quanta that have to be left after the sample point.
        sjw_max: quanta by which a bit may vary at most.
    """
    check_bitrate(bitrate)
    for brp in range(1, brp_max + 1):
        quanta = int(f_clock / (bitrate * brp))
        if quanta < 1:
            return
        if is_near(f_clock, brp, quanta, bitrate):
            tseg1, tseg2 = cut(quanta, sample_point, least_tseg2)
            yield Segments(brp, tseg1, tseg2, min(tseg2, sjw_max))


def prescaler(f_clock: int, bitrate: int, tseg1: int, tseg2: int) -> int:
    """The one that comes nearest to the bit rate; 0 if none does.

    Raises:
        CanConfigError: a ValueError; there is no bit.
    """
    cycles = bitrate * (SYNC + tseg1 + tseg2)
    if cycles <= 0:
        raise CanConfigError(f"no bit rate of {bitrate} bit/s can be cut into {tseg1} and {tseg2}")
    return round(f_clock / cycles)


def check_range(name: str, value: int, low: int, high: int) -> None:
    """Raise CanConfigError, a ValueError, if the value is not from `low` to `high`."""
    if not low <= value <= high:
        raise CanConfigError(f"{name}={value} is out of range", hint=f"{low} to {high}")


def check_sample_point(name: str, value: float) -> None:
    """Raise CanConfigError, a ValueError, if it is in the first half of the bit."""
    if not 50 <= value < 100:
        raise CanConfigError(
            f"{name}={value:g} is no sample point", hint="percent of the bit, 50 or more"
        )


def check_bitrate(bitrate: int) -> None:
    """Raise CanConfigError, a ValueError, unless it is one (bit/s)."""
    if bitrate < 1:
        raise CanConfigError(f"{bitrate} is no bit rate", hint="bit/s, 500_000 say")


def check_met(name: str, asked: int, found: int) -> None:
    """Raise CanConfigError, a ValueError, if the bit rate is another one."""
    if abs(found - asked) > asked / NEAR:
        raise CanConfigError(
            f"{name}={asked} cannot be met: the nearest is {found} bit/s",
            hint="other segments, or another clock",
        )


def proportional(sjw: int, quanta: int, new: Segments, most: int) -> int:
    """The jump width that is the same part of a new bit."""
    return max(1, min(most, new.tseg2, round(sjw / quanta * new.quanta)))
