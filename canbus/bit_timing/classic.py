"""BitTiming: how a classic controller cuts a bit, as numbers, as registers, as bit rate.

Named and bounded as python-can's: an SJA1000's registers (Philips SJA1000 data sheet, 6.5.1 and
6.5.2). CAN FD is fd.py's, what Linux makes of a bit rate solver.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from canbus.bit_timing import tolerance
from canbus.bit_timing.numbers import Numbers
from canbus.bit_timing.segments import (
    Segments,
    check_met,
    check_range,
    check_sample_point,
    cuts,
    prescaler,
    proportional,
)
from canbus.errors import CanConfigError

_BRP_MAX, _SJW_MAX = 64, 4
_SLACK = 1.0  # percent by which a sample point may move with another clock


class BitTiming(Numbers):
    """The timing of a classic bit; a mapping of what it was made of, and hashable.

    Args:
        f_clock: clock of the controller, Hz.
        brp: prescaler, 1 to 64.
        tseg1: quanta from the synchronization segment to the sample point, 1 to 16.
        tseg2: quanta from there to the end of the bit, 1 to 8.
        sjw: quanta by which a bit may be stretched or cut, 1 to 4, at most tseg2.
        nof_samples: 1, or 3 of which the majority counts.
        strict: keep to what every controller can do: 8 to 25 quanta, a prescaler up to 32, 5
            kbit/s to 1 Mbit/s.

    Raises:
        CanConfigError: a ValueError; something is out of range, or samples before the middle.
    """

    def __init__(
        self,
        f_clock: int,
        brp: int,
        tseg1: int,
        tseg2: int,
        sjw: int,
        nof_samples: int = 1,
        strict: bool = False,
    ) -> None:
        if f_clock < 1:
            raise CanConfigError(f"f_clock={f_clock} is no clock", hint="Hz, 8_000_000 say")
        check_range("brp", brp, 1, _BRP_MAX)
        check_range("tseg1", tseg1, 1, 16)
        check_range("tseg2", tseg2, 1, 8)
        check_range("sjw", sjw, 1, _SJW_MAX)
        if sjw > tseg2:
            raise CanConfigError(f"sjw={sjw} is more than tseg2={tseg2}")
        if nof_samples not in {1, 3}:
            raise CanConfigError(f"nof_samples={nof_samples} is out of range", hint="1 or 3")
        self._bit = Segments(brp, tseg1, tseg2, sjw)
        self._f_clock, self._nof_samples = f_clock, nof_samples
        check_sample_point("sample_point", self._bit.sample_point)
        if strict:
            check_range("quanta of a bit", self.nbt, 8, 25)
            check_range("brp", brp, 1, 32)
            check_range("bitrate", self.bitrate, 5_000, 1_000_000)

    # -- other ways to say it ---------------------------------------------------------

    @classmethod
    def from_bitrate_and_segments(
        cls,
        f_clock: int,
        bitrate: int,
        tseg1: int,
        tseg2: int,
        sjw: int,
        nof_samples: int = 1,
        strict: bool = False,
    ) -> Self:
        """With the bit rate (bit/s) in the place of the prescaler.

        Raises:
            CanConfigError: a ValueError; out of range, or the rate is off by more than 0.39 %.
        """
        brp = prescaler(f_clock, bitrate, tseg1, tseg2)
        made = cls(f_clock, brp, tseg1, tseg2, sjw, nof_samples, strict)
        check_met("bitrate", bitrate, made.bitrate)
        return made

    @classmethod
    def from_registers(cls, f_clock: int, btr0: int, btr1: int) -> Self:
        """As an SJA1000 has it in its bus timing registers.

        Raises:
            CanConfigError: a ValueError; no such register, or it samples before the middle.
        """
        check_range("btr0", btr0, 0, 0xFF)
        check_range("btr1", btr1, 0, 0xFF)
        return cls(
            f_clock,
            brp=(btr0 & 0x3F) + 1,
            sjw=(btr0 >> 6) + 1,
            tseg1=(btr1 & 0x0F) + 1,
            tseg2=(btr1 >> 4 & 0x07) + 1,
            nof_samples=3 if btr1 & 0x80 else 1,
        )

    @classmethod
    def iterate_from_sample_point(
        cls, f_clock: int, bitrate: int, sample_point: float = 69.0
    ) -> Iterator[Self]:
        """All that make this bit rate (bit/s), with about this sample point (percent).

        Raises:
            CanConfigError: a ValueError; the sample point is in the first half.
        """
        check_sample_point("sample_point", sample_point)
        for bit in cuts(
            f_clock, bitrate, sample_point, brp_max=_BRP_MAX, least_tseg2=1, sjw_max=_SJW_MAX
        ):
            try:
                yield cls(f_clock, *bit, strict=True)
            except CanConfigError:  # one of those that not every controller can do
                continue

    @classmethod
    def from_sample_point(cls, f_clock: int, bitrate: int, sample_point: float = 69.0) -> Self:
        """The one nearest to the sample point, then with the most quanta.

        As in python-can, the bit rate may be off by 0.39 % for that. `solve` has Linux's way:
        the bit rate first.

        Raises:
            CanConfigError: a ValueError; there is none.
        """
        found = cls.iterate_from_sample_point(f_clock, bitrate, sample_point)
        best = min(
            found,
            key=lambda one: (abs(one.sample_point - sample_point), one.brp),
            default=None,
        )
        if best is None:
            raise CanConfigError(
                f"a clock of {f_clock} Hz makes no {bitrate} bit/s", hint="another bit rate"
            )
        return best

    def recreate_with_f_clock(self, f_clock: int) -> BitTiming:
        """The same bit rate and sample point with another clock (Hz).

        Raises:
            CanConfigError: a ValueError; that clock cannot.
        """
        try:  # often another prescaler is enough
            return BitTiming.from_bitrate_and_segments(
                f_clock, self.bitrate, *self._bit[1:], self.nof_samples, strict=True
            )
        except CanConfigError:
            near = BitTiming.from_sample_point(f_clock, self.bitrate, self.sample_point)
        if abs(near.sample_point - self.sample_point) > _SLACK:
            raise CanConfigError(
                f"with {f_clock} Hz the sample point is {near.sample_point:.1f} %, "
                f"not {self.sample_point:.1f} %"
            )
        sjw = proportional(self.sjw, self.nbt, near._bit, _SJW_MAX)
        return BitTiming(f_clock, near.brp, near.tseg1, near.tseg2, sjw, self.nof_samples)

    # -- what it is -------------------------------------------------------------------

    @property
    def f_clock(self) -> int:
        """Clock of the controller, Hz."""
        return self._f_clock

    @property
    def bitrate(self) -> int:
        """Bit/s, rounded."""
        return self._bit.bitrate(self._f_clock)

    @property
    def brp(self) -> int:
        """Prescaler."""
        return self._bit.brp

    @property
    def tq(self) -> int:
        """Length of a quantum, ns, rounded."""
        return self._bit.tq(self._f_clock)

    @property
    def nbt(self) -> int:
        """Quanta in a bit (nominal bit time)."""
        return self._bit.quanta

    @property
    def tseg1(self) -> int:
        """Quanta from the synchronization segment to the sample point."""
        return self._bit.tseg1

    @property
    def tseg2(self) -> int:
        """Quanta from the sample point to the end of the bit."""
        return self._bit.tseg2

    @property
    def sjw(self) -> int:
        """Quanta by which a bit may be stretched or cut."""
        return self._bit.sjw

    @property
    def nof_samples(self) -> int:
        """1, or 3 of which the majority counts."""
        return self._nof_samples

    @property
    def sample_point(self) -> float:
        """Percent of the bit."""
        return self._bit.sample_point

    @property
    def btr0(self) -> int:
        """Bus timing register 0 of an SJA1000."""
        return (self.sjw - 1) << 6 | (self.brp - 1)

    @property
    def btr1(self) -> int:
        """Bus timing register 1 of an SJA1000."""
        return (self.nof_samples == 3) << 7 | (self.tseg2 - 1) << 4 | (self.tseg1 - 1)

    def oscillator_tolerance(
        self, node_loop_delay_ns: float = 250.0, bus_length_m: float = 10.0
    ) -> float:
        """By how many percent the clock of each node may be off (ISO 11898-1).

        Args:
            node_loop_delay_ns: from the controller to the bus and back, ns.
            bus_length_m: metres of cable.
        """
        phase1 = tolerance.phase_seg1(self._bit, self.tq, node_loop_delay_ns, bus_length_m)
        return tolerance.percent(
            [tolerance.resynchronized(self._bit), tolerance.after_error_flag(self._bit, phase1)]
        )

    # -- a mapping --------------------------------------------------------------------

    def _asdict(self) -> dict[str, int]:
        return {
            "f_clock": self._f_clock,
            **self._bit._asdict(),
            "nof_samples": self._nof_samples,
        }

    def __str__(self) -> str:
        return (
            f"BR: {self.bitrate:_} bit/s, SP: {self.sample_point:.2f}%, BRP: {self.brp}, "
            f"TSEG1: {self.tseg1}, TSEG2: {self.tseg2}, SJW: {self.sjw}, "
            f"BTR: {self.btr0:02X}{self.btr1:02X}h, CLK: {self.f_clock / 10**6:g}MHz"
        )
