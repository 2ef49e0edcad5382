"""The files of a keeper: a lock for as long as it runs, its state, its log. No processes here.

The lock is the kernel's (F_OFD_SETLK of fcntl(2)): it is gone with its holder, however that ended,
so that what a killed keeper or an earlier boot has left is known to be stale. To look whether it is
held does not take it. All in /run/canbus, or, for who may not write there, in canbus under
$XDG_RUNTIME_DIR; only where nobody but root and we may write, as what a state says is done.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from canbus.errors import CanLinkError, CanLinkPermissionError

SYSTEM = Path("/run/canbus")


def folders() -> list[Path]:
    """Where files of keepers are that are to be believed: root's, and our own. They are there."""
    return [folder for folder in _places() if _is_to_be_believed(folder)]


def _places() -> list[Path]:
    own = os.environ.get("XDG_RUNTIME_DIR")
    if not own or os.geteuid() == 0:  # root may have a user's, by sudo -E say
        return [SYSTEM]
    return [SYSTEM, Path(own, "canbus")]


def _is_to_be_believed(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    is_closed = not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and is_closed and found.st_uid in {0, os.geteuid()}


def writable_folder() -> Path:
    """Where a keeper of this process has its files; made if need be.

    Raises:
        CanLinkPermissionError: a PermissionError; there is none.
    """
    for folder in _places():
        with suppress(OSError):
            folder.mkdir(mode=0o755, exist_ok=True)
        if folder in folders() and os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise CanLinkPermissionError(
        f"cannot keep the state of a daemon: {' and '.join(map(str, _places()))} cannot be "
        "written, or others may write there, too",
        hint="run it with sudo, or set XDG_RUNTIME_DIR to a folder of yours",
    )


class KeeperFiles:
    """The files of one keeper.

    Args:
        folder: where they are.
        key: what the keeper is named by.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.key = key
        self.folder = folder
        self.log = folder / f"{key}.log"
        self._lock = folder / f"{key}.lock"
        self._state = folder / f"{key}.json"
        self._fd: int | None = None

    def lock(self) -> None:
        """Be the keeper of that key, until `remove` or the end of the process.

        Raises:
            CanLinkError: there is one already.
        """
        while self._fd is None:
            # 0600, as who may open it may lock it.
            fd = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK))
            except BlockingIOError:
                os.close(fd)
                raise CanLinkError(
                    f"another process is bringing {self.key} up, or keeps it up",
                    hint=f"canbus down {self.key}",
                ) from None
            if _is_still_there(fd, self._lock):
                self._fd = fd
            else:  # its holder removed it between our two calls
                os.close(fd)

    def is_locked(self) -> bool:
        """Whether a keeper runs; True for one that is ours, and for who may not look."""
        if self._fd is not None:
            return True
        try:
            fd = os.open(self._lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        except PermissionError:  # its state tells more
            return True
        try:
            found = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK))
        finally:
            os.close(fd)
        return bool(struct.unpack_from("h", found)[0] != fcntl.F_UNLCK)

    def write(self, state: dict[str, Any]) -> None:
        """Replace the state; readers see the old one or the new one."""
        fd, name = tempfile.mkstemp(prefix=f".{self.key}.", dir=self.folder)
        with os.fdopen(fd, "w") as file:
            json.dump(state, file, indent=2)
        Path(name).chmod(0o644)
        Path(name).replace(self._state)

    def read(self) -> dict[str, Any] | None:
        """The state, also one that is stale; None if there is none, or none that can be read."""
        try:
            state = json.loads(self._state.read_text())
        except (OSError, ValueError):
            return None
        return state if isinstance(state, dict) else None

    def remove(self) -> None:
        """Be the keeper no longer; nothing is left."""
        half_written = [
            path for path in self.folder.iterdir() if path.name.startswith(f".{self.key}.")
        ]
        rotated = self.log.with_suffix(".log.1")
        for path in (*half_written, rotated, self.log, self._state, self._lock):  # the lock last
            path.unlink(missing_ok=True)
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _flock(kind: int) -> bytes:
    """Lay out struct flock of <fcntl.h>, with 64 bits also where long has 32: of the whole file."""
    return struct.pack("hhqqi0q", kind, os.SEEK_SET, 0, 0, 0)


def _is_still_there(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def all_keys(folder: Path) -> list[str]:
    """The keys of all keepers that have files there."""
    return sorted(path.stem for path in folder.glob("*.lock"))
