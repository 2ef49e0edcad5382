"""`cantools monitor`, which draws on a terminal, as a process on a terminal of ours. No test."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

CHECKOUT = Path(__file__).parents[2]
PATIENCE = 60.0


def watch_until(
    shown: str, database: Path, bus_words: list[str], talk: Callable[[], None], *, on_canbus: bool
) -> None:
    """Run the monitor until something is shown, and leave it with `q`.

    Args:
        shown: what has to come, without blanks.
        database: file of messages.
        bus_words: which say what bus to open.
        talk: sends a frame; called again and again.
        on_canbus: with canbus in the place of python-can.
    """
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    launcher = ["-m", "canbus.compat"] if on_canbus else []
    command = [sys.executable, *launcher, "-m", "cantools", "monitor", *bus_words, str(database)]
    env = {**os.environ, "TERM": "linux", "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=env, text=True
    ) as process:
        os.close(theirs)
        try:
            seen, end = "", time.monotonic() + PATIENCE
            while shown not in seen:
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < end, seen[-2000:]
                talk()
                if select.select([ours], [], [], 0.2)[0]:
                    seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\s", "", _read(ours))
            os.write(ours, b"q")
            while process.poll() is None:  # it draws to the end
                if select.select([ours], [], [], 0.1)[0]:
                    _read(ours)
                assert time.monotonic() < end
            assert process.returncode == 0, process.stderr.read()
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            os.close(ours)


def _read(fd: int) -> str:
    try:
        return os.read(fd, 65536).decode(errors="replace")
    except OSError:  # the other end is closed
        return ""
