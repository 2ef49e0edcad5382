"""Fills the cache folder: the two kernels, and the tools that guests and tests use.

A part is complete when its folder exists and says that it holds the packages listed here: it is
prepared under another name and renamed, so an interrupted fetch leaves nothing that looks
finished. How packages are had is in `packages`, how programs find their libraries in `programs`.
"""

import fcntl
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import bytecode, host_tools, kernel_image, programs, root_disk, trixie
from .errors import LabError
from .packages import SUITE, Archive
from .paths import cache_dir, tools_dir

# By folder of the cache. A changed list is fetched anew.
PACKAGES = {
    "tools": ["busybox-static", "kmod", "can-utils"],
    "uml": ["user-mode-linux"],
    "qemu": ["linux-image-amd64"],
    root_disk.PART: trixie.PACKAGES,
    **{part: [part] for part in programs.PARTS},
}
SUITES = {root_disk.PART: trixie.SUITE}  # the others are from `packages.SUITE`
IN_GUESTS = ("tools", programs.IN_GUESTS)
RECORD = ".packages"  # in each folder


def ensure(parts: tuple[str, ...]) -> None:
    """Have these parts ready, and what every guest uses; quick when it is already there."""
    if platform.machine() != "x86_64":
        raise LabError(f"the lab's kernels are for x86_64, this is {platform.machine()}")
    if root_disk.PART in parts:
        parts = (*parts, "qemu")  # its kernel
    missing = [part for part in (*IN_GUESTS, *parts) if not _is_ready(part)]
    lacking = [pair for pair in _host_programs(parts) if not host_tools.find(pair[0])]
    if missing or lacking:
        with _lock():
            for program, package in lacking:
                _say(f"looking for {program}")
                host_tools.obtain(program, package)
            _fetch(missing)
    if root_disk.PART in parts and not root_disk.is_current():
        with _lock():
            _make_disk()


def _host_programs(parts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Programs of the host that these parts are used with, each with its package."""
    needed = [("ip", "iproute2")]  # the guests use the host's
    if "qemu" in parts:
        needed.append((host_tools.QEMU, host_tools.QEMU_PACKAGE))
    if root_disk.PART in parts:
        needed.append((root_disk.MKE2FS, root_disk.MKE2FS_PACKAGE))
    return needed


def _make_disk() -> None:
    """Called with the lock held; another boot may have been quicker."""
    if not root_disk.is_current():
        _say(f"making {root_disk.image()}")
        root_disk.make()


def _is_ready(part: str) -> bool:
    record = cache_dir() / part / RECORD
    return record.exists() and record.read_text() == _record(part)


def _record(part: str) -> str:
    return " ".join([SUITES.get(part, SUITE), *PACKAGES[part]]) + "\n"


def _fetch(parts: list[str]) -> None:
    """Called with the lock held; another boot may have been quicker."""
    parts = [part for part in parts if not _is_ready(part)]
    if not parts:
        return
    archives: dict[str, Archive] = {}
    for part in parts:
        archive = _archive(SUITES.get(part, SUITE), archives)
        _say(f"fetching {', '.join(PACKAGES[part])} into {cache_dir() / part}")
        unfinished = cache_dir() / f"{part}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        archive.unpack(_packages(part, archive), unfinished)
        _finish(part, unfinished)
        (unfinished / RECORD).write_text(_record(part))
        _put_in_place(part, unfinished)


def _archive(suite: str, opened: dict[str, Archive]) -> Archive:
    """A suite's archive, with its list of packages fetched when it is asked for first."""
    if suite not in opened:
        folder = cache_dir() / ("apt" if suite == SUITE else f"apt-{suite}")
        opened[suite] = Archive(folder, suite)
        opened[suite].update()
    return opened[suite]


def _put_in_place(part: str, folder: Path) -> None:
    """Two renames, so that a guest that runs meanwhile finds its programs at the same paths."""
    place, former = cache_dir() / part, cache_dir() / f"{part}.former"
    shutil.rmtree(former, ignore_errors=True)
    if place.exists():
        place.rename(former)
    folder.rename(place)
    shutil.rmtree(former, ignore_errors=True)


def _packages(part: str, archive: Archive) -> list[str]:
    if part == "qemu":
        # The meta-package holds no files; the real one has the release in its name.
        return [archive.dependency("linux-image-amd64", "linux-image-6.")]
    if part in programs.PARTS:
        return archive.closure(part)
    if part == root_disk.PART:
        return archive.closure(*trixie.PACKAGES, but=trixie.NOT_NEEDED)
    return PACKAGES[part]


def _finish(part: str, folder: Path) -> None:
    """What dpkg would have done after unpacking."""
    if part == "tools":
        _relink_kmod(folder)
    elif part in programs.PARTS:
        programs.add_scripts(part, folder)
    elif part == root_disk.PART:
        bytecode.compile_library(folder)
    elif part == "qemu":
        boot = folder / "boot"
        (image,) = boot.glob("vmlinuz-*")
        (boot / "vmlinux").write_bytes(kernel_image.uncompressed(image.read_bytes()))
        version = image.name.removeprefix("vmlinuz-")
        depmod = [str(tools_dir() / "sbin" / "depmod"), "-b", str(folder), version]
        done = subprocess.run(depmod, capture_output=True, text=True)
        if done.returncode:
            raise LabError(f"depmod failed: {done.stderr.strip() or 'no message'}")


def _relink_kmod(folder: Path) -> None:
    """modprobe and its kin are links to /bin/kmod, which would be the host's, if it has one."""
    for link in (folder / "sbin").iterdir():
        if link.is_symlink():
            link.unlink()
            link.symlink_to("../bin/kmod")


@contextmanager
def _lock() -> Iterator[None]:
    """One fetch at a time; the lock goes with the process, however that ends."""
    try:
        cache_dir().mkdir(parents=True, exist_ok=True)
        handle = (cache_dir() / "lock").open("w")
    except OSError as error:
        raise LabError(f"cannot write to the lab's cache: {error}") from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another boot to finish fetching")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)
