"""Timing for a controller whose clock is another one. Which clocks it has, its backend knows."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from typing import TypeVar

from canbus.bit_timing.classic import BitTiming
from canbus.bit_timing.fd import BitTimingFd
from canbus.errors import CanConfigError, CanInitializationError
from canbus.warn import warn

AnyTiming = TypeVar("AnyTiming", BitTiming, BitTimingFd)


def check_or_adjust_timing_clock(timing: AnyTiming, valid_clocks: Iterable[int]) -> AnyTiming:
    """The timing, for one of these clocks (Hz); the first that can make it, and with a warning.

    Raises:
        CanInitializationError: none of them can.
    """
    clocks = list(valid_clocks)
    if timing.f_clock in clocks:
        return copy(timing)
    for clock in clocks:
        try:
            adjusted = timing.recreate_with_f_clock(clock)
        except CanConfigError:
            continue
        warn(f"timing is for a clock of {timing.f_clock} Hz; made anew for {clock} Hz")
        return adjusted
    raise CanInitializationError(
        f"no clock of the controller makes {timing}",
        hint=f"it has {', '.join(f'{clock} Hz' for clock in clocks) or 'none'}",
    )
