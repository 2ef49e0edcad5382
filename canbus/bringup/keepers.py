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
from canbus.bringup.keeper_files import SYSTEM, KeeperFiles, all_keys, folders, writable_folder
from canbus.bringup.keeper_report import error_from
from canbus.errors import CanLinkError, CanPermissionError, CanTimeoutError

_SLACK = 60.0  # seconds beside the care's own, for a slow machine to start a process and to ask
_STEP = 0.02
_LEFT = 5.0  # seconds for a daemon whose keeper was killed

_foreground: dict[int, subprocess.Popen[bytes]] = {}  # by process number: their lifelines


@dataclass(frozen=True)
class Keeper:
    """A keeper that runs.

    Attributes:
        pid: its process number.
        care: what it looks after.
        links: the names of the links that are up now.
        daemon: the process number of its daemon; None while that is not running.
        log: the file of its log; not there for one in the foreground.
    """

    pid: int
    care: Care
    links: tuple[str, ...]
    daemon: int | None
    log: Path

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
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                break
            except PermissionError as exc:
                raise CanPermissionError(
                    f"cannot stop what keeps {self.care.key} up (process {self.pid}): it is "
                    "somebody else's",
                    exc.errno,
                    hint=f"sudo canbus down {self.care.key}",
                ) from exc
            if self._wait_for_end(timeout):
                break
        files = KeeperFiles(self.log.parent, self.care.key)
        if files.is_locked():
            raise CanTimeoutError(
                f"what keeps {self.care.key} up (process {self.pid}) does not end"
            )
        _clear(files)

    def wait(self) -> int:
        """Wait until it ends, and return its exit status; for one started in the foreground.

        Ctrl-C reaches it as well, and ends the wait when it has ended.
        """
        process = _foreground.pop(self.pid, None)
        if process is None:
            self._wait_for_end(None)
            return 0
        with process:  # which closes its lifeline
            while True:
                try:
                    return process.wait()
                except KeyboardInterrupt:  # which it has heard, too
                    process.terminate()

    def _wait_for_end(self, timeout: float | None) -> bool:
        """Whether its lock is free in time."""
        files = KeeperFiles(self.log.parent, self.care.key)
        deadline = None if timeout is None else time.monotonic() + timeout
        with suppress(OSError):  # no pidfd_open before Linux 5.3: then by asking
            pidfd = os.pidfd_open(self.pid)
            try:
                poll = select.poll()
                poll.register(pidfd, select.POLLIN)
                poll.poll(None if timeout is None else timeout * 1000)
            finally:
                os.close(pidfd)
        while files.is_locked():
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(_STEP)
        return True


def find(link: str) -> Keeper | None:
    """The keeper of a link, by its name; also while the link is gone, as its adapter is."""
    there = find_all()
    by_key = [one for one in there if one.care.key == link]
    by_link = [one for one in there if link in one.links]
    return next(iter(by_key + by_link), None)


def find_all() -> list[Keeper]:
    """All keepers that run, ours and others'."""
    return [keeper for folder in folders() for keeper in _find_in(folder)]


def _find_in(folder: Path) -> list[Keeper]:
    try:
        if folder != SYSTEM and folder.stat().st_uid != os.geteuid():
            return []  # what somebody else writes is not believed
        found = [_keeper_of(KeeperFiles(folder, key)) for key in all_keys(folder)]
    except OSError:
        return []
    return [keeper for keeper in found if keeper is not None]


def _keeper_of(files: KeeperFiles) -> Keeper | None:
    if not files.is_locked():
        return None
    state = files.read()
    if state is None or not state.get("is_ready"):
        return None  # it is still coming
    return Keeper(
        state["pid"],
        unpack_care(state["care"]),
        tuple(state["links"]),
        state["daemon"],
        files.log,
    )


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
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "canbus.bringup.keeper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if foreground else subprocess.DEVNULL,
        cwd="/",
        env=_environment(),
        start_new_session=not foreground,
    )
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
        poll = select.poll()
        poll.register(process.stdout, select.POLLIN)
        if poll.poll(timeout * 1000):
            line = process.stdout.readline()
    except BrokenPipeError:
        pass
    except BaseException:  # Ctrl-C: it finds nobody there to report to, and ends
        process.stdin.close()
        raise
    finally:
        process.stdout.close()
        if not keep or not line:
            with suppress(BrokenPipeError):
                process.stdin.close()
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
    state = files.read()
    if state is not None and isinstance(state.get("daemon"), int):
        _wait_for_daemon(state["daemon"], state["care"]["program"][0])
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
    return program.encode() in words[:2]  # behind an interpreter, if it is a script


def _environment() -> dict[str, str]:
    """Ours, with the folder of this very package among those to import from."""
    home = str(Path(canbus.__file__).parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
