"""The highest rate at which nothing is lost, from a C program that sends at a given pace.

A rate counts if every frame of a second came, and the last one not much later than it was
sent: a large buffer that only hides how far a receiver falls behind does not. Rates are steps
of a ladder, searched by halving; rough, as the sender has its share of the same processors.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks.c_program import CProgram
from benchmarks.report import BARE, OURS, THEIRS, Report, Row
from benchmarks.stage import BUFFER, Stage, bare_socket, our_bus, their_bus

LADDER = tuple(1000 * n for n in (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48))
SECONDS = 1.0
LATE = 1.2
CAN_ID = 0x1F0
TRIES = 2

Take = Callable[[], int]  # waits a little for frames, and says how many came


def measure(stage: Stage, report: Report) -> None:
    if stage.c is None:
        return
    for title, rcvbuf in (("default buffer", None), ("8 MB buffer", BUFFER)):
        values: dict[str, float] = {}
        with CProgram(stage.link, CAN_ID + 1) as sender:
            with their_bus(stage.link, CAN_ID, rcvbuf) as bus:
                values[THEIRS] = highest(sender, _recv(bus))
            with our_bus(stage.link, CAN_ID, rcvbuf) as bus:
                values[OURS] = highest(sender, _recv(bus))
            with bare_socket(stage.link, CAN_ID, rcvbuf) as sock:
                sock.settimeout(0.2)
                values[BARE] = highest(sender, _recvmsg(sock))
        report.add(
            Row(f"loss-free rate, {title}", "frames/s", values, more_is_better=True, note="by recv")
        )


def _recv(bus: Any) -> Take:
    return lambda: bus.recv(0.2) is not None


def _recvmsg(sock: Any) -> Take:
    def take() -> int:
        try:
            return bool(sock.recvmsg(16, 64))
        except TimeoutError:
            return 0

    return take


def highest(sender: CProgram, take: Take) -> float:
    """The highest step of the ladder that holds; 0 if none does."""
    held, failed = -1, len(LADDER)
    while failed - held > 1:
        middle = (held + failed) // 2
        if any(holds(sender, take, int(LADDER[middle])) for _ in range(TRIES)):
            held = middle
        else:
            failed = middle
    return LADDER[held] if held >= 0 else 0


def holds(sender: CProgram, take: Take, rate: int) -> bool:
    wanted = int(rate * SECONDS)
    start = last = perf_counter()
    sender.tell("pace", CAN_ID, wanted, rate)
    came = 0
    while came < wanted:
        new = take()
        if not new:
            break
        came += new
    last = perf_counter()
    sent_in = sender.answer()[-1] / 1e9
    while take():  # what came after the receiver had given up
        pass
    return came == wanted and max(last - start, sent_in) < SECONDS * LATE
