"""Lock files that anybody may share: opened with care, locked with flock(2), told from old ones.

The lock is the open file's: the kernel drops it when the last process that has it open is
gone, however that ends, and a forked child has it, too. No link and no policy here.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path

from canbus.plugin import CanInitializationError

_FOLDERS = (Path("/run/lock"), Path("/tmp"))  # noqa: S108 - see `open_file`
_FOR_ANYBODY = stat.S_ISVTX | stat.S_IWOTH
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO would block
_PAUSE = 0.005  # seconds
_LONGEST_PAUSE = 0.1  # a crowd that looks more often lets nobody do what it waits for
_MOMENT = 40  # pauses

SHARED, EXCLUSIVE = LOCK_SH, LOCK_EX


class LockError(CanInitializationError):
    """A lock file cannot be used."""


class LockBusyError(LockError):
    """Somebody else has held it all the time."""


class Patience:
    """How long to wait for a lock.

    Args:
        seconds: for all the locks that are to be had with it.
        clock: monotonic seconds.
        sleep: seconds to sleep.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._end = clock() + seconds
        self._pause = _PAUSE

    def lasts(self) -> bool:
        """Sleep a little; False, without, if the time is over."""
        if self._clock() >= self._end:
            return False
        self._sleep(self._pause)
        self._pause = min(1.5 * self._pause, _LONGEST_PAUSE)
        return True


def lock_folder(folders: tuple[Path, ...] = _FOLDERS) -> Path:
    """Where lock files are: the first folder in which anybody may make files, for all users alike.

    Debian has /run/lock for that, and it is not swept; elsewhere it is root's.
    """
    for folder in folders[:-1]:
        try:
            mode = folder.stat().st_mode
        except OSError:
            continue
        if stat.S_ISDIR(mode) and mode & _FOR_ANYBODY == _FOR_ANYBODY:
            return folder
    return folders[-1]


def open_file(path: Path, pause: Callable[[float], object] = time.sleep) -> int:
    """Open a lock file for reading, which is all that flock(2) wants; make it if it is not there.

    Anybody may put anything at such a path. So nothing is followed, written or truncated; and
    what is there is opened as such first, as the kernel refuses O_CREAT on another user's file
    in a sticky folder (fs.protected_regular).

    Raises:
        LockError: it cannot be opened or made, or is no regular file.
    """
    for _ in range(_MOMENT):
        try:
            fd = _open_or_make(path)
        except FileExistsError:  # made in between; gone again, maybe
            continue
        except PermissionError as exc:
            if not path.exists():
                raise _unusable(path, exc) from exc
            pause(_PAUSE)  # made just now, and not yet readable for all
            continue
        except OSError as exc:
            raise _unusable(path, exc) from exc
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return fd
        os.close(fd)
        raise LockError(f"{path} is no regular file", hint=f"remove it: sudo rm -r {path}")
    raise _unusable(path, OSError(errno.EACCES, os.strerror(errno.EACCES)))


def _open_or_make(path: Path) -> int:
    try:
        return os.open(path, _OPEN)
    except FileNotFoundError:
        fd = os.open(path, _OPEN | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            os.fchmod(fd, 0o644)  # whatever the umask
        except BaseException:
            os.close(fd)
            raise
        return fd


def _unusable(path: Path, exc: OSError) -> LockError:
    hint = f"remove it: sudo rm {path}" if path.is_symlink() else None
    what = "it is a symbolic link" if exc.errno == errno.ELOOP else exc.strerror
    return LockError(f"the lock file {path} cannot be used: {what}", exc.errno, hint=hint)


def lock(path: Path, kind: int, patience: Patience) -> int:
    """Open and lock the file that is at this path when it is locked.

    Args:
        path: of the file, which whoever holds the lock may remove.
        kind: SHARED or EXCLUSIVE.
        patience: how long to wait for others.

    Returns:
        Its descriptor.

    Raises:
        LockBusyError: somebody else holds it all the time.
        LockError: the file cannot be used.
    """
    while True:
        fd = open_file(path)
        try:
            while not try_lock(fd, kind):
                if not patience.lasts():
                    raise LockBusyError(
                        f"another program has held {path} for {patience.seconds:g} s",
                        errno.EAGAIN,
                        hint=f"`fuser -v {path}` says which; end it",
                    )
            if is_at(fd, path):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # removed while we waited


def try_lock(fd: int, kind: int) -> bool:
    """Lock an open file at once, or say that others hold it; then it is not locked at all."""
    try:
        flock(fd, kind | LOCK_NB)
    except BlockingIOError:
        return False
    return True


def release(fd: int) -> None:
    """Unlock and close: a forked child, which has the same open file, holds no lock either."""
    try:
        flock(fd, LOCK_UN)
    finally:
        os.close(fd)


def is_at(fd: int, path: Path) -> bool:
    """Whether the open file is the one at this path."""
    try:
        there = path.lstat()
    except OSError:
        return False
    return os.path.samestat(os.fstat(fd), there)


def remove(fd: int, path: Path) -> None:
    """Remove the file, which whoever calls has locked; another user's stays (sticky folder)."""
    if is_at(fd, path):
        with suppress(OSError):  # without a lock on it, it says nothing
            path.unlink()
