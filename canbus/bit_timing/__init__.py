"""When a bit is sampled: BitTiming and BitTimingFd, named as python-can's, and the kernel's solver.

Values and arithmetic only: no link is read and none is set. `solver.py` says what Linux makes of
a bit rate, the two classes what the registers of a controller say.
"""

from __future__ import annotations

from canbus.bit_timing.classic import BitTiming
from canbus.bit_timing.clock import check_or_adjust_timing_clock
from canbus.bit_timing.fd import BitTimingFd
from canbus.bit_timing.solver import solve

__all__ = ["BitTiming", "BitTimingFd", "check_or_adjust_timing_clock", "solve"]
