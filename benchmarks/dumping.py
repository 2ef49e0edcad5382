"""`canbus dump` beside candump: processor time for a frame that is shown, into /dev/null.

Whole processes, sent a burst that their buffers hold; what a run of one frame takes is taken
off, so that the start of the interpreter does not count. candump writes to its output once a
frame, as `canbus dump` does.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, sleep

import canbus
from benchmarks.report import OURS, C, Report, Row
from benchmarks.stage import BUFFER, our_message
from canbus.links import temporary_vcan

FRAMES = 5000
ROUNDS = 3
OPTIONS = {
    "dump to the screen": {C: [], OURS: []},
    "dump as a log": {C: ["-L"], OURS: ["--log"]},
}
_LIMITS = ("rmem_max", "rmem_default")
_PATIENCE = 60


def measure(report: Report) -> None:
    if shutil.which("candump") is None:
        return
    with large_default_buffers(), temporary_vcan() as link:
        commands = {
            C: ["candump", "-n", "{count}", link.name],
            OURS: [
                *(sys.executable, "-m", "canbus", "dump", link.name),
                *("--interface", "socketcan", "--count", "{count}"),
            ],
        }
        runs = {title: {side: [] for side in commands} for title in OPTIONS}
        alone = {side: [] for side in commands}
        for _ in range(ROUNDS):
            for side, command in commands.items():
                alone[side].append(cpu_ns(link.name, command, 1))
                for title, options in OPTIONS.items():
                    taken = cpu_ns(link.name, [*command, *options[side]], FRAMES)
                    runs[title][side].append(taken)
        for title, taken_by in runs.items():
            values = {
                side: (statistics.median(taken) - statistics.median(alone[side])) / (FRAMES - 1)
                for side, taken in taken_by.items()
            }
            report.add(Row(title, "CPU ns/frame", values, note="C: candump"))


def cpu_ns(link: str, command: list[str], count: int) -> float:
    """Processor time of a process that shows so many frames."""
    words = [word.format(count=count) for word in command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    wait_for_receiver(link)
    with canbus.Bus(link, interface="socketcan", can_filters=canbus.CanFilter.nothing()) as bus:
        bus.send_many([our_message(0x123)] * count)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1e9


def wait_for_receiver(link: str) -> None:
    """Until a socket takes all frames of an interface."""
    listed = Path("/proc/net/can/rcvlist_all")
    end = perf_counter() + _PATIENCE
    while link not in "".join(
        line for line in listed.read_text().splitlines(keepends=True) if "no entry" not in line
    ):
        if perf_counter() > end:
            raise TimeoutError(f"nobody listens on {link}")
        sleep(0.01)


@contextmanager
def large_default_buffers() -> Iterator[None]:
    """Let every new socket hold a burst, as candump cannot be told to on all systems."""
    paths = [Path("/proc/sys/net/core") / name for name in _LIMITS]
    before = [path.read_text() for path in paths]
    for path in paths:
        path.write_text(str(BUFFER))
    try:
        yield
    finally:
        for path, value in zip(paths, before, strict=True):
            path.write_text(value)
