"""`can.util`: small helpers that software calls."""

from __future__ import annotations

import re
from typing import Any

from canbus.bit_timing import check_or_adjust_timing_clock
from canbus.config import settings_for
from canbus.config.typing_values import as_it_looks
from canbus.frame_rules import FD_LENGTHS
from canbus.logs import set_logging_level

CAN_FD_DLC = list(FD_LENGTHS)
"""Lengths of CAN FD frames by raw dlc."""

__all__ = [
    "CAN_FD_DLC",
    "cast_from_string",
    "channel2int",
    "check_or_adjust_timing_clock",
    "dlc2len",
    "len2dlc",
    "load_config",
    "set_logging_level",
]


def len2dlc(length: int) -> int:
    """The raw dlc of the shortest frame that holds so many bytes; 15 for more than there is."""
    return next((dlc for dlc, size in enumerate(FD_LENGTHS) if size >= length), 15)


def dlc2len(dlc: int) -> int:
    """The number of bytes for a raw dlc."""
    return FD_LENGTHS[min(dlc, 15)]


def channel2int(channel: Any) -> int | None:
    """The number that a channel ends with: 0 of "can0"; None if there is none."""
    if isinstance(channel, int):
        return channel
    found = re.search(r"\d+$", channel) if isinstance(channel, str) else None
    return int(found[0]) if found else None


def cast_from_string(string_val: str) -> str | int | float | bool:
    """A number, a truth value, or the text itself."""
    value: str | int | float | bool = as_it_looks(string_val)
    return value


def load_config(
    path: Any = None, config: dict[str, Any] | None = None, context: str | None = None
) -> dict[str, Any]:
    """What configuration says beside what is given; see `canbus config explain`.

    Args:
        path: accepted for python-can; `CANBUS_CONFIG` names a file.
        config: what is given.
        context: which set of values.
    """
    given = dict(config or {})
    found = {name: setting.value for name, setting in settings_for(given, context).items()}
    cast = {name: as_it_looks(v) if isinstance(v, str) else v for name, v in found.items()}
    said = {name: value for name, value in given.items() if value is not None}
    return {"interface": None, "channel": None, **cast, **said}
