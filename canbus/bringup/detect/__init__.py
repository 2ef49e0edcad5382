"""Which bit rate a living bus has, found by listening only; the link is as before afterwards.

    from canbus.bringup.detect import detect_bitrate
    detect_bitrate("can0").bitrate  # 500000, or None if nobody talks

The rooms: candidates.py (which rates), listening.py (hearing one rate), evidence.py and judging.py
(what was heard, and what that means), refusing.py (where it is not done at all), restoring.py
(putting a link back), guarding.py and guardian.py (the process that does so if this one is
killed), detecting.py (all of it together). Linux only. Nothing is ever sent.
"""

from __future__ import annotations

from canbus.bringup.detect.candidates import COMMON_BITRATES, Impossible
from canbus.bringup.detect.detecting import Detection, detect_bitrate
from canbus.bringup.detect.evidence import Evidence
from canbus.bringup.detect.judging import Verdict

__all__ = [
    "COMMON_BITRATES",
    "Detection",
    "Evidence",
    "Impossible",
    "Verdict",
    "detect_bitrate",
]
