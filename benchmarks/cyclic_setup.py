"""What it costs to set up a thousand cyclic tasks in the kernel, and to end them all.

Every round opens a bus of its own on each side, which is not timed; the socket of the broadcast
manager is opened for the first task, and counts. The kernel looks through all tasks of a socket
for each that is new (net/can/bcm.c, bcm_find_op), so that part grows with their number.
"""

from __future__ import annotations

import socket
import statistics
from collections.abc import Callable
from typing import Any

import canbus
from benchmarks.report import BARE, OURS, THEIRS, Report, Row
from benchmarks.stage import NOBODY, Stage, our_bus, our_message, their_bus, their_message
from benchmarks.system_calls import count_system_calls, tracing_root
from benchmarks.timing import timed
from canbus.codecs.bcm import BcmFlag, BcmOpcode, encode_bcm
from canbus.codecs.can_frame import encode_can_frame

TASKS = 1000
ROUNDS = 7
PERIOD = 10.0  # longer than a round, so that only the first frame of each is sent
UNIT = "ns/task"
SEQUENCE = f"{OURS}, sequence"

Costs = tuple[int, int]  # nanoseconds for all tasks: to set them up, to end them


def measure(stage: Stage, report: Report) -> None:
    sides: dict[str, Callable[[], Costs]] = {
        THEIRS: lambda: _theirs(stage.link),
        OURS: lambda: _ours(stage.link),
        BARE: lambda: _bare(stage.link),
        SEQUENCE: lambda: _ours(stage.link, rolling=True),
    }
    rounds: dict[str, list[Costs]] = {side: [] for side in sides}
    for _ in range(ROUNDS + 1):
        for side, run in sides.items():
            rounds[side].append(run())
    # The first round warms up.
    start, end = (
        {
            side: statistics.median(r[which] for r in runs[1:]) / TASKS
            for side, runs in rounds.items()
        }
        for which in (0, 1)
    )
    sequence, sequence_end = start.pop(SEQUENCE), end.pop(SEQUENCE)
    bare = "bare socket: a TX_SETUP message that is ready"
    report.add(Row("cyclic task, set up", UNIT, start, note=bare))
    report.add(Row("cyclic task, ended by shutdown", UNIT, end, note="bare socket: closed"))
    for title, value, one in (
        ("cyclic task of 16 frames, set up", sequence, start[OURS]),
        ("cyclic task of 16 frames, ended", sequence_end, end[OURS]),
    ):
        note = f"counter and CRC; {value / one:.1f} times a task of one frame"
        report.add(Row(title, UNIT, {OURS: value}, note=note))
    if tracing_root() is not None:
        calls = {
            THEIRS: _calls(stage.theirs_out, their_message(NOBODY)),
            OURS: _calls(stage.ours_out, our_message(NOBODY)),
        }
        report.add(Row("system calls, cyclic task set up", "per task", calls))


def _theirs(link: str) -> Costs:
    bus = their_bus(link, NOBODY)
    return _on(bus, [their_message(can_id) for can_id in range(TASKS)], {})


def _ours(link: str, rolling: bool = False) -> Costs:
    fields: dict[str, Any] = {}
    if rolling:
        fields["counters"] = canbus.Counter(8, 4)
        fields["checksum"] = canbus.Checksum("crc8_sae_j1850", byte=0)
    return _on(our_bus(link, NOBODY), [our_message(can_id) for can_id in range(TASKS)], fields)


def _on(bus: Any, messages: list[Any], fields: dict[str, Any]) -> Costs:
    def set_up() -> None:
        send_periodic = bus.send_periodic
        for message in messages:
            send_periodic(message, PERIOD, **fields)

    return timed(set_up), timed(bus.shutdown)


def _calls(bus: Any, message: Any, tasks: int = 64) -> float:
    """System calls for a task, after the first one, which opens the socket."""
    started = [bus.send_periodic(message, PERIOD)]

    def set_up() -> None:
        started.extend(bus.send_periodic(message, PERIOD) for _ in range(tasks))

    calls = count_system_calls(set_up)
    for task in started:
        task.stop()
    return calls / tasks


def _bare(link: str) -> Costs:
    flags = BcmFlag.SETTIMER | BcmFlag.STARTTIMER
    ready = [
        encode_bcm(
            BcmOpcode.TX_SETUP,
            can_id,
            flags,
            ival2_ns=int(PERIOD * 1e9),
            frames=[encode_can_frame(our_message(can_id))],
        )
        for can_id in range(TASKS)
    ]
    sock = socket.socket(socket.AF_CAN, socket.SOCK_DGRAM, socket.CAN_BCM)

    def set_up() -> None:
        sock.connect((link,))
        send = sock.send
        for message in ready:
            send(message)

    return timed(set_up), timed(sock.close)
