"""Timing several ways of doing the same thing in one run, in turn, and their medians.

Absolute times depend on the machine; only ratios are quoted, and only with their substrate.
"""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter_ns

Chunk = Callable[[int], float]
"""Does the thing so many times and returns the nanoseconds that it took altogether."""


def substrate() -> str:
    """What the figures were measured on."""
    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    kind = "native"
    if "User Mode Linux" in cpu:
        kind = "User-mode Linux guest"
    elif "TCG" in cpu or "QEMU" in cpu:
        kind = "QEMU guest without KVM (inflates Python against C about threefold)"
    return f"{kind}, Linux {platform.release()}, Python {platform.python_version()}"


def medians(sides: Mapping[str, Chunk], times: int, rounds: int) -> dict[str, float]:
    """Nanoseconds for one time, by side: all sides take turns, chunk by chunk."""
    spent: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds + 1):
        for side, chunk in sides.items():
            spent[side].append(chunk(times) / times)
    # The first round warms up.
    return {side: statistics.median(chunks[1:]) for side, chunks in spent.items()}


def timed(work: Callable[[], object]) -> int:
    """Nanoseconds that a piece of work takes."""
    start = perf_counter_ns()
    work()
    return perf_counter_ns() - start


def clock_overhead_ns(times: int) -> int:
    """Nanoseconds that reading the clock around something adds, for so many readings."""
    spent = 0
    for _ in range(times):
        start = perf_counter_ns()
        spent += perf_counter_ns() - start
    return spent
