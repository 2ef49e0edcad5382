"""BitTimingFd: how a CAN FD controller cuts its two kinds of bits.

Named and bounded as python-can's. One kind of bit alone is classic.py's.
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

_BRP_MAX = 256
_SLACK = 1.0  # percent by which a sample point may move with another clock


class BitTimingFd(Numbers):
    """The timing of both phases; a mapping of what it was made of, and hashable.

    Args:
        f_clock: clock of the controller, Hz.
        nom_brp: prescaler of the arbitration phase.
        nom_tseg1: quanta from the synchronization segment to the sample point, there.
        nom_tseg2: quanta from there to the end of the bit.
        nom_sjw: quanta by which a bit may be stretched or cut, at most nom_tseg2.
        data_brp: the same four of the data phase.
        data_tseg1: see above.
        data_tseg2: see above.
        data_sjw: see above.
        strict: keep to what every controller can do by ISO 11898-1.

    Raises:
        CanConfigError: a ValueError; something is out of range, samples before the middle, or
            the data phase is the slower one.
    """

    def __init__(
        self,
        f_clock: int,
        nom_brp: int,
        nom_tseg1: int,
        nom_tseg2: int,
        nom_sjw: int,
        data_brp: int,
        data_tseg1: int,
        data_tseg2: int,
        data_sjw: int,
        strict: bool = False,
    ) -> None:
        self._f_clock = f_clock
        self._nominal = Segments(nom_brp, nom_tseg1, nom_tseg2, nom_sjw)
        self._data = Segments(data_brp, data_tseg1, data_tseg2, data_sjw)
        if f_clock < 1:
            raise CanConfigError(f"f_clock={f_clock} is no clock", hint="Hz, 80_000_000 say")
        for phase, bit in (("nom", self._nominal), ("data", self._data)):
            _check(phase, bit)
        if self.data_bitrate < self.nom_bitrate:
            raise CanConfigError(
                f"data_bitrate={self.data_bitrate} is less than nom_bitrate={self.nom_bitrate}"
            )
        if strict:
            self._check_strictly()

    def _check_strictly(self) -> None:
        check_range("quanta of a nominal bit", self.nbt, 8, 80)
        check_range("quanta of a data bit", self.dbt, 5, 25)
        check_range("data_tseg1", self.data_tseg1, 1, 16)
        check_range("data_tseg2", self.data_tseg2, 2, 8)
        check_range("data_sjw", self.data_sjw, 1, 8)
        # A prescaler for both has to leave room for the longer bit.
        wide = 2 if self.nom_brp == self.data_brp else 1
        check_range("nom_tseg1", self.nom_tseg1, 2, 64 * wide)
        check_range("nom_tseg2", self.nom_tseg2, 2, 16 * wide)
        check_range("nom_sjw", self.nom_sjw, 1, 16 * wide)

    # -- other ways to say it ---------------------------------------------------------

    @classmethod
    def from_bitrate_and_segments(
        cls,
        f_clock: int,
        nom_bitrate: int,
        nom_tseg1: int,
        nom_tseg2: int,
        nom_sjw: int,
        data_bitrate: int,
        data_tseg1: int,
        data_tseg2: int,
        data_sjw: int,
        strict: bool = False,
    ) -> Self:
        """With bit rates (bit/s) in the place of the prescalers.

        Raises:
            CanConfigError: a ValueError; out of range, or a rate is off by more than 0.39 %.
        """
        made = cls(
            f_clock,
            prescaler(f_clock, nom_bitrate, nom_tseg1, nom_tseg2),
            nom_tseg1,
            nom_tseg2,
            nom_sjw,
            prescaler(f_clock, data_bitrate, data_tseg1, data_tseg2),
            data_tseg1,
            data_tseg2,
            data_sjw,
            strict,
        )
        check_met("nom_bitrate", nom_bitrate, made.nom_bitrate)
        check_met("data_bitrate", data_bitrate, made.data_bitrate)
        return made

    @classmethod
    def iterate_from_sample_point(
        cls,
        f_clock: int,
        nom_bitrate: int,
        nom_sample_point: float,
        data_bitrate: int,
        data_sample_point: float,
    ) -> Iterator[Self]:
        """All that make these bit rates (bit/s), with about these sample points (percent).

        Raises:
            CanConfigError: a ValueError; a sample point is in the first half.
        """
        check_sample_point("nom_sample_point", nom_sample_point)
        check_sample_point("data_sample_point", data_sample_point)
        data = list(
            cuts(
                f_clock,
                data_bitrate,
                data_sample_point,
                brp_max=_BRP_MAX,
                least_tseg2=2,
                sjw_max=16,
            )
        )
        for bit in cuts(
            f_clock, nom_bitrate, nom_sample_point, brp_max=_BRP_MAX, least_tseg2=2, sjw_max=128
        ):
            for data_bit in data:
                try:
                    yield cls(f_clock, *bit, *data_bit, strict=True)
                except CanConfigError:  # one of those that not every controller can do
                    continue

    @classmethod
    def from_sample_point(
        cls,
        f_clock: int,
        nom_bitrate: int,
        nom_sample_point: float,
        data_bitrate: int,
        data_sample_point: float,
    ) -> Self:
        """The one nearest to the sample points, with one prescaler for both phases if possible.

        Of those that are alike, the one with the most quanta. As in python-can, a bit rate may
        be off by 0.39 % for that.

        Raises:
            CanConfigError: a ValueError; there is none.
        """
        found = cls.iterate_from_sample_point(
            f_clock, nom_bitrate, nom_sample_point, data_bitrate, data_sample_point
        )
        best = min(
            found,
            key=lambda one: (
                one.nom_brp != one.data_brp,
                abs(one.nom_sample_point - nom_sample_point)
                + abs(one.data_sample_point - data_sample_point),
                abs(one.nom_brp - one.data_brp),
                one.nom_brp + one.data_brp,
            ),
            default=None,
        )
        if best is None:
            raise CanConfigError(
                f"a clock of {f_clock} Hz makes no {nom_bitrate} and {data_bitrate} bit/s",
                hint="other bit rates",
            )
        return best

    def recreate_with_f_clock(self, f_clock: int) -> BitTimingFd:
        """The same bit rates and sample points with another clock (Hz).

        Raises:
            CanConfigError: a ValueError; that clock cannot.
        """
        try:  # often other prescalers are enough
            return BitTimingFd.from_bitrate_and_segments(
                f_clock,
                self.nom_bitrate,
                *self._nominal[1:],
                self.data_bitrate,
                *self._data[1:],
                strict=True,
            )
        except CanConfigError:
            near = BitTimingFd.from_sample_point(
                f_clock,
                self.nom_bitrate,
                self.nom_sample_point,
                self.data_bitrate,
                self.data_sample_point,
            )
        bits = []
        for ours, theirs in ((self._nominal, near._nominal), (self._data, near._data)):
            if abs(ours.sample_point - theirs.sample_point) > _SLACK:
                raise CanConfigError(
                    f"with {f_clock} Hz a sample point is {theirs.sample_point:.1f} %, "
                    f"not {ours.sample_point:.1f} %"
                )
            sjw = proportional(ours.sjw, ours.quanta, theirs, theirs.tseg2)
            bits.append(theirs._replace(sjw=sjw))
        return BitTimingFd(f_clock, *bits[0], *bits[1])

    # -- what it is -------------------------------------------------------------------

    @property
    def f_clock(self) -> int:
        """Clock of the controller, Hz."""
        return self._f_clock

    @property
    def nom_bitrate(self) -> int:
        """Of the arbitration phase, bit/s, rounded."""
        return self._nominal.bitrate(self._f_clock)

    @property
    def nom_brp(self) -> int:
        """Prescaler of the arbitration phase."""
        return self._nominal.brp

    @property
    def nom_tq(self) -> int:
        """Length of a quantum of the arbitration phase, ns, rounded."""
        return self._nominal.tq(self._f_clock)

    @property
    def nbt(self) -> int:
        """Quanta in a bit of the arbitration phase."""
        return self._nominal.quanta

    @property
    def nom_tseg1(self) -> int:
        """Quanta from the synchronization segment to the sample point, arbitration phase."""
        return self._nominal.tseg1

    @property
    def nom_tseg2(self) -> int:
        """Quanta from the sample point to the end of the bit, arbitration phase."""
        return self._nominal.tseg2

    @property
    def nom_sjw(self) -> int:
        """Quanta by which a bit may be stretched or cut, arbitration phase."""
        return self._nominal.sjw

    @property
    def nom_sample_point(self) -> float:
        """Percent of the bit, arbitration phase."""
        return self._nominal.sample_point

    @property
    def data_bitrate(self) -> int:
        """Of the data phase, bit/s, rounded."""
        return self._data.bitrate(self._f_clock)

    @property
    def data_brp(self) -> int:
        """Prescaler of the data phase."""
        return self._data.brp

    @property
    def data_tq(self) -> int:
        """Length of a quantum of the data phase, ns, rounded."""
        return self._data.tq(self._f_clock)

    @property
    def dbt(self) -> int:
        """Quanta in a bit of the data phase."""
        return self._data.quanta

    @property
    def data_tseg1(self) -> int:
        """Quanta from the synchronization segment to the sample point, data phase."""
        return self._data.tseg1

    @property
    def data_tseg2(self) -> int:
        """Quanta from the sample point to the end of the bit, data phase."""
        return self._data.tseg2

    @property
    def data_sjw(self) -> int:
        """Quanta by which a bit may be stretched or cut, data phase."""
        return self._data.sjw

    @property
    def data_sample_point(self) -> float:
        """Percent of the bit, data phase."""
        return self._data.sample_point

    def oscillator_tolerance(
        self, node_loop_delay_ns: float = 250.0, bus_length_m: float = 10.0
    ) -> float:
        """By how many percent the clock of each node may be off (ISO 11898-1).

        Args:
            node_loop_delay_ns: from the controller to the bus and back, ns.
            bus_length_m: metres of cable.
        """
        nominal, data = self._nominal, self._data
        phase1 = tolerance.phase_seg1(nominal, self.nom_tq, node_loop_delay_ns, bus_length_m)
        return tolerance.percent(
            [
                tolerance.resynchronized(nominal),
                tolerance.after_error_flag(nominal, phase1),
                tolerance.resynchronized(data),
                tolerance.after_data_error_flag(nominal, data, phase1),
                tolerance.at_rate_switch(nominal, data),
            ]
        )

    # -- a mapping --------------------------------------------------------------------

    def _asdict(self) -> dict[str, int]:
        nominal = {f"nom_{name}": value for name, value in self._nominal._asdict().items()}
        data = {f"data_{name}": value for name, value in self._data._asdict().items()}
        return {"f_clock": self._f_clock, **nominal, **data}

    def __str__(self) -> str:
        phases = []
        for letter, bit in (("N", self._nominal), ("D", self._data)):
            phases.append(
                f"{letter}BR: {bit.bitrate(self._f_clock):_} bit/s, "
                f"{letter}SP: {bit.sample_point:.2f}%, {letter}BRP: {bit.brp}, "
                f"{letter}TSEG1: {bit.tseg1}, {letter}TSEG2: {bit.tseg2}, {letter}SJW: {bit.sjw}"
            )
        return f"{', '.join(phases)}, CLK: {self.f_clock / 10**6:g}MHz"


def _check(phase: str, bit: Segments) -> None:
    if bit.brp < 1:
        raise CanConfigError(f"{phase}_brp={bit.brp} is out of range", hint="1 or more")
    for name, value in zip(bit._fields[1:], bit[1:], strict=True):
        if value < 0:
            raise CanConfigError(f"{phase}_{name}={value} is out of range", hint="0 or more")
    if bit.sjw > bit.tseg2:
        raise CanConfigError(f"{phase}_sjw={bit.sjw} is more than {phase}_tseg2={bit.tseg2}")
    if bit.sample_point < 50:
        check_sample_point(f"{phase}_sample_point", bit.sample_point)
