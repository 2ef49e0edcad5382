"""Timing two ways of doing the same thing in one process, in turn, and printing the ratio.

Absolute times depend on the machine; only ratios are quoted, and only with their substrate.
"""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

CHUNKS = 60


def substrate() -> str:
    """What the figures were measured on."""
    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    kind = "native"
    if "User Mode Linux" in cpu:
        kind = "User-mode Linux guest"
    elif "TCG" in cpu or "QEMU" in cpu:
        kind = "QEMU guest without KVM (inflates Python against C about threefold)"
    return f"{kind}, Linux {platform.release()}, Python {platform.python_version()}"


def compare(
    title: str, theirs: Callable[[int], int], ours: Callable[[int], int], frames: int
) -> float:
    """Time both in turn, chunk by chunk, and print the ratio of the medians."""
    their_times, our_times = [], []
    for _ in range(CHUNKS):
        their_times.append(theirs(frames) / frames)
        our_times.append(ours(frames) / frames)
    ratio = statistics.median(their_times) / statistics.median(our_times)
    print(f"{title:<44} python-can / canbus = {ratio:.2f}", flush=True)
    return ratio


def clock_overhead_ns(times: int) -> int:
    """Nanoseconds that reading the clock around something adds, for so many readings."""
    spent = 0
    for _ in range(times):
        start = perf_counter_ns()
        spent += perf_counter_ns() - start
    return spent
