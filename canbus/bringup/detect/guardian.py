"""The process that puts a link back if who has changed it dies: `python -m ...detect.guardian`.

Started by guarding.py. Standard input: one line, the process to guard and the link as it was; then
"restored", or the end, at which it puts the link back. Standard output: "ready". Standard error: a
line, if it had to do something. It hears no signal that can be ignored.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from canbus.bringup.detect.restoring import Old, put_back

_STDIN, _STDOUT, _STDERR = range(3)
_DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
_RESTORED, _READY = b"restored\n", b"ready\n"


def main(restore: Callable[[Old], str | None] = put_back) -> int:
    """Guard one process.

    Args:
        restore: puts a link back; what is wrong then, or None.
    """
    for number in _DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
    line = _read_line()
    if not line.endswith(b"\n"):
        return 0  # it died before it had changed anything
    pid, _, packed = line.decode().partition(" ")
    old = Old.unpack(packed)
    pidfd = _open(int(pid))
    with suppress(OSError):
        os.write(_STDOUT, _READY)
    if _is_restored(pidfd):
        return 0
    problem = restore(old)
    outcome = problem or f"{old.name} is as it was before"
    text = f"canbus: the process {pid}, which was detecting, has ended too early: {outcome}\n"
    with suppress(OSError):  # its terminal may be gone
        os.write(_STDERR, text.encode(errors="backslashreplace"))
    return 1 if problem else 0


def _open(pid: int) -> int | None:
    """A descriptor that tells its end; None if it has ended, or this kernel has none (5.3)."""
    if os.getppid() != pid:
        return None  # then the pipe is at its end
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _is_restored(pidfd: int | None) -> bool:
    """Wait until the other says that all is well, or is no more; which of the two.

    Not by the end of the pipe alone: a child of that process may have inherited its other end.
    """
    poll = select.poll()
    poll.register(_STDIN, select.POLLIN)
    if pidfd is not None:
        poll.register(pidfd, select.POLLIN)
    ready = dict(poll.poll())
    return _STDIN in ready and _read_line() == _RESTORED


def _read_line() -> bytes:
    """Byte by byte, as what follows has to be waited for."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(_STDIN, 1)):
        line += byte
    return line


if __name__ == "__main__":
    sys.exit(main())
