"""What the logger `canbus` says of frames, and how to hear it. Nothing is logged from here.

`logging` is imported only when it is asked for: it costs as much as the rest of a small bus.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

FRAME_LEVEL = 9
"""Frames are logged at this level, finer than DEBUG."""


def set_logging_level(level_name: str) -> None:
    """Make the logger `canbus` show messages from this level on.

    Frames are logged at level 9, finer than DEBUG, and only by buses that are opened after
    it was enabled: ``set_logging_level("subdebug")``.

    Args:
        level_name: critical, error, warning, info, debug or subdebug, in any case.

    Raises:
        ValueError: no such level.
    """
    import logging

    levels = {**logging.getLevelNamesMapping(), "SUBDEBUG": FRAME_LEVEL}
    level = levels.get(level_name.upper())
    if level is None:
        raise ValueError(f"no logging level {level_name!r}: use one of {', '.join(levels).lower()}")
    logging.basicConfig()
    logging.getLogger("canbus").setLevel(level)


def logger() -> logging.Logger:
    """The logger `canbus`, for what a user should hear of without having asked."""
    import logging

    return logging.getLogger("canbus")


def frame_logger() -> Callable[[str, Any], None] | None:
    """A function that logs a frame, or None if nobody wants that (so that nobody pays)."""
    logging = sys.modules.get("logging")  # never imported: nobody has enabled anything
    if logging is None:
        return None
    to = logging.getLogger("canbus")
    if not to.isEnabledFor(FRAME_LEVEL):
        return None

    def log(text: str, msg: Any) -> None:
        to.log(FRAME_LEVEL, text, msg)

    return log
