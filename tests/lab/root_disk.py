"""The `systemd` guest's disk: one ext4 image made from `trixie`, and throw-away copies of it.

Never mounted on the host, and made without root: mke2fs fills it from a folder. Nothing about
what is on it (that is `trixie`), nothing about booting from it.
"""

import fnmatch
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from . import host_tools, trixie
from .errors import LabError
from .machine import one_folder
from .paths import cache_dir, tools_dir

PART = "systemd"  # the folder of the cache with the unpacked packages
MKE2FS, MKE2FS_PACKAGE = "mke2fs", "e2fsprogs"
# Room for what a command may leave; a file with holes, so it costs nothing.
SIZE = "400M"
MODULES = "usr/lib/modules"


def packages_dir() -> Path:
    """The unpacked packages."""
    return cache_dir() / PART


def image() -> Path:
    """The disk that every boot without one of its own starts from."""
    return cache_dir() / f"{PART}.disk"


def is_current() -> bool:
    """Whether the image is made of what the packages and `trixie` hold now."""
    record = _record_file()
    return image().exists() and record.exists() and record.read_text() == _fingerprint()


def make() -> None:
    """Make the image anew; it appears under its name when it is complete."""
    folder = cache_dir() / f"{PART}.unfinished-root"
    shutil.rmtree(folder, ignore_errors=True)
    unfinished = cache_dir() / f"{PART}.unfinished-disk"
    unfinished.unlink(missing_ok=True)
    _lay_out(folder)
    _fill(unfinished, folder)
    unfinished.rename(image())
    _record_file().write_text(_fingerprint())
    shutil.rmtree(folder)


def copy(disk: Path) -> None:
    """A disk of one's own, as sparse as the image."""
    command = ["cp", "--sparse=always", "--reflink=auto", str(image()), str(disk)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        disk.unlink(missing_ok=True)
        raise LabError(f"no copy of the disk: {done.stderr.strip()}")


def _record_file() -> Path:
    return cache_dir() / f"{PART}.disk.made-of"


def _fingerprint() -> str:
    """Of everything that decides what is on the disk."""
    digest = hashlib.sha256()
    for source in (trixie.__file__, __file__):
        digest.update(Path(source).read_bytes())
    for made in (packages_dir() / ".packages", _kernel_modules() / "modules.dep"):
        digest.update(f"{made} {made.stat().st_mtime_ns}\n".encode())
    return digest.hexdigest() + "\n"


def _kernel_modules() -> Path:
    return one_folder(cache_dir() / "qemu" / "lib" / "modules")


def _lay_out(folder: Path) -> None:
    """The root as a folder: the packages by hard links, the rest written beside them."""
    source = packages_dir()

    def left_out(place: str, names: list[str]) -> list[str]:
        below = Path(place).relative_to(source)
        return [name for name in names if _is_omitted((below / name).as_posix())]

    shutil.copytree(source, folder, symlinks=True, copy_function=_link, ignore=left_out)
    for name, text in trixie.FILES.items():
        _write(folder / name, text)
    for name, target in trixie.LINKS.items():
        _make_way(folder / name)
        (folder / name).symlink_to(target)
    _add_modules(folder)


def _link(source: str, target: str) -> None:
    os.link(source, target, follow_symlinks=False)


def _is_omitted(name: str) -> bool:
    return name == ".packages" or any(fnmatch.fnmatch(name, p) for p in trixie.OMITTED)


def _write(path: Path, text: str) -> None:
    _make_way(path)
    path.write_text(text)
    path.chmod(0o755 if text.startswith("#!") else 0o644)


def _make_way(path: Path) -> None:
    """Remove what a package brought; it stays in the package's folder (a hard link)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)


def _add_modules(root: Path) -> None:
    """Those of `trixie.MODULES` and what they need, with an index of their own for modprobe."""
    source = _kernel_modules()
    target = root / MODULES / source.name
    for name in sorted(_wanted_modules((source / "modules.dep").read_text())):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(source / name, target / name)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copyfile(source / name, target / name)
    depmod = [str(tools_dir() / "sbin" / "depmod"), "-b", str(root), source.name]
    done = subprocess.run(depmod, capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"depmod failed: {done.stderr.strip() or 'no message'}")


def _wanted_modules(modules_dep: str) -> set[str]:
    wanted: set[str] = set()
    for line in modules_dep.splitlines():
        path, _, needed = line.partition(":")
        if path.startswith(trixie.MODULES):
            wanted |= {path, *needed.split()}
    return wanted


def _fill(disk: Path, folder: Path) -> None:
    """An ext4 file system with the folder's files, all of them root's."""
    mke2fs = host_tools.obtain(MKE2FS, MKE2FS_PACKAGE)
    # No journal: a guest that is killed is not booted again. No checksums: they cost time.
    features = "^has_journal,^metadata_csum,^64bit"
    command = [mke2fs, "-q", "-t", "ext4", "-O", features, "-m", "0", "-L", "lab"]
    command += ["-d", str(folder), str(disk), SIZE]
    if os.geteuid():
        # Who makes it owns the files, and is root in a user namespace of one.
        command = ["unshare", "--map-root-user", *command]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip() or "no message"
        raise LabError(f"cannot make the disk of the systemd guest: {said.splitlines()[0]}")
