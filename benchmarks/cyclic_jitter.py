"""How evenly cyclic frames leave: each engine of canbus against the same one of python-can.

A socket of its own collects the frames, and is read when the sender has stopped: the kernel
stamps them as they pass, so nothing that runs here disturbs the measurement. Both threads are
given a callback that does nothing, since that is what makes python-can use a thread, of which it
warns.
"""

from __future__ import annotations

import socket
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from time import sleep
from typing import Any, NamedTuple

from benchmarks import bare_loops
from benchmarks.receive import busy_thread
from benchmarks.report import OURS, THEIRS, Report, Row
from benchmarks.stage import Stage, bare_socket, our_message, their_message

PERIODS = {"1 ms": 10**6, "10 ms": 10**7}
ENGINES = ("bcm", "thread")
LOADS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "idle": nullcontext,
    "beside a busy thread": busy_thread,
}
ROUNDS = 4
SECONDS = 1.9
CAN_ID = 0x1E0
_LEFT_OUT = 3  # frames, while it starts


class Evenness(NamedTuple):
    """What the frames of a task were like.

    Attributes:
        p50: nanoseconds that the distance of two frames differs from the period by, the median.
        p99: the same, of the worst hundredth the best.
        worst: the same, the greatest.
        rate: percent that the frames were too many by.
    """

    p50: float
    p99: float
    worst: float
    rate: float


def measure(stage: Stage, report: Report) -> None:
    lines = []
    for period, period_ns in PERIODS.items():
        for engine in ENGINES:
            for load, running in LOADS.items():
                found = _compare(stage, engine, period_ns, running)
                values = {side: of.p99 for side, of in found.items()}
                title = f"cyclic {period}, {engine}, {load}"
                row = Row(title, "ns, p99", values, note="how far intervals are off the period")
                report.add(row)
                lines.append(_line([period, engine, load], found, row.ratio(THEIRS)))
    print(_table(lines), flush=True)


def _compare(
    stage: Stage, engine: str, period_ns: int, running: Callable[[], AbstractContextManager[None]]
) -> dict[str, Evenness]:
    """Both sides, in another order each time: medians over the rounds, of `worst` the worst."""
    sides: dict[str, Callable[[], Any]] = {
        THEIRS: lambda: _start_theirs(stage.theirs_out, engine, period_ns),
        OURS: lambda: _start_ours(stage.ours_out, engine, period_ns),
    }
    rounds: dict[str, list[Evenness]] = {side: [] for side in sides}
    for number in range(ROUNDS):
        order = list(sides.items())
        for side, start in reversed(order) if number % 2 else order:
            with bare_socket(stage.link, CAN_ID) as receiver:
                with running():
                    task = start()
                    sleep(SECONDS)
                    task.stop()
                stamps = _stamps(receiver)
            rounds[side].append(evenness(stamps[_LEFT_OUT:], period_ns))
    found = {}
    for side, runs in rounds.items():
        p50, p99, worst, rate = zip(*runs, strict=True)
        middle = [statistics.median(values) for values in (p50, p99, rate)]
        found[side] = Evenness(middle[0], middle[1], max(worst), middle[2])
    return found


def _start_theirs(bus: Any, engine: str, period_ns: int) -> Any:
    callback = _nothing if engine == "thread" else None
    return bus.send_periodic(their_message(CAN_ID), period_ns / 1e9, modifier_callback=callback)


def _start_ours(bus: Any, engine: str, period_ns: int) -> Any:
    return bus.send_periodic(
        our_message(CAN_ID),
        period_ns / 1e9,
        modifier_callback=_nothing if engine == "thread" else None,
        engine=engine,
    )


def _nothing(msg: object) -> None:
    pass


def _stamps(receiver: socket.socket) -> list[int]:
    """The kernel's time stamps of all that waits."""
    receiver.setblocking(False)
    stamps = []
    while True:
        try:
            stamps.append(bare_loops.receive(receiver, 1)[0][2])
        except BlockingIOError:
            return stamps


def evenness(stamps: list[int], period_ns: int) -> Evenness:
    """How even a row of time stamps is."""
    if len(stamps) < 20:
        raise RuntimeError(f"only {len(stamps)} frames came: no evenness to be found in them")
    errors = [abs(later - earlier - period_ns) for earlier, later in pairwise(stamps)]
    parts = statistics.quantiles(errors, n=100, method="inclusive")
    mean = (stamps[-1] - stamps[0]) / (len(stamps) - 1)
    return Evenness(parts[49], parts[98], max(errors), 100 * (period_ns / mean - 1))


def _line(words: list[str], found: dict[str, Evenness], ratio: float | None) -> str:
    for side in (OURS, THEIRS):
        of = found[side]
        words = [
            *words,
            " / ".join(f"{ns / 1000:.0f}" for ns in (of.p50, of.p99, of.worst)),
            f"{of.rate:+.2f} %",
        ]
    return _cells([*words, "" if ratio is None else f"{ratio:.2g}x"])


def _table(lines: list[str]) -> str:
    """As it stands in docs/performance.md."""
    head = ["period", "engine", "", f"{OURS}, µs", "rate", f"{THEIRS}, µs", "rate", "p99"]
    return "\n".join(["", _cells(head), "|---" * len(head) + "|", *lines])


def _cells(words: list[str]) -> str:
    return f"| {' | '.join(words)} |"
