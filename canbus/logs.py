"""set_logging_level: how much the logger `canbus` says. Nothing else logs by itself."""

from __future__ import annotations

import logging


def set_logging_level(level_name: str) -> None:
    """Make the logger `canbus` show messages from this level on.

    Frames are logged at level 9, finer than DEBUG, and only by buses that are opened after
    it was enabled: ``set_logging_level("subdebug")``.

    Args:
        level_name: critical, error, warning, info, debug or subdebug, in any case.

    Raises:
        ValueError: no such level.
    """
    levels = {**logging.getLevelNamesMapping(), "SUBDEBUG": 9}
    level = levels.get(level_name.upper())
    if level is None:
        raise ValueError(f"no logging level {level_name!r}: use one of {', '.join(levels).lower()}")
    logging.basicConfig()
    logging.getLogger("canbus").setLevel(level)
