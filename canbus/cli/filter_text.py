"""A filter as text, with candump's meaning: ID:MASK, or ID~MASK for its opposite."""

from __future__ import annotations

import re

from canbus.errors import CanConfigError
from canbus.filters import CanFilter
from canbus.frame_flags import (
    EFF,
    EFF_MASK,
    ERR,
    RTR,
    SFF_MASK,
)

_FORM = re.compile(r"(?P<id>[0-9a-fA-F]{1,8})(?P<mark>[:~])(?P<mask>[0-9a-fA-F]{1,8})")
_GRAMMAR = (
    "write ID:MASK in hexadecimal: 123:7FF, 1F334455:9FFFFFFF (29-bit ids only), "
    "123:C00007FF (11-bit data frames only), 400~700 (all but 400..4FF)"
)


def parse_filter(text: str) -> CanFilter:
    """Read one filter.

    As candump and the kernel do: bit 31 of the mask tells 29-bit ids (bit 31 of the id set;
    an id of 8 digits sets it by itself) from 11-bit ones, bit 30 remote from data frames;
    without them both kinds pass.

    Raises:
        CanConfigError: a ValueError; it is not of that form.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise CanConfigError(f"cannot read the filter {text!r}", hint=_GRAMMAR)
    word, mask = int(form["id"], 16), int(form["mask"], 16)
    if word & ERR:
        # candump hands this bit to the kernel, where it means "inverted".
        raise CanConfigError(
            f"filter {text!r}: bit 29 of an id is no part of it",
            hint="write ID~MASK for the opposite; error frames pass every id filter",
        )
    if len(form["id"]) == 8:
        word |= EFF
    extended = bool(word & EFF) if mask & EFF else None
    # The kernel compares 11 bits when only 11-bit ids are asked for (net/can/af_can.c).
    compared = mask & (SFF_MASK if extended is False else EFF_MASK)
    return CanFilter(
        can_id=word & compared,
        can_mask=compared,
        extended=extended,
        inverted=form["mark"] == "~",
        remote=bool(word & RTR) if mask & RTR else None,
    )
