"""Keepers of this machine: finding, starting and stopping them. What one does is keeping.py."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import canbus
from canbus.bringup.care import Care, pack_care, unpack_care
from canbus.bringup.keeper_files import KeeperFiles, all_keys, folders, writable_folder
from canbus.bringup.keeper_report import error_from
from canbus.bringup.processes import MODULE, is_keeper, open_keeper
from canbus.errors import CanLinkError, CanPermissionError, CanTimeoutError
from canbus.place import HERE

_SLACK = 60.0  # seconds beside the care's own, for a slow machine to start a process and to ask
_STEP = 0.02
_LEFT = 5.0  # seconds for a daemon whose keeper was killed

_foreground: dict[int, subprocess.Popen[bytes]] = {}  # by process number: their lifelines


@dataclass(frozen=True)
class Keeper:
    """A keeper that runs.

    Attributes:
        pid: its process number.
        care: what it looks after; little more than the key, if its state is that of another
            version of this package, or damaged.
        links: the names of the links that are up now.
        daemon: the process number of its daemon; None while that is not running.
        log: the file of its log; not there for one in the foreground.
        started: when it began, in ticks since boot; None if it does not say.
        namespace: the network namespace that it is in; None if it does not say.
        is_ready: it has been up; if not, it still brings that up for the first time.
    """

    pid: int
    care: Care
    links: tuple[str, ...]
    daemon: int | None
    log: Path
    started: int | None = None
    namespace: int | None = None
    is_ready: bool = True

    @property
    def what(self) -> str:
        """For people: "serial adapter /dev/ttyACM0"."""
        return self.care.what

    @property
    def request(self) -> dict[str, object]:
        """Facts of what was asked for."""
        return self.care.facts

    def stop(self, timeout: float = 10.0) -> None:
        """End it and its daemon; the links are gone then.

        Args:
            timeout: seconds after which it is killed.

        Raises:
            CanPermissionError: a PermissionError; it is somebody else's.
            CanTimeoutError: it does not even end when it is killed.
        """
        pidfd = open_keeper(self.pid, self.started)
        if pidfd is not None:
            try:
                self._end(pidfd, timeout)
            finally:
                os.close(pidfd)
        files = KeeperFiles(self.log.parent, self.care.key)
        if files.is_locked():
            raise CanTimeoutError(
                f"what keeps {self.care.key} up (process {self.pid}) does not end"
            )
        _clear(files)

    def _end(self, pidfd: int, timeout: float) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                signal.pidfd_send_signal(pidfd, number)
            except ProcessLookupError:
                return
            except PermissionError as exc:
                raise CanPermissionError(
                    f"cannot stop what keeps {self.care.key} up (process {self.pid}): it is "
                    "somebody else's",
                    exc.errno,
                    hint=f"sudo canbus down {self.care.key}",
                ) from exc
            if self._wait_for_end(pidfd, timeout):
                return

    def wait(self) -> int:
        """Wait until it ends, and return its exit status; for one started in the foreground.

        Ctrl-C reaches it as well, and ends the wait when it has ended.
        """
        process = _foreground.pop(self.pid, None)
        if process is None:
            pidfd = open_keeper(self.pid, self.started)
            if pidfd is not None:
                try:
                    self._wait_for_end(pidfd, None)
                finally:
                    os.close(pidfd)
            return 0
        with process:  # which closes its lifeline
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:  # which it has heard, too
                    process.terminate()

    def _wait_for_end(self, pidfd: int, timeout: float | None) -> bool:
        """Whether it ends in time, and its lock is free."""
        files = KeeperFiles(self.log.parent, self.care.key)
        deadline = None if timeout is None else time.monotonic() + timeout
        _wait_for(pidfd, timeout)
        while files.is_locked():
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(_STEP)
        return True


def find(link: str) -> Keeper | None:
    """The keeper of a link, by its name; also while the link is gone, as its adapter is.

    Those of other network namespaces are passed over: there the name is another link's.
    """
    here = HERE.identity()
    there = [one for one in find_all() if one.namespace in {None, here}]
    by_key = [one for one in there if one.care.key == link]
    by_link = [one for one in there if link in one.links]
    return next(iter(by_key + by_link), None)


def find_all() -> list[Keeper]:
    """All keepers that run, ours and root's; also those that are not ready yet."""
    return [keeper for folder in folders() for keeper in _find_in(folder)]


def _find_in(folder: Path) -> list[Keeper]:
    try:
        found = [_keeper_of(KeeperFiles(folder, key)) for key in all_keys(folder)]
    except OSError:
        return []
    return [keeper for keeper in found if keeper is not None]


def _keeper_of(files: KeeperFiles) -> Keeper | None:
    """The one that runs."""
    keeper = _last_of(files) if files.is_locked() else None
    # Another process may just be clearing up, or still have to write its state.
    return keeper if keeper is not None and is_keeper(keeper.pid, keeper.started) else None


def _last_of(files: KeeperFiles) -> Keeper | None:
    """The one that has written the state, be it gone, be it of another version."""
    state = files.read() or {}
    pid, links = _number(state, "pid"), state.get("links")
    if pid is None:
        return None
    try:
        care = unpack_care(state["care"])
    except (AttributeError, KeyError, TypeError, ValueError):
        care = None
    if care is None or care.key != files.key or not care.program:
        care = Care(key=files.key, what=f"what keeps {files.key} up", program=("",), links=())
    return Keeper(
        pid,
        care,
        tuple(map(str, links)) if isinstance(links, list) else (),
        _number(state, "daemon"),
        files.log,
        _number(state, "started"),
        _number(state, "namespace"),
        bool(state.get("is_ready")),
    )


def _number(state: dict[str, Any], name: str) -> int | None:
    value = state.get(name)
    return value if isinstance(value, int) else None


def start(care: Care, *, is_asked: bool = False, foreground: bool = False) -> Keeper:
    """Start a keeper, and return when it is up.

    Args:
        care: what it shall look after.
        is_asked: the adapter has just been asked: no need to do that again at once.
        foreground: it stays a child of this process, logs to its stderr, and stops when this
            process ends; see `Keeper.wait`.

    Raises:
        DaemonEndedError: a CanLinkError; the daemon ended, and says why.
        CanError: it could not be brought up; nothing is left behind.
    """
    folder = writable_folder()
    files = KeeperFiles(folder, care.key)
    if not files.is_locked():
        _clear(files)
    job = {
        "care": pack_care(care),
        "folder": str(folder),
        "is_asked": is_asked,
        "foreground": foreground,
    }
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if foreground else subprocess.DEVNULL,
            cwd="/",
            env=_environment(),
            start_new_session=not foreground,
        )
    except OSError as exc:
        raise CanLinkError(f"cannot start {sys.executable}: {exc.strerror}", exc.errno) from exc
    facts = _told(process, job, care.patience + _SLACK, keep=foreground)
    if not foreground or "error" in facts:
        process.wait()
    if "error" in facts:
        raise error_from(facts)
    if foreground:
        _foreground[facts["pid"]] = process
    keeper = _keeper_of(files)
    if keeper is None:
        raise CanLinkError(f"what was to keep {care.key} up has ended at once")
    return keeper


def _told(
    process: subprocess.Popen[bytes], job: dict[str, Any], timeout: float, *, keep: bool
) -> dict[str, Any]:
    """Tell it what to do, and wait for its report."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    line = b""
    try:
        process.stdin.write(json.dumps(job).encode() + b"\n")
        process.stdin.flush()
        if _wait_for(process.stdout.fileno(), timeout):
            line = process.stdout.readline()
    except BrokenPipeError:
        pass
    finally:
        if not keep or not line:  # Ctrl-C, say: without its lifeline it ends what it has begun
            with suppress(BrokenPipeError):
                process.stdin.close()
        if not line:
            _wait_for(process.stdout.fileno(), _LEFT)  # it says so when nothing is left
        process.stdout.close()
    facts = json.loads(line) if line else {}
    if not facts:
        return {
            "error": "CanLinkError",
            "text": "the process that was to keep the daemon running has said nothing",
            "hint": f"its log may say why: {Path(job['folder'], job['care']['key'])}.log",
        }
    return dict(facts)


def clear_stale() -> None:
    """Remove what killed keepers, or an earlier boot, have left; wait for their daemons to end."""
    for folder in folders():
        for key in all_keys(folder):
            files = KeeperFiles(folder, key)
            with suppress(OSError):
                if not files.is_locked():
                    _clear(files)


def _clear(files: KeeperFiles) -> None:
    """What one that was killed, or an earlier boot, has left: its files, maybe its daemon."""
    last = _last_of(files)
    if last is not None and last.daemon is not None:
        _wait_for_daemon(last.daemon, last.care.program[0])
    with suppress(OSError, CanLinkError):
        files.lock()  # nobody may have come meanwhile
        files.remove()


def _wait_for_daemon(pid: int, program: str) -> None:
    """The kernel has told it to end (daemon.py); it may need a moment."""
    deadline = time.monotonic() + _LEFT
    while time.monotonic() < deadline and _runs(pid, program):
        time.sleep(_STEP)


def _runs(pid: int, program: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return (
        bool(program) and program.encode() in words[:2]
    )  # behind an interpreter, if it is a script


def _wait_for(fd: int, timeout: float | None) -> bool:
    """Whether it is readable in time, or at its end."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


def _environment() -> dict[str, str]:
    """Ours, with the folder of this very package among those to import from."""
    home = str(Path(canbus.__file__).parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
