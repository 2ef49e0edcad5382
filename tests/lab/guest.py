"""The guest as a child process: started with its guard, ended with everything it started.

Does not know what runs in it, and reads nothing it wrote.
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from . import guard
from .machine import Launch


class Guest:
    """A context manager around the guest's process group."""

    def __init__(self, launch: Launch, run_dir: Path) -> None:
        self._launch = launch
        self._run_dir = run_dir

    def __enter__(self) -> Self:
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(self._run_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        with (self._run_dir / "console").open("wb") as console:
            # A session of its own: User-mode Linux is several processes, ended as one group,
            # and Ctrl-C at our terminal reaches us alone.
            self._child = subprocess.Popen(
                self._launch.argv,
                env=self._launch.env,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._tell_guard(f"{self._child.pid}\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._tell_guard("done\n")
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()

    def exit_status(self) -> int | None:
        """The host process's own status; None while it runs."""
        return self._child.poll()

    def _tell_guard(self, text: str) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.write(text.encode())
        self._guard.stdin.flush()
