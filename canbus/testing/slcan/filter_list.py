"""The filters of CANable 2.5, which are exact: identifier and mask, of either width. No I/O.

Its Slcan manual: `F7E8,7FF` or `F18DA00F1,1FFFFFFF`, several with `;` between them, up to
eight; a bit of the mask that is set is compared. What fits none is dropped, of either width.
"""

from __future__ import annotations

import re

from canbus.frame_flags import EFF
from canbus.message import Message

_MOST = 8
_FORM = re.compile(r"([0-9A-Fa-f]{3}),([0-9A-Fa-f]{3})|([0-9A-Fa-f]{8}),([0-9A-Fa-f]{8})")

FilterList = list[tuple[bool, int, int]]


def read_filters(text: str) -> FilterList | None:
    """Read what follows `F`: whether it is for 29 bits, identifier, mask; None if it is wrong."""
    parts = text.split(";")
    found = [_FORM.fullmatch(part) for part in parts]
    if len(parts) > _MOST or not all(found):
        return None
    return [
        (bool(m[3]), int(m[3] or m[1], 16), int(m[4] or m[2], 16)) for m in found if m is not None
    ]


def passes(filters: FilterList, msg: Message) -> bool:
    """Whether the adapter receives it."""
    extended = bool(msg._flags & EFF)
    return not filters or any(
        wide == extended and (msg.arbitration_id ^ wanted) & mask == 0
        for wide, wanted, mask in filters
    )
