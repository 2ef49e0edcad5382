"""For tests: a machine with systemd that is booted again and again from one disk.

    with SystemdGuest(qemu_args=(KVASER,)) as guest:
        guest.boot("systemctl enable systemd-networkd; ...")
        assert "bitrate 250000" in guest.boot("ip -details link show can0").output

A front for `boot systemd --keep DISK`; nothing here about what runs in the guest.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from .paths import CHECKOUT

# Two CAN controllers on one wire, can0 and can1.
KVASER = (
    "-object can-bus,id=canwire -device kvaser_pci,canbus=canwire -device kvaser_pci,canbus=canwire"
)
LAUNCHER = Path(__file__).with_name("boot")
TIMEOUT = 400.0  # seconds for one boot; 20 to 60 are usual
JOURNAL_LINES = 80


class BootFailed(AssertionError):
    """The guest died, took too long, or its script failed; says all that is known of it."""


@dataclass(frozen=True)
class Result:
    """What one boot left."""

    status: int  # the script's
    output: str  # the script's, both streams
    journal: str  # of a script that failed; else empty
    console: str


class SystemdGuest:
    """A disk of one's own, booted as often as `boot` is called.

    `files` are there before the first boot, by absolute path; text beginning with `#!` becomes
    a program. `qemu_args` are split as a shell would.
    """

    def __init__(
        self, *, qemu_args: tuple[str, ...] = (), files: Mapping[str, str] | None = None
    ) -> None:
        self._qemu_args = qemu_args
        self._files = files or {}

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="canbus-lab-disk-"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder)

    def boot(
        self,
        script: str,
        *,
        files: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
        check: bool = True,
    ) -> Result:
        """Boot, run the shell script (`sh -e`) as root when all is started, and shut down.

        Starts in the checkout's folder. `files` are laid over the disk before this boot.
        Raises BootFailed when the guest did not get as far; and, unless `check` is false, when
        the script's status is not 0.
        """
        first = not self._disk.exists()
        laid = {**(self._files if first else {}), **(files or {})}
        out = Path(tempfile.mkdtemp(dir=self._folder))
        words = [f"--qemu-arg={words}" for words in self._qemu_args]
        words += [f"--keep={self._disk}", f"--out={out}", f"--timeout={timeout:g}"]
        if laid:
            words.append(f"--files={_lay_out(laid, self._folder / 'files')}")
        command = [sys.executable, str(LAUNCHER), "systemd", *words, "--", "sh", "-ec", script]
        said = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
        if not (out / "status").exists():
            raise BootFailed(f"{said.stderr}\n{_kept(out, 'journal')}\noutput:\n{said.stdout}")
        status = int(_kept(out, "status"))
        result = Result(status, _kept(out, "log"), _kept(out, "journal"), _kept(out, "console"))
        if check and status:
            raise BootFailed(_told(result))
        return result

    @property
    def _disk(self) -> Path:
        return self._folder / "disk"


def _lay_out(files: Mapping[str, str], folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in files.items():
        path = folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)
    return folder


def _kept(out: Path, name: str) -> str:
    path = out / name
    return path.read_bytes().decode(errors="replace") if path.exists() else ""


def _told(result: Result) -> str:
    journal = "\n".join(result.journal.splitlines()[-JOURNAL_LINES:])
    return f"status {result.status}\noutput:\n{result.output}\njournal:\n{journal}"
