"""Counting the system calls of this thread, exactly, with the kernel's own tracing.

Needs tracefs (root, a kernel with CONFIG_FTRACE_SYSCALLS, as Debian's). Nothing is timed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

ROOTS = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))


def tracing_root() -> Path | None:
    """Where the system call trace lives; None where there is none."""
    return next((r for r in ROOTS if (r / "events/raw_syscalls/sys_enter").exists()), None)


def count_system_calls(work: Callable[[], object]) -> int:
    """How many system calls `work()` makes; those of the counting itself are taken off."""
    return _count(work) - _count(lambda: None)


def _count(work: Callable[[], object]) -> int:
    root = tracing_root()
    if root is None:
        raise RuntimeError("no system call tracing: needs root and tracefs")
    enable = root / "events/raw_syscalls/sys_enter/enable"
    thread = threading.get_native_id()
    (root / "set_event_pid").write_text(str(thread))
    (root / "buffer_size_kb").write_text("4096")
    (root / "trace").write_text("")
    enable.write_text("1")
    try:
        work()
    finally:
        enable.write_text("0")
    # "  python-123  [000] ...: sys_enter: NR 0 (...)". The kernel leaves others out only from
    # the next task switch of their processor on.
    lines = (root / "trace").read_text().splitlines()
    return sum(f"-{thread} " in line and "NR " in line for line in lines)
