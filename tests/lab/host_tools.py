"""Programs of the host that the lab cannot bring along. Says what to install, or installs it."""

import os
import shutil
import subprocess

from .errors import LabError

QEMU = "qemu-system-x86_64"
QEMU_PACKAGE = "qemu-system-x86"
# An ordinary user's PATH leaves these out, and `ip` lives there on some systems.
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


def find(program: str) -> str | None:
    """Path of a program, or None."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{SBIN}")


def require(program: str, package: str) -> str:
    """Path of a program that must be there."""
    path = find(program)
    if path is None:
        raise LabError(f"{program} is missing: install {package}")
    return path


def obtain(program: str, package: str) -> str:
    """Path of a program, installed first when that is needed and possible."""
    if find(program) is None and _may_install():
        _install(package)
    path = find(program)
    if path is None:
        raise LabError(f"{program} is missing: apt-get install --no-install-recommends {package}")
    return path


def qemu() -> str:
    """Path of QEMU."""
    return obtain(QEMU, QEMU_PACKAGE)


def install(package: str) -> None:
    """Install a package that has no program to look for."""
    if not _may_install():
        raise LabError(f"missing: apt-get install --no-install-recommends {package}")
    _install(package)


def _may_install() -> bool:
    return os.geteuid() == 0 and find("apt-get") is not None


def _install(package: str) -> None:
    """A stale package list is the usual reason for failure: refresh it and try once more."""
    if not _apt_get("install", "-y", "--no-install-recommends", package):
        _apt_get("update")
        if not _apt_get("install", "-y", "--no-install-recommends", package):
            raise LabError(f"apt-get install {package} failed: run it by hand to see why")


def _apt_get(*arguments: str) -> bool:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ("-o", "DPkg::Lock::Timeout=300")
    command = ["apt-get", "-q", *wait, *arguments]
    streams = subprocess.DEVNULL
    return (
        subprocess.run(command, env=env, stdin=streams, stdout=streams, stderr=streams).returncode
        == 0
    )
