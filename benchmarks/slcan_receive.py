"""Serial adapters, receiving: processor time of the reader, at full speed and idle; system calls.

A process of its own writes to a pseudo-terminal as fast as it goes. What it costs, and what the
kernel does for it, does not count: only the time of the thread that reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import sleep, thread_time_ns
from typing import Any

from benchmarks.receive import by_iteration, by_recv, by_recv_many, lists_by_recv
from benchmarks.report import OURS, THEIRS, Report, Row
from benchmarks.slcan_line import IDENTIFIERS, LINE, LINES, Sides, both_sides
from benchmarks.timing import Chunk, medians
from benchmarks.traced import call_counter

ROUNDS = 5
TIMES = {THEIRS: 1 / 40, OURS: 1.0}  # python-can takes its time
FRAMES = 640 * len(IDENTIFIERS)  # 450 KB
IDLE = 3.0  # seconds
BACKLOG = 16 * len(IDENTIFIERS)  # frames: 11 KB, which a pseudo-terminal holds, or nearly
FILLED = 0.3  # seconds until they are there
Take = Callable[[Any, int], None]


def measure(report: Report) -> None:
    with both_sides("write", LINES.hex()) as sides:
        for title, theirs, ours in (
            ("recv", by_recv, by_recv),
            ("iteration", by_recv, by_iteration),
            ("recv_many(64)", lists_by_recv, by_recv_many),
        ):
            values = _at_full_speed(sides, theirs, ours)
            report.add(Row(f"slcan, full line by {title}", "CPU ns/frame", values, floor=100))
        _system_calls(sides, report)
        _idle(sides, report)


def _at_full_speed(sides: Sides, theirs: Take, ours: Take) -> dict[str, float]:
    def chunk(side: str, take: Take) -> Chunk:
        bus, end = sides[side]

        def run(frames: int) -> float:
            times = round(frames * TIMES[side] / len(IDENTIFIERS))
            end.tell(times)
            start = thread_time_ns()
            take(bus, times * len(IDENTIFIERS))
            return (thread_time_ns() - start) / TIMES[side]

        return run

    chunks = {THEIRS: chunk(THEIRS, theirs), OURS: chunk(OURS, ours)}
    return medians(chunks, FRAMES, ROUNDS)


def _system_calls(sides: Sides, report: Report) -> None:
    counter = call_counter()
    if counter is None:
        return
    values = {}
    for side, take in ((THEIRS, by_recv), (OURS, by_recv)):
        bus, end = sides[side]
        end.tell(BACKLOG // len(IDENTIFIERS))
        sleep(FILLED)
        values[side] = counter(lambda b=bus, t=take: t(b, BACKLOG)) / BACKLOG
    title = "system calls, slcan, full line by recv"
    report.add(Row(title, "per frame", values, ceiling=1 / 20))


def _idle(sides: Sides, report: Report) -> None:
    values = {}
    for side, (bus, end) in sides.items():
        timer = threading.Timer(IDLE, end.say, [LINES[:LINE]])
        timer.start()
        start = thread_time_ns()
        bus.recv(None)
        values[side] = (thread_time_ns() - start) / IDLE / 1000
        timer.join()
    report.add(Row("slcan, idle in recv(None)", "CPU us/second", values, floor=20))
