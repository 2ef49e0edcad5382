"""What a received frame that is kept takes of memory, its parts included."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

from benchmarks import bare_loops
from benchmarks.report import BARE, OURS, THEIRS, C, Report, Row
from benchmarks.stage import Stage

FRAMES = 640
_C_RECORD = 24  # struct record of can_loops.c
_POINTER = 8  # what the list takes


def measure(stage: Stage, report: Report) -> None:
    takes: dict[str, Callable[[], list[object]]] = {
        THEIRS: lambda: [stage.theirs.recv(1.0) for _ in range(FRAMES)],
        OURS: lambda: [stage.ours.recv(1.0) for _ in range(FRAMES)],
        BARE: lambda: list(bare_loops.receive(stage.bare, FRAMES)),
    }
    values: dict[str, float] = {}
    for side, take in takes.items():
        stage.fill(side, FRAMES)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        kept = take()
        values[side] = (tracemalloc.get_traced_memory()[0] - before) / len(kept) - _POINTER
        tracemalloc.stop()
    values[C] = _C_RECORD
    report.add(Row("memory of a kept frame", "bytes", values))
