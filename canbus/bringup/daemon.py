"""Daemon: a program that a keeper runs: started, listened to, ended. What it does is its own.

It may not outlive its keeper, even one that is killed: the kernel sends it SIGTERM then
(PR_SET_PDEATHSIG), at which slcand closes the channel and takes its interface away. The process
that starts it has one thread only; with more, running code between fork and exec would not be
safe.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from canbus.errors import CanLinkError, CanTimeoutError

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_KEPT = 4000  # bytes of what it says
_CHAT = re.compile(r"\[[5-7]\] ")
"""How slcand in the foreground begins what is no error; it comes last, as standard output is
written at the very end."""
_PATIENCE = 3.0  # seconds to end in order
_KILLED = 40.0  # seconds after SIGKILL: a serial driver may wait 30 for what was not sent


class DaemonEndedError(CanLinkError):
    """A daemon ended that was to stay.

    Attributes:
        status: its exit status; negative: the signal that killed it.
        output: the last that it said.
    """

    status: int = 0
    output: str = ""


class DaemonIdleError(CanTimeoutError):
    """A daemon runs, but its links have not come.

    Attributes:
        output: the last that it said.
    """

    output: str = ""


class Daemon:
    """A running program.

    Args:
        program: its argv; the first word is a path.
        environment: more of it.
        stop_signal: that ends it in order.

    Raises:
        CanLinkError: it cannot be started.
    """

    def __init__(
        self,
        program: Sequence[str],
        environment: Mapping[str, str] | None = None,
        stop_signal: int = signal.SIGTERM,
    ) -> None:
        self.name = Path(program[0]).name
        self._stop_signal = stop_signal
        self._output = b""
        self._is_silent = False
        try:
            self._process = subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={**os.environ, **(environment or {})},
                restore_signals=False,  # SIGPIPE: it may speak, and live, when its keeper is dead
                start_new_session=True,  # Ctrl-C is for the keeper, which ends it in order
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 - see the module's docstring
            )
        except OSError as exc:
            raise CanLinkError(f"cannot start {program[0]}: {exc.strerror}", exc.errno) from exc
        os.set_blocking(self._pipe, False)

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def descriptors(self) -> list[int]:
        """One that is readable when it has said something; none once it has closed that."""
        return [] if self._is_silent else [self._pipe]

    @property
    def _pipe(self) -> int:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return self._process.stdout.fileno()

    def listen(self) -> str:
        """Take what it has said by now; the last of all that is what is returned."""
        with suppress(BlockingIOError):  # nothing more for now
            while not self._is_silent:
                data = os.read(self._pipe, _KEPT)
                self._output = (self._output + data)[-_KEPT:]
                self._is_silent = not data
        return self._output.decode(errors="replace").strip()

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def failure(self) -> DaemonEndedError:
        """What to say of its end."""
        status = self._process.poll() or 0
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        output = self.listen()
        lines = output.splitlines()
        said = next((line for line in reversed(lines) if not _CHAT.match(line)), "")
        error = DaemonEndedError(
            f"{self.name} {how}" + (f": {said}" if said else ""),
            hint=None if said else f"`journalctl -t {self.name}` may say why",
        )
        error.status, error.output = status, output
        return error

    def end(self) -> None:
        """End it, in order if it does that; may be called again.

        Raises:
            CanLinkError: not even killing it has helped.
        """
        try:
            self._end()
        finally:
            self._is_silent = True
            if self._process.stdout is not None:
                self._process.stdout.close()

    def _end(self) -> None:
        self._process.send_signal(self._stop_signal)  # nothing if it has ended
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        else:
            return
        try:
            self._process.wait(_KILLED)
        except subprocess.TimeoutExpired:
            raise CanLinkError(
                f"{self.name} (process {self.pid}) does not end: its serial port hangs",
                hint="unplug the adapter",
            ) from None


def _end_with_parent() -> Callable[[], None]:
    """What runs in the child before the program does: nothing is imported or looked up there."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def run() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:  # it has died before
            os._exit(1)

    return run
