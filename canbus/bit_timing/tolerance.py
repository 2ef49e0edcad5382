"""How far the clocks of two nodes may differ. Arithmetic of ISO 11898-1, 11.3.1.3; no checks.

Each function is one condition of the standard: the part by which a clock may be off.
"""

from __future__ import annotations

from math import ceil

from canbus.bit_timing.segments import Segments

_NS_PER_METRE = 5
_UNSYNCED = 10
"""Bits without an edge, at most: five alike, and five of the other level."""


def phase_seg1(bit: Segments, tq: int, node_loop_delay_ns: float, bus_length_m: float) -> int:
    """What is left of tseg1 when the signal has gone to the other end and back."""
    delay = 2 * (node_loop_delay_ns + _NS_PER_METRE * bus_length_m)
    return bit.tseg1 - ceil(delay / tq)


def resynchronized(bit: Segments) -> float:
    """The phase error of ten bits has to be caught up by one jump."""
    return bit.sjw / (2 * _UNSYNCED * bit.quanta)


def after_error_flag(bit: Segments, phase1: int) -> float:
    """Thirteen bits after the last edge, the first bit behind an error flag is sampled right."""
    return min(phase1, bit.tseg2) / (2 * (13 * bit.quanta - bit.tseg2))


def after_data_error_flag(nominal: Segments, data: Segments, phase1: int) -> float:
    """The same, where the error is met in the data phase."""
    ratio = data.brp / nominal.brp
    bits = (6 * data.quanta - data.tseg2) * ratio + 7 * nominal.quanta
    return min(phase1, nominal.tseg2) / (2 * bits)


def at_rate_switch(nominal: Segments, data: Segments) -> float:
    """The last edge before the switch is nominal, the first after it is of the data phase."""
    ratio = nominal.brp / data.brp
    correctable = data.sjw - max(0.0, ratio - 1)
    since = (2 * nominal.quanta - nominal.tseg2) * ratio + data.tseg2 + 4 * data.quanta
    return correctable / (2 * since)


def percent(parts: list[float]) -> float:
    """The strictest of them, in percent; none is below 0."""
    return max(0.0, min(parts) * 100)
