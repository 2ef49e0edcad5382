"""Which bit rate a living bus has, found by listening only; the link is as before afterwards.

    from canbus.bringup.detect import detect_bitrate
    detect_bitrate("can0").bitrate  # 500000, or None if nobody talks

The rooms: candidates.py (which rates), listening.py (hearing one rate), evidence.py and judging.py
(what was heard, and what that means), refusing.py (where it is not done at all), looking.py and
tuning.py (how a link is, and setting it), restoring.py (putting it back), guarding.py and
guardian.py (the process that does so if this one is killed), words.py (for people), detecting.py
(all of it together). Linux only. Nothing is ever sent.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canbus.bringup.detect.candidates import COMMON_BITRATES as COMMON_BITRATES
    from canbus.bringup.detect.candidates import Impossible as Impossible
    from canbus.bringup.detect.detecting import Detection as Detection
    from canbus.bringup.detect.detecting import detect_bitrate as detect_bitrate
    from canbus.bringup.detect.evidence import Evidence as Evidence
    from canbus.bringup.detect.judging import Verdict as Verdict

_PLACES = {  # loaded on first use: the guardian, which has to be ready soon, needs none of them
    "COMMON_BITRATES": "candidates",
    "Detection": "detecting",
    "Evidence": "evidence",
    "Impossible": "candidates",
    "Verdict": "judging",
    "detect_bitrate": "detecting",
}

__all__ = [
    "COMMON_BITRATES",
    "Detection",
    "Evidence",
    "Impossible",
    "Verdict",
    "detect_bitrate",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
