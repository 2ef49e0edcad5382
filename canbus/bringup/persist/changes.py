"""Changes: files and links on a disk, written, taken away, and put back as they were.

Which files may be touched is decided in installing.py.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from canbus.bringup.persist.files import PersistedFile
from canbus.errors import CanError, CanLinkError, CanLinkPermissionError

Report = Callable[[str], None]
_MODE = 0o644


class Changes:
    """What is done to files, and how to undo it."""

    def __init__(self, root: str, report: Report) -> None:
        self._root = root
        self._report = report
        self._undo: list[Callable[[], None]] = []
        self._done: list[str] = []

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the files that are new, other, or gone."""
        return tuple(self._done)

    def put(self, file: PersistedFile) -> None:
        """Write a file, and the links that start it."""
        place = place_of(self._root, file.path)
        old = _bytes(place)
        new = file.text.encode()
        if old != new:
            self._report(f"write {place}")
            self._make_folders(place.parent)
            self._do(lambda: _write(place, new), f"cannot write {place}")
            self._undo.append(lambda: _put_back(place, old))
            self._done.append(file.path)
        for link in file.symlinks:
            if not leads_to(self._root, link, file.path):
                self._link(link, file.path)
                if file.path not in self._done:
                    self._done.append(file.path)

    def take_away(self, path: str) -> None:
        """Remove a file, and the links that start it."""
        place = place_of(self._root, path)
        old = _bytes(place)
        if old is None:
            return
        for link in PersistedFile(path, old.decode(errors="replace")).symlinks:
            if leads_to(self._root, link, path):
                self._unlink(link, path)
        self._report(f"remove {place}")
        self._do(place.unlink, f"cannot remove {place}")
        self._undo.append(lambda: _put_back(place, old))
        self._done.append(path)

    def undo(self, failure: BaseException) -> None:
        """Make all as it was."""
        for one in reversed(self._undo):
            try:
                one()
            except (OSError, CanError) as exc:
                failure.add_note(f"could not be undone: {exc}")

    def _link(self, link: str, path: str) -> None:
        place = place_of(self._root, link)
        if place.exists() or place.is_symlink():
            raise CanLinkError(f"{place} is there, and none of ours", hint=f"sudo rm {place}")
        self._report(f"enable {place}")
        self._make_folders(place.parent)
        self._do(lambda: place.symlink_to(path), f"cannot make {place}")
        self._undo.append(place.unlink)

    def _unlink(self, link: str, path: str) -> None:
        place = place_of(self._root, link)
        self._do(place.unlink, f"cannot remove {place}")
        self._undo.append(lambda: place.symlink_to(path))
        with suppress(OSError):  # others start something there, too
            place.parent.rmdir()
            self._undo.append(lambda: place.parent.mkdir(exist_ok=True))

    def _make_folders(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        self._do(folder.mkdir, f"cannot make {folder}")
        self._undo.append(folder.rmdir)

    def _do(self, what: Callable[[], object], failure: str) -> None:
        try:
            what()
        except OSError as exc:
            raise refused(exc, failure) from exc


def _write(place: Path, data: bytes) -> None:
    """Complete, or not at all: neither udev nor systemd reads a name that begins with a dot."""
    fd, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _MODE)
            os.fsync(file.fileno())
        Path(name).rename(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _put_back(place: Path, data: bytes | None) -> None:
    if data is None:
        place.unlink(missing_ok=True)
    else:
        _write(place, data)


def refused(exc: OSError, what: str) -> CanLinkError:
    """What the operating system has refused, as an error with a hint."""
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return CanLinkPermissionError(
            f"{what}: {exc.strerror}", exc.errno, hint="run this with sudo; --dry-run needs none"
        )
    return CanLinkError(
        f"{what}: {exc.strerror}", exc.errno, hint="is the disk read-only, or full?"
    )


def _bytes(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except OSError:
        return None


def leads_to(root: str, link: str, path: str) -> bool:
    """Whether a link is there, and leads to a file of ours."""
    try:
        target = place_of(root, link).readlink()
    except OSError:
        return False
    # As `systemctl enable` writes it, absolute or relative.
    return str(target) == path or os.path.normpath(Path(link).parent / target) == path


def place_of(root: str, path: str) -> Path:
    """Where a path below a root is."""
    return Path(root) / path.lstrip("/")
