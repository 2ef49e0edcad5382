"""Warning the user at the user's own line, however deep in this package the cause is found."""

from __future__ import annotations

import sys
import warnings

from canbus.errors import CanWarning


def warn(text: str, category: type[Warning] = CanWarning) -> None:
    """Warn, pointing at the nearest caller outside this package."""
    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("canbus."):
        frame = frame.f_back
        level += 1
    warnings.warn(text, category, stacklevel=level)
