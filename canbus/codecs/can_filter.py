"""struct can_filter[] of <linux/can.h>, as setsockopt(CAN_RAW_FILTER) takes it. Bytes only."""

from collections.abc import Sequence
from struct import Struct

from canbus.filters import CanFilter

MAX_FILTERS = 512
"""CAN_RAW_FILTER_MAX of <linux/can/raw.h>: more are refused with EINVAL."""

_CAN_FILTER = Struct("=II")  # canid_t can_id, can_mask; host byte order


def encode_can_filters(filters: Sequence[CanFilter] | None) -> bytes:
    """Encode a filter set: None as one filter that passes all, an empty set as no bytes (none)."""
    if filters is None:
        return _CAN_FILTER.pack(0, 0)
    return b"".join(_CAN_FILTER.pack(*entry.words()) for entry in filters)
