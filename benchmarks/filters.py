"""Changing the filters of an open bus: 1, 10 and 512 exact identifiers, from the same list."""

from __future__ import annotations

import socket
import struct
from typing import Any

from benchmarks.c_program import CProgram
from benchmarks.report import BARE, OURS, THEIRS, C, Report, Row
from benchmarks.stage import NOBODY, Stage, bare_socket, our_bus, their_bus
from benchmarks.timing import Chunk, medians, timed

_FULL_MASK = 0x7FF | socket.CAN_EFF_FLAG


def measure(stage: Stage, report: Report) -> None:
    with (
        their_bus(stage.link, NOBODY) as theirs,
        our_bus(stage.link, NOBODY) as ours,
        bare_socket(stage.link, NOBODY) as bare,
    ):
        for count, times in ((1, 20), (10, 20), (512, 2)):
            wanted = [{"can_id": n, "can_mask": 0x7FF, "extended": False} for n in range(count)]
            sides: dict[str, Chunk] = {
                THEIRS: _setting(theirs, wanted),
                OURS: _setting(ours, wanted),
                BARE: _packing(bare, count),
            }
            if stage.c is not None:
                sides[C] = _in_c(stage.c, count)
            values = medians(sides, times, 12)
            report.add(Row(f"set_filters, {count} filters", "ns", values))


def _in_c(program: CProgram, count: int) -> Chunk:
    return lambda times: program.ask("filters", count, times)[-1]


def _setting(bus: Any, wanted: list[dict[str, Any]]) -> Chunk:
    def work(times: int) -> None:
        for _ in range(times):
            bus.set_filters(wanted)

    return lambda times: timed(lambda: work(times))


def _packing(sock: socket.socket, count: int) -> Chunk:
    def work(times: int) -> None:
        for _ in range(times):
            packed = b"".join(struct.pack("=II", n, _FULL_MASK) for n in range(count))
            sock.setsockopt(socket.SOL_CAN_RAW, socket.CAN_RAW_FILTER, packed)

    return lambda times: timed(lambda: work(times))
