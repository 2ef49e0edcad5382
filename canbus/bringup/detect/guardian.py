"""The process that puts a link back if who has changed it dies. guarding.py starts it, by its path.

Standard input: one line, the process to guard and the link as it was; then "restored", or the end,
at which it puts the link back. Standard output: "ready". Standard error: a line, if it had to do
something. Who starts it has blocked the signals that would end it. Of this package, and of most
others, it loads nothing until it has been there for a while, or is needed, so that it is ready at
once.
"""

from __future__ import annotations

import os
import select
import sys

_STDIN, _STDOUT, _STDERR = range(3)
_RESTORED, _READY = b"restored\n", b"ready\n"
_SHORT = 10_000  # milliseconds; most searches are over by then


def main() -> int:
    """Guard one process."""
    line = _read_line()
    if not line.endswith(b"\n") or line == _RESTORED:
        return 0  # it died, or was ended, before it had changed anything
    pid, _, packed = line.decode().partition(" ")
    pidfd = _open(int(pid))
    _write(_STDOUT, _READY)
    if not _is_over(pidfd, _SHORT):
        _load()
        _is_over(pidfd, None)
    if _is_restored():
        return 0
    problem, text = _put_back(packed)
    text = f"canbus: the process {pid}, which was detecting, has ended too early: {text}\n"
    _write(_STDERR, text.encode(errors="backslashreplace"))
    return problem


def _open(pid: int) -> int | None:
    """A descriptor that tells its end; None if it has ended, or this kernel has none (5.3)."""
    if os.getppid() != pid:
        return None  # then the pipe is at its end
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _is_over(pidfd: int | None, timeout: int | None) -> bool:
    """Wait until the other says that all is well, or is no more; whether it does in time.

    Not for the end of the pipe alone: a child of that process may have inherited its other end.
    """
    poll = select.poll()
    poll.register(_STDIN, select.POLLIN)
    if pidfd is not None:
        poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(timeout))


def _is_restored() -> bool:
    """Whether it was said that all is well; asked when nothing more will be said."""
    os.set_blocking(_STDIN, False)
    try:
        return _read_line() == _RESTORED
    except BlockingIOError:  # it is no more, and somebody else holds its end
        return False


def _read_line() -> bytes:
    """Byte by byte, as what follows has to be waited for."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(_STDIN, 1)):
        line += byte
    return line


def _write(fd: int, data: bytes) -> None:
    try:
        os.write(fd, data)
    except OSError:  # who reads it has ended; or its terminal is gone
        return


def _load() -> None:
    """Load what it takes to put a link back, lest it is gone when it is needed."""
    if "site" not in sys.modules:  # it was started with -S
        import site

        site.main()  # pyroute2 is in one of the folders that this adds
    import canbus.bringup.detect.restoring  # noqa: F401


def _put_back(packed: str) -> tuple[int, str]:
    """Put the link back: an exit status, and how that went."""
    _load()
    from canbus.bringup.detect.restoring import Old, put_back

    old = Old.unpack(packed)
    problem = put_back(old)
    return (0, f"{old.name} is as it was before") if problem is None else (1, problem)


if __name__ == "__main__":
    sys.exit(main())
