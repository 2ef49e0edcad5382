"""Filters that an adapter applies itself, where it does so exactly. Values only.

LAWICEL's acceptance registers (`M`, `m`) do not look at the width of an identifier
(SJA1000), and USBtin's have 11 bits; what they let through would have to be looked at again
anyway, so they are not used. CANable 2.5 has lists for either width and drops the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from canbus.backends.slcan.dialects import Dialect
from canbus.frame_flags import EFF_MASK, SFF_MASK
from canbus.plugin import CanFilter


def filter_command(dialect: Dialect, filters: Sequence[CanFilter] | None) -> str | None:
    """The command that lets through these frames and no others; None where there is none.

    It is taken while the channel is closed, and `C` undoes it.
    """
    if not filters or len(filters) > dialect.max_filters:
        return None
    parts = [_part(each) for each in filters]
    known = [part for part in parts if part is not None]
    return "F" + ";".join(known) if len(known) == len(parts) else None


def _part(wanted: CanFilter) -> str | None:
    """One filter, identifier and mask; None if the adapter cannot say it."""
    if wanted.inverted or wanted.extended is None or wanted.remote is not None:
        return None
    if wanted.extended:
        return f"{wanted.can_id & EFF_MASK:08X},{wanted.can_mask & EFF_MASK:08X}"
    return f"{wanted.can_id & SFF_MASK:03X},{wanted.can_mask & SFF_MASK:03X}"
