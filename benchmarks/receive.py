"""Receiving: one frame waiting, a backlog in four ways, and beside a thread that computes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any

from benchmarks import bare_loops
from benchmarks.report import BARE, OURS, THEIRS, C, Report, Row
from benchmarks.stage import Stage
from benchmarks.timing import Chunk, clock_overhead_ns, medians, timed

UNIT = "ns/frame"
BACKLOG = 640
BATCH = 64


def by_recv(bus: Any, frames: int) -> None:
    recv = bus.recv
    for _ in range(frames):
        recv(1.0)


def by_iteration(bus: Any, frames: int) -> None:
    left = frames
    for _ in bus:
        left -= 1
        if not left:
            break


def lists_by_recv(bus: Any, frames: int) -> None:
    """Lists of 64 frames where a library has no call for them."""
    recv = bus.recv
    for _ in range(frames // BATCH):
        [recv(1.0) for _ in range(BATCH)]


def by_recv_many(bus: Any, frames: int) -> None:
    while frames > 0:
        frames -= len(bus.recv_many(BATCH, 1.0))


def measure(stage: Stage, report: Report) -> None:
    report.add(Row("receive, one frame waiting", UNIT, _single(stage), floor=3))
    for title, theirs, ours, in_c, floor in (
        ("receive, backlog by recv", by_recv, by_recv, "recvmsg", None),
        ("receive, backlog by iteration", by_iteration, by_iteration, "recvmmsg", 7),
        ("receive, backlog by recv_many(64)", lists_by_recv, by_recv_many, "recvmmsg", 8),
    ):
        sides = _drains(stage, theirs, ours) | _in_c(stage, in_c)
        report.add(Row(title, UNIT, medians(sides, BACKLOG, 14), floor, note=f"C: {in_c}"))
    with busy_thread():
        values = medians(_drains(stage, by_recv, by_recv), BACKLOG, 9)
    report.add(Row("receive beside a busy Python thread", UNIT, values, floor=25))


def _single(stage: Stage) -> dict[str, float]:
    recv = {
        THEIRS: lambda: stage.theirs.recv(1.0),
        OURS: lambda: stage.ours.recv(1.0),
        BARE: lambda: bare_loops.receive(stage.bare, 1),
    }

    def chunk(side: str, take: Callable[[], object]) -> Chunk:
        def run(frames: int) -> int:
            spent = -clock_overhead_ns(frames)
            for _ in range(frames):
                stage.send_one(side)
                start = perf_counter_ns()
                take()
                spent += perf_counter_ns() - start
            return spent

        return run

    sides = {side: chunk(side, take) for side, take in recv.items()}
    program = stage.c
    if program is not None:
        sides[C] = lambda frames: program.ask("single", frames)[-1]
    return medians(sides, 50, 60)


def _drains(
    stage: Stage, theirs: Callable[[Any, int], None], ours: Callable[[Any, int], None]
) -> dict[str, Chunk]:
    """Each side's way through a backlog of its own frames."""
    takes: dict[str, Callable[[int], object]] = {
        THEIRS: lambda frames: theirs(stage.theirs, frames),
        OURS: lambda frames: ours(stage.ours, frames),
        BARE: lambda frames: bare_loops.receive(stage.bare, frames),
    }

    def chunk(side: str, take: Callable[[int], object]) -> Chunk:
        def run(frames: int) -> int:
            stage.fill(side, frames)
            return timed(lambda: take(frames))

        return run

    return {side: chunk(side, take) for side, take in takes.items()}


def _in_c(stage: Stage, command: str) -> dict[str, Chunk]:
    program = stage.c
    if program is None:
        return {}

    def run(frames: int) -> int:
        stage.fill(C, frames)
        return program.ask(command, frames)[-1]

    return {C: run}


@contextmanager
def busy_thread() -> Iterator[None]:
    """A Python thread that computes, and gives up the interpreter only when it is asked to."""
    stop = threading.Event()

    def compute() -> None:
        number = 0
        while not stop.is_set():
            for _ in range(1000):
                number += 1

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
