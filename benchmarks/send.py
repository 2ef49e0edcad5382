"""Sending frames that nobody receives; and the way from a send to a receive in one thread."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from benchmarks import bare_loops
from benchmarks.report import BARE, OURS, THEIRS, C, Report, Row
from benchmarks.stage import DATA, IDS, NOBODY, Stage, our_message, their_message
from benchmarks.timing import Chunk, clock_overhead_ns, medians, timed

BATCH = 64


def one_by_one(bus: Any, msg: Any, frames: int) -> None:
    send = bus.send
    for _ in range(frames):
        send(msg)


def in_batches(bus: Any, msgs: list[Any], frames: int) -> None:
    for _ in range(frames // len(msgs)):
        bus.send_many(msgs)


def measure(stage: Stage, report: Report) -> None:
    theirs, ours = their_message(NOBODY), our_message(NOBODY)
    batch = [our_message(NOBODY) for _ in range(BATCH)]
    common: dict[str, Chunk] = {
        THEIRS: lambda n: timed(lambda: one_by_one(stage.theirs_out, theirs, n)),
        BARE: lambda n: timed(lambda: bare_loops.send(stage.bare_out, NOBODY, DATA, n)),
    }
    for title, command, ours_run, floor in (
        ("send", "write", lambda n: one_by_one(stage.ours_out, ours, n), 3.2),
        ("send_many(64)", "sendmmsg", lambda n: in_batches(stage.ours_out, batch, n), 4.8),
    ):
        sides = {**common, OURS: _timing(ours_run), **_in_c(stage, command)}
        values = medians(sides, 2 * BATCH, 45)
        report.add(Row(title, "ns/frame", values, floor, note=f"C: {command}"))
    _latency(stage, report)


def _timing(run: Callable[[int], None]) -> Chunk:
    return lambda n: timed(lambda: run(n))


def _in_c(stage: Stage, command: str) -> dict[str, Chunk]:
    program = stage.c
    return {} if program is None else {C: lambda n: program.ask(command, NOBODY, n)[-1]}


def _latency(stage: Stage, report: Report, rounds: int = 20, frames: int = 50) -> None:
    def passing(send: Callable[[Any], object], msg: Any, recv: Callable[[], object]) -> list[int]:
        taken = []
        for _ in range(frames):
            start = perf_counter_ns()
            send(msg)
            recv()
            taken.append(perf_counter_ns() - start)
        return taken

    theirs, ours = their_message(IDS[THEIRS]), our_message(IDS[OURS])
    sides: dict[str, Callable[[], list[int]]] = {
        THEIRS: lambda: passing(stage.theirs_out.send, theirs, lambda: stage.theirs.recv(1.0)),
        OURS: lambda: passing(stage.ours_out.send, ours, lambda: stage.ours.recv(1.0)),
        BARE: lambda: passing(
            lambda can_id: bare_loops.send(stage.bare_out, can_id, DATA, 1),
            IDS[BARE],
            lambda: bare_loops.receive(stage.bare, 1),
        ),
    }
    program = stage.c
    if program is not None:
        sides[C] = lambda: program.ask("latency", frames)[:-1]
    times: dict[str, list[int]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            times[side] += run()
    clock = clock_overhead_ns(1000) / 1000
    for name, place in (("p50", 50), ("p99", 99)):
        values = {
            side: statistics.quantiles(taken, n=100)[place - 1] - clock
            for side, taken in times.items()
        }
        report.add(Row(f"send to receive in one thread, {name}", "ns", values))
