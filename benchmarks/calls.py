"""System calls for a frame, as the kernel counts them: free of any machine's speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import receive, send
from benchmarks.report import OURS, THEIRS, Report, Row
from benchmarks.stage import NOBODY, Stage, our_message, their_message
from benchmarks.system_calls import count_system_calls, tracing_root

FRAMES = 640
MOST_IN_BATCHES = 1 / 60


def measure(stage: Stage, report: Report) -> None:
    if tracing_root() is None:
        return
    for title, theirs, ours in (
        ("backlog by recv", receive.by_recv, receive.by_recv),
        ("backlog by iteration", receive.by_iteration, receive.by_iteration),
        ("backlog by recv_many(64)", receive.lists_by_recv, receive.by_recv_many),
    ):
        values = {
            THEIRS: _received(stage, THEIRS, stage.theirs, theirs),
            OURS: _received(stage, OURS, stage.ours, ours),
        }
        _add(report, title, values, MOST_IN_BATCHES)
    values = {
        THEIRS: _single(stage, THEIRS, stage.theirs),
        OURS: _single(stage, OURS, stage.ours),
    }
    _add(report, "one frame waiting", values, 1)
    one, other = their_message(NOBODY), our_message(NOBODY)
    theirs_sent = _per_frame(lambda: send.one_by_one(stage.theirs_out, one, FRAMES))
    ours_sent = _per_frame(lambda: send.one_by_one(stage.ours_out, other, FRAMES))
    _add(report, "send", {THEIRS: theirs_sent, OURS: ours_sent}, 1)
    batch = [other] * 64
    ours_sent = _per_frame(lambda: send.in_batches(stage.ours_out, batch, FRAMES))
    _add(report, "send_many(64)", {THEIRS: theirs_sent, OURS: ours_sent}, MOST_IN_BATCHES)


def _add(report: Report, title: str, values: dict[str, float], most: float) -> None:
    report.add(Row(f"system calls, {title}", "per frame", values, ceiling=most))


def _per_frame(work: Callable[[], object]) -> float:
    return count_system_calls(work) / FRAMES


def _received(stage: Stage, side: str, bus: Any, take: Callable[[Any, int], None]) -> float:
    stage.fill(side, FRAMES)
    return _per_frame(lambda: take(bus, FRAMES))


def _single(stage: Stage, side: str, bus: Any, times: int = 20) -> float:
    """Each frame alone in the queue, counted by itself."""
    total = 0
    for _ in range(times):
        stage.send_one(side)
        total += count_system_calls(lambda: bus.recv(1.0))
    return total / times
