"""What the user asked for, as a value, and the refusals that need nothing but that value.

No argument syntax (that is `cli`), no look at what is installed (that is `fetch`, `host_tools`).
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError
from .paths import CHECKOUT

# Below these a guest still boots but hangs or fails once it runs pytest.
LEAST_MEMORY = {"uml": 64, "qemu": 128, "systemd": 256}
# Mounted afresh in the guest: what the host keeps there is not to be seen.
PRIVATE = ("/tmp", "/run", "/dev", "/proc", "/sys")


@dataclass(frozen=True)
class Request:
    """One boot: which guest, how big, what to run."""

    substrate: str
    command: tuple[str, ...]
    cwd: Path
    cpus: int = 1
    memory_mib: int = 512
    timeout: float = 900.0
    qemu_args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    out: Path | None = None
    disk: Path | None = None
    files: Path | None = None

    def check(self) -> None:
        """Refuse, by name, what this guest cannot do."""
        self._check_substrate()
        self._check_environment()
        self._check_places()
        self._check_disk()
        if not self.command:
            raise LabError("no command given: it goes after --")
        if self.command[0].startswith("-"):
            raise LabError(f"the command begins with a dash: {self.command[0]!r}")
        if any("\0" in word for word in self.command):
            raise LabError("an argument of the command contains a NUL byte")

    def _check_substrate(self) -> None:
        if self.substrate == "uml" and self.cpus != 1:
            raise LabError(f"--cpus {self.cpus}: User-mode Linux has one CPU; use qemu")
        if self.substrate == "uml" and self.qemu_args:
            raise LabError("--qemu-arg: not for uml: User-mode Linux emulates no hardware")
        for text in self.qemu_args:
            try:
                shlex.split(text)
            except ValueError as error:
                raise LabError(f"--qemu-arg {text!r}: {error}") from None
        if self.cpus < 1:
            raise LabError(f"--cpus {self.cpus}: at least 1")
        least = LEAST_MEMORY[self.substrate]
        if self.memory_mib < least:
            raise LabError(f"--mem {self.memory_mib}M: {self.substrate} needs at least {least}M")
        if not self.timeout > 0:
            raise LabError(f"--timeout {self.timeout:g}: must be positive")

    def _check_environment(self) -> None:
        for name, _ in self.env:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise LabError(f"--env {name}: not a name a shell can export")
            if name in ("LAB_SUBSTRATE", "LAB_OUT"):
                raise LabError(f"--env {name}: set by the lab itself")

    def _check_places(self) -> None:
        shared = [CHECKOUT, *([self.out] if self.out else [])]
        if any(self.cwd.is_relative_to(place) for place in shared):
            return
        if self.substrate == "systemd":
            raise LabError("the systemd guest sees the checkout and --out, not the current folder")
        for place in PRIVATE:
            if self.cwd.is_relative_to(place):
                raise LabError(f"the current directory is below {place}, private in the guest")

    def _check_disk(self) -> None:
        if self.substrate != "systemd" and (self.disk or self.files):
            raise LabError("--keep and --files: only for systemd; the other guests have no disk")
        if self.files and not self.files.is_dir():
            raise LabError(f"--files {self.files}: not a folder")
        if self.disk and not self.disk.parent.is_dir():
            raise LabError(f"--keep {self.disk}: no such folder")
