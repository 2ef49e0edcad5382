"""Guard: our end of the process that puts a link back if we cannot. Its own end is guardian.py."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import canbus
from canbus.bringup.detect.restoring import Old, put_back
from canbus.errors import CanLinkError

# Without `site`, which takes it half of its start; it does that later.
PROGRAM = (sys.executable, "-P", "-S", str(Path(__file__).with_name("guardian.py")))
RESTORED = b"restored\n"
READY = b"ready\n"

_STARTING = 60.0  # seconds; a slow machine
_ENDING = 20.0  # seconds to put a link back


class Guard:
    """A guardian that is ready. One of these three ends it: `dismiss`, `leave_to_it`, our death.

    Args:
        old: what it is to put back.
        lock: a descriptor that it holds, too, for as long as it is there.
        program: that is the guardian.

    Raises:
        CanLinkError: it does not start.
    """

    def __init__(self, old: Old, lock: int, program: Sequence[str] = PROGRAM) -> None:
        try:
            self._process = _start(program, lock)
        except OSError as exc:
            raise _not_started(old, exc.strerror or str(exc)) from exc
        try:
            self._tell(f"{os.getpid()} {old.pack()}\n".encode())
            is_ready = self._is_ready()
        except BaseException:
            self.dismiss()  # nothing was changed
            raise
        if not is_ready:
            self.dismiss()
            raise _not_started(old, "it does not answer")

    def dismiss(self) -> None:
        """End it: all is as it was."""
        self._tell(RESTORED)
        self._end()

    def leave_to_it(self) -> None:
        """Have it put the link back now; return when it has ended.

        If that takes it long, it goes on alone: it says itself what came of it.
        """
        self._hang_up()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING)

    def _end(self) -> None:
        """It has nothing to put back, or no more."""
        self._hang_up()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hang_up(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _tell(self, data: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(BrokenPipeError, ValueError):  # it was killed; or told twice
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _is_ready(self) -> bool:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        return bool(poll.poll(_STARTING * 1000)) and self._process.stdout.readline() == READY


@contextmanager
def restored(old: Old, lock: int) -> Iterator[None]:
    """Put a link back at the end of the block, however that comes.

    Raises:
        CanLinkError: there is no guardian; or the link could not be put back. What the block has
            raised goes first: then it is a note of that.
    """
    guard = Guard(old, lock)
    failure: BaseException | None = None
    try:
        yield
    except BaseException as exc:
        failure = exc
        raise
    finally:
        try:
            problem = put_back(old)
        except BaseException:  # Ctrl-C once more, say
            guard.leave_to_it()
            raise
        guard.dismiss()
        if problem is not None:
            if failure is None:
                raise CanLinkError(problem, hint=f"`canbus show {old.name}` shows how it is")
            failure.add_note(problem)


def _start(program: Sequence[str], lock: int) -> subprocess.Popen[bytes]:
    """A process that what ends a terminal's programs, or a service, does not end."""
    deaf_to = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP
    # Blocked they stay so over execve(2), see signal(7); so it need not load what ignores them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, deaf_to)
    try:
        return subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[lock],
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _not_started(old: Old, why: str) -> CanLinkError:
    return CanLinkError(
        f"cannot start the process that would put {old.name} back if this one were killed: {why}; "
        "nothing was changed"
    )


def _environment() -> dict[str, str]:
    """Ours, with the folder of this very package among those to import from."""
    home = str(Path(canbus.__file__).parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
