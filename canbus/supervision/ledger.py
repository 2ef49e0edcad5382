"""The losses of a bus over several openings, as one ledger. Nothing is counted here."""

from __future__ import annotations

from canbus.state import BusStatistics


def together(one: BusStatistics, other: BusStatistics) -> BusStatistics:
    """The sum; what neither knows stays unknown."""
    both = BusStatistics()
    for name in BusStatistics.__slots__:
        first, second = getattr(one, name), getattr(other, name)
        known = first is not None or second is not None
        setattr(both, name, (first or 0) + (second or 0) if known else None)
    return both
