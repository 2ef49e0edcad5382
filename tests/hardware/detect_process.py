"""`canbus detect` as a process of its own, without the seconds that a guest needs to import it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Self

from canbus.cli import main


class DetectProcess:
    """A child that runs the command; what it and its guardian write is collected.

    Args:
        words: behind `canbus detect`.
    """

    def __init__(self, *words: str) -> None:
        self._output, theirs = os.pipe()
        self.status: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _be_the_command(theirs, words)
        os.close(theirs)

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def runs(self) -> bool:
        """Whether it has not ended yet."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is None

    def finish(self) -> str:
        """Wait until it and its guardian have ended; all that they have written."""
        with os.fdopen(os.dup(self._output), errors="replace") as file:
            text = file.read()
        if self.status is None:
            _, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)
        return text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.runs():
            self.send(signal.SIGKILL)
            self.finish()
        os.close(self._output)


def _be_the_command(output: int, words: tuple[str, ...]) -> None:
    status = 99
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for fd in (1, 2):
            os.dup2(output, fd)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        status = main(["detect", *words])
        sys.stdout.flush()
    except BaseException:  # or it would go on as a second pytest
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
