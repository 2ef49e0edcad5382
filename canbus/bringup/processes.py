"""Processes of keepers, told from others that have got their number since. Nothing of files.

A number in a state may be anybody's by the time it is read. Who began when, tells; and a pidfd
stays with the one process that it was opened for.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

MODULE = "canbus.bringup.keeper"

_GONE = {errno.ESRCH, errno.EINVAL, errno.ENOENT}  # the last two: it is a thread's number now
_STATE, _STARTTIME = 3 - 3, 22 - 3  # of proc(5), behind the name, which may have spaces


def start_time(pid: int) -> int | None:
    """When a process began, in ticks since boot; None if it has ended, reaped or not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[_STATE] in {b"Z", b"X"} else int(fields[_STARTTIME])


def is_keeper(pid: int, started: int | None) -> bool:
    """Whether a process is the keeper that has said so.

    Args:
        pid: its number.
        started: when it began; None if it did not say: then any keeper is it.
    """
    if started is not None:
        return start_time(pid) == started
    try:
        return MODULE.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def open_keeper(pid: int, started: int | None) -> int | None:
    """A pidfd of a keeper, to be closed; None if it has ended.

    Raises:
        OSError: the kernel refuses; before Linux 5.3 it has none.
    """
    try:
        pidfd = os.pidfd_open(pid)
    except OSError as exc:
        if exc.errno in _GONE:
            return None
        raise
    if is_keeper(pid, started):  # the pidfd was first: it can be no other's
        return pidfd
    os.close(pidfd)
    return None
