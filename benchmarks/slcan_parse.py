"""The parsers of slcan lines alone: bytes in memory, in pieces as a serial port brings them."""

from __future__ import annotations

import io
from time import thread_time_ns
from typing import Any

import can

from benchmarks.report import OURS, THEIRS, Report, Row
from benchmarks.slcan_line import IDENTIFIERS, LINES
from benchmarks.timing import medians
from canbus.codecs.lawicel import LawicelDecoder

FRAMES = 16 * len(IDENTIFIERS)
PIECE = 4096  # bytes
ROUNDS = 15
MORE = 8  # times as many frames for canbus, which python-can would take long for


class _Memory(io.BytesIO):
    """As much of a serial port as python-can's parser needs."""

    in_waiting = PIECE


def measure(report: Report) -> None:
    values = medians({THEIRS: _theirs, OURS: _ours}, FRAMES, ROUNDS)
    report.add(Row("slcan, parser alone", "CPU ns/frame", values, floor=15))


def _theirs(frames: int) -> float:
    bus: Any = can.Bus("loop://", interface="slcan", sleep_after_open=0)
    port, bus.serialPortOrig = bus.serialPortOrig, _Memory(_bytes(frames))
    parse = bus._recv_internal
    start = thread_time_ns()
    for _ in range(frames):
        parse(0)
    spent = thread_time_ns() - start
    bus.serialPortOrig = port
    bus.shutdown()
    return spent


def _ours(frames: int) -> float:
    decoder = LawicelDecoder(fd=False)
    data = io.BytesIO(_bytes(frames * MORE))
    read, parsed = data.read, 0
    start = thread_time_ns()
    while piece := read(PIECE):
        parsed += len(decoder.feed(piece))
    spent = thread_time_ns() - start
    if parsed != frames * MORE:
        raise RuntimeError(f"{parsed} events of {frames * MORE} lines")
    return spent / MORE


def _bytes(frames: int) -> bytes:
    return LINES * (frames // len(IDENTIFIERS))
