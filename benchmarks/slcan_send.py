"""Serial adapters, sending: what the window brings where answers take a USB round trip.

The adapter is a process of its own that answers each line a millisecond after it came, and
sends as a bus of 1 Mbit/s does: a frame of 8 bytes in 125 µs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter_ns, thread_time_ns
from typing import Any

from benchmarks.report import OURS, THEIRS, Report, Row
from benchmarks.send import in_batches, one_by_one
from benchmarks.slcan_line import both_sides, far_end, our_bus
from benchmarks.stage import our_message, their_message
from benchmarks.timing import Chunk, medians

WINDOWS = (1, 2, 4, 8, 16, 32)
ROUND_TRIP = 1000  # µs
FRAME = 125  # µs
FRAMES = 64
ROUNDS = 5
IDENTIFIER = 0x123


def measure(report: Report) -> None:
    _unanswered(report)
    _windows(report)


def _unanswered(report: Report) -> None:
    """python-can never waits for an answer; here, too, where the dialect has none."""
    with both_sides("swallow") as sides:
        theirs, ours = sides[THEIRS][0], sides[OURS][0]
        one, other = their_message(IDENTIFIER), our_message(IDENTIFIER)
        batch = [other] * FRAMES
        for title, run in (
            ("slcan, send, no answers", lambda n: one_by_one(ours, other, n)),
            ("slcan, send_many(64), no answers", lambda n: in_batches(ours, batch, n)),
        ):
            chunks = {
                THEIRS: lambda n: _cpu(lambda: one_by_one(theirs, one, n)),
                OURS: lambda n, run=run: _cpu(lambda: run(n)),
            }
            values = medians(chunks, FRAMES, 7 * ROUNDS)
            report.add(Row(title, "CPU ns/frame", values))


def _windows(report: Report) -> None:
    """All windows take turns."""
    with ExitStack() as stack:
        buses: dict[str, Any] = {}
        for window in WINDOWS:
            end = stack.enter_context(far_end("answer", ROUND_TRIP, FRAME))
            bus = our_bus(end.port, dialect="lawicel", handshake="auto", window=window)
            buses[str(window)] = stack.enter_context(bus)
        msg = our_message(IDENTIFIER)
        cpu: dict[str, list[float]] = {window: [] for window in buses}

        def chunk(window: str) -> Chunk:
            def run(frames: int) -> float:
                start, cpu_start = perf_counter_ns(), thread_time_ns()
                _until_answered(buses[window], msg, frames)
                cpu[window].append((thread_time_ns() - cpu_start) / frames)
                return perf_counter_ns() - start

            return run

        walls = medians({window: chunk(window) for window in buses}, FRAMES * 4, ROUNDS)
    for title, values in (
        ("us/frame", walls),
        ("CPU us/frame", {window: statistics.median(spent[1:]) for window, spent in cpu.items()}),
    ):
        for window, value in values.items():
            report.add(Row(f"slcan, send, window {window}", title, {OURS: value / 1000}))


def _until_answered(bus: Any, msg: Any, frames: int) -> None:
    """Those that would still be on their way do not count as sent."""
    one_by_one(bus, msg, frames - 1)
    bus.send(msg, confirm=True)


def _cpu(work: Callable[[], object]) -> int:
    start = thread_time_ns()
    work()
    return thread_time_ns() - start
