"""The process of a keeper: `python -m canbus.bringup.keeper`, started by keepers.py.

Reads what to keep as one line of JSON from standard input, and says on standard output, in one
line too, how the first bring-up went. The end of the input is that of the keeper: with
"foreground" always, otherwise until it is up; then the process has left its starter. Logs to a
file there. Knows no adapter; the loop is keeping.py.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import sys
from pathlib import Path
from typing import Any

from canbus.bringup.care import Care, unpack_care
from canbus.bringup.keeper_files import KeeperFiles
from canbus.bringup.keeper_report import describe_error
from canbus.bringup.keeping import Keeping
from canbus.bringup.machine import Machine
from canbus.bringup.processes import start_time
from canbus.bringup.serial_adapter import prepare
from canbus.bringup.wakeups import Wakeups
from canbus.errors import CanError, CanLinkError
from canbus.place import HERE

_LOG_SIZE = 100_000  # bytes, twice: it is in RAM as a rule
_STDIN, _STDOUT, _STDERR = range(3)


def main() -> int:
    """Be a keeper."""
    job = json.loads(_read_line())
    care = unpack_care(job["care"])
    is_foreground = bool(job["foreground"])
    if not is_foreground and os.fork():
        return 0  # a process of its own, which nobody has to wait for; there is no thread yet
    files = KeeperFiles(Path(job["folder"]), care.key)
    report = os.dup(_STDOUT)
    _silence(_STDOUT)
    try:
        files.lock()
    except CanError as exc:
        _report(report, describe_error(exc))
        return 1
    if not is_foreground:
        _write_to(_STDERR, files.log)  # a traceback of ours, which then is left there
    with Wakeups(_STDIN) as wakeups:
        failure = _keep(care, files, wakeups, report, job)
    files.remove()
    if failure is not None:
        _report(report, failure)  # now that nothing is left
    return 0 if failure is None else 1


def _keep(
    care: Care, files: KeeperFiles, wakeups: Wakeups, report: int, job: dict[str, Any]
) -> dict[str, Any] | None:
    """Keep it until told to stop; what to report if it never came up."""
    log = _logger(None if job["foreground"] else files.log, care.key)
    state: dict[str, Any] = {
        "pid": os.getpid(),
        "started": start_time(os.getpid()),
        "namespace": HERE.identity(),
        "care": job["care"],
        "is_ready": False,
    }

    def changed(links: list[str], daemon: int | None) -> None:
        state.update(links=links, daemon=daemon)
        try:
            files.write(state)
        except OSError as exc:  # a full /run, say: who looks sees an old state
            log.error("cannot write the state: %s", exc)  # noqa: TRY400

    def ready() -> None:
        if not job["foreground"]:
            wakeups.lifeline = None
            _silence(_STDIN)
        state["is_ready"] = True
        changed(state["links"], state["daemon"])
        if not _report(report, {"pid": os.getpid()}):
            wakeups.is_over = True  # nobody waits any longer: it was given up
        if care.question is not None:
            prepare()

    try:
        changed([], None)
        Keeping(care, Machine(), wakeups, log.info, changed).run(ready, is_asked=job["is_asked"])
    except CanError as exc:
        if not state["is_ready"]:
            return describe_error(exc)
        log.error("%s", exc)  # noqa: TRY400 - for people: no traceback
    log.info("stopped")
    if not state["is_ready"]:
        return describe_error(CanLinkError(f"{care.key}: stopped while it came up"))
    return None


def _read_line() -> bytes:
    """Byte by byte, as what follows is the lifeline's."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(_STDIN, 1)):
        line += byte
    return line


def _silence(fd: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, fd)
    os.close(null)


def _write_to(fd: int, path: Path) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o644)
    os.dup2(file, fd)
    os.close(file)


def _report(fd: int, facts: dict[str, Any]) -> bool:
    """Tell the starter; whether it was there to hear it."""
    try:
        os.write(fd, json.dumps(facts).encode() + b"\n")
    except BrokenPipeError:
        return False
    finally:
        os.close(fd)
    return True


def _logger(path: Path | None, key: str) -> logging.Logger:
    handler: logging.Handler
    if path is None:
        handler = logging.StreamHandler(sys.stderr)
        form = f"{key}: %(message)s"  # the journal has the time itself
    else:
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_SIZE, backupCount=1)
        form = "%(asctime)s %(message)s"
    handler.setFormatter(logging.Formatter(form))
    log = logging.getLogger("canbus.keeper")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    return log


if __name__ == "__main__":
    sys.exit(main())
