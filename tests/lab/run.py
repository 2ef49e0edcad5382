"""One boot from start to finish: run folder, guest, live output, exit status, tidying up."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from . import qemu, systemd_guest, uml
from .guest import Guest
from .machine import Launch
from .request import Request

TIMED_OUT = 124
GUEST_DIED = 125
SETUP_FAILED = 2
CONSOLE_LINES = 60  # a panic's first line stands about 40 from the end
LOOK_EVERY = 0.03  # seconds between looks at the log
POWER_OFF = 15.0  # seconds a guest gets to end by itself once the status is there
LAUNCH = {"uml": uml.launch, "qemu": qemu.launch, "systemd": systemd_guest.launch}


def run(request: Request) -> int:
    """Boot, run the command, and give back its exit status or one of ours."""
    run_dir = Path(tempfile.mkdtemp(prefix="canbus-lab-"))
    try:
        if request.out:
            request.out.mkdir(parents=True, exist_ok=True)
        if request.files:
            shutil.copytree(request.files, run_dir / "files", symlinks=True)
        launch = LAUNCH[request.substrate](request, run_dir)
        status = _watch(launch, run_dir, request.timeout)
        if status in (TIMED_OUT, GUEST_DIED, SETUP_FAILED) and not (run_dir / "status").exists():
            _explain(status, request, run_dir)
        return status
    finally:
        if request.out:
            _keep(run_dir, request.out)
        shutil.rmtree(run_dir, ignore_errors=True)


def _watch(launch: Launch, run_dir: Path, timeout: float) -> int:
    """Stream the job's output until the guest has ended or has to be ended."""
    log = _Log(run_dir / "log")
    deadline = time.monotonic() + timeout
    ending = None
    with Guest(launch, run_dir) as guest:
        while guest.exit_status() is None:
            log.copy()
            now = time.monotonic()
            if ending is None and (run_dir / "status").exists():
                ending = now + max(POWER_OFF, launch.shutdown)
            if now > (deadline if ending is None else ending):
                break
            time.sleep(LOOK_EVERY)
        own_status = guest.exit_status()
    log.copy()
    if own_status is None and ending is not None and launch.shutdown:
        (run_dir / "status").unlink()  # what was written to the disk may be lost
        return GUEST_DIED
    if (run_dir / "status").exists():
        return int((run_dir / "status").read_text())
    if own_status is None:
        return TIMED_OUT
    return SETUP_FAILED if own_status == launch.refused else GUEST_DIED


class _Log:
    """The job's output, copied to ours as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def copy(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as log:
            log.seek(self._position)
            while data := log.read(1 << 20):
                self._position += len(data)
                sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _explain(status: int, request: Request, run_dir: Path) -> None:
    """Say on stderr why there is no status of the command."""
    if status == TIMED_OUT:
        print(f"lab: timed out after {request.timeout:g} s, guest killed", file=sys.stderr)
        return
    what = "the guest did not start" if status == SETUP_FAILED else "the guest died"
    print(f"lab: {what}; the end of its console:", file=sys.stderr)
    lines = (run_dir / "console").read_bytes().decode(errors="replace").splitlines()
    print("\n".join(lines[-CONSOLE_LINES:]), file=sys.stderr)


def _keep(run_dir: Path, out: Path) -> None:
    for name in ("log", "console", "journal", "status"):
        if (run_dir / name).exists():
            shutil.copyfile(run_dir / name, out / name)
