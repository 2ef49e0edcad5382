"""Counting the system calls of this thread, by the kernel's own tracing or else by strace."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from benchmarks.system_calls import count_system_calls, tracing_root

CallCounter = Callable[[Callable[[], object]], int]


def call_counter() -> CallCounter | None:
    """What counts the system calls of a piece of work; None where nothing can."""
    if tracing_root() is not None:
        return count_system_calls
    return count_by_strace if shutil.which("strace") else None


def count_by_strace(work: Callable[[], object]) -> int:
    """How many system calls `work()` makes; those of the counting itself are taken off."""
    return _count(work) - _count(lambda: None)


def _count(work: Callable[[], object]) -> int:
    thread = str(threading.get_native_id())
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "calls"
        command = ["strace", "-c", "-U", "calls,name", "-o", str(table), "-p", thread]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            if strace.stderr is None or "attached" not in (said := strace.stderr.readline()):
                raise RuntimeError(f"strace cannot count: {said}")
            try:
                work()
            finally:
                strace.send_signal(signal.SIGINT)
                strace.communicate()
        rows = [line.split() for line in table.read_text().splitlines()]
    return next(int(row[0]) for row in rows if row[1:] == ["total"])
