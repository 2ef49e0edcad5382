"""Debian packages without installing them: a private apt that only downloads.

Knows nothing of kernels. Never changes the system's apt state, never needs root.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import LabError
from .host_tools import require

SUITE = "bookworm"  # of everything but the systemd guest's root
MIRROR = "http://deb.debian.org/debian"
# Not to be had twice by a program that runs on the host: the C library belongs to the program
# loader, which is the host's; the others hold no library.
THE_HOSTS = ("libc6", "gcc-12-base", "debconf")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


class Archive:
    """One Debian suite, with its apt lists in a folder of ours."""

    def __init__(self, folder: Path, suite: str = SUITE) -> None:
        require("apt-get", "apt (the lab unpacks Debian packages)")
        require("dpkg-deb", "dpkg")
        if not KEYRING.exists():
            raise LabError(f"{KEYRING} is missing: apt-get install debian-archive-keyring")
        self._folder = folder
        self._suite = suite
        self._configure()

    def update(self) -> None:
        """Fetch the list of packages."""
        # Without this apt takes an unreachable mirror for a success.
        self._run("apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update")

    def dependency(self, package: str, prefix: str) -> str:
        """The package beginning with `prefix` that a meta-package stands for."""
        for line in self._run("apt-cache", "depends", package).splitlines():
            kind, _, name = line.strip().partition(": ")
            if kind == "Depends" and name.startswith(prefix):
                return name
        raise LabError(f"{package} of {self._suite} depends on no {prefix}*")

    def closure(self, *packages: str, but: Sequence[str] = THE_HOSTS) -> list[str]:
        """The packages and all they need, but for these."""
        plan = self._run("apt-get", "-q", "-s", "--no-install-recommends", "install", *packages)
        lines = [line.split() for line in plan.splitlines()]
        return [line[1] for line in lines if line[:1] == ["Inst"] and line[1] not in but]

    def unpack(self, packages: list[str], into: Path) -> None:
        """Download the packages and lay their files out below `into`."""
        debs = self._folder / "debs"
        # An interrupted download leaves half a package, or one that is older by now.
        shutil.rmtree(debs, ignore_errors=True)
        debs.mkdir()
        self._run("apt-get", "-q", "download", *packages, cwd=debs)
        for package in packages:
            for deb in debs.glob(f"{package}_*.deb"):
                self._run("dpkg-deb", "-x", str(deb), str(into))
        shutil.rmtree(debs)

    def _configure(self) -> None:
        """Write the configuration; the host's own is read for its download settings only."""
        for name in ("lists/partial", "cache/archives/partial", "parts"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "status").touch()
        mirror = os.environ.get("CANBUS_LAB_MIRROR", MIRROR)
        source = f"deb [arch=amd64 signed-by={KEYRING}] {mirror} {self._suite} main\n"
        (self._folder / "parts" / "lab.list").write_text(source)
        inherited = [line for line in _dump_host_apt() if _is_download_setting(line)]
        (self._folder / "apt.conf").write_text("\n".join([*inherited, self._settings()]))

    def _settings(self) -> str:
        here = self._folder
        return f"""\
Dir::State::lists "{here}/lists";
Dir::State::status "{here}/status";
Dir::Cache "{here}/cache";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{here}/parts";
Acquire::Languages "none";
APT::Sandbox::User "root";
"""

    def _run(self, *command: str, cwd: Path | None = None) -> str:
        env = {**os.environ, "APT_CONFIG": str(self._folder / "apt.conf"), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[0]
            raise LabError(f"{command[0]} failed: {said}")
        return done.stdout


def _dump_host_apt() -> list[str]:
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True)
    return dump.stdout.splitlines()


def _is_download_setting(line: str) -> bool:
    """Proxies, certificates, date checks; not the host's hooks, sources and index targets."""
    unwanted = ("Acquire::IndexTargets", "Acquire::Languages")
    return line.startswith("Acquire::") and not line.startswith(unwanted)
