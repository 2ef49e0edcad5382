"""Network namespaces: being in another one for a moment. The only file that calls setns(2).

A namespace is a thread's: setns(2) moves the calling thread alone. A socket stays where it was
made, and so does all that is asked through it; so it is enough to be there when it is made.
Python has os.setns only since 3.12, hence ctypes. No links and no CAN here.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from canbus.errors import (
    CanChannelNotFoundError,
    CanConfigError,
    CanError,
    CanInitializationError,
    CanPermissionError,
    CanUnsupportedError,
)

NAMED = (Path("/run/netns"), Path("/var/run/netns"))
"""Where ip-netns(8) keeps those that have a name."""

_CLONE_NEWNET = 0x40000000  # <linux/sched.h>
_OWN = "/proc/thread-self/ns/net"
_HERE = nullcontext()


def open_namespace(netns: str | int) -> int:
    """Open a network namespace.

    Args:
        netns: its name (`ip netns`), a path ("/proc/1234/ns/net"), or the pid of a process in it.

    Returns:
        A descriptor, to be closed by the caller.

    Raises:
        CanChannelNotFoundError: an OSError; there is none of that name.
        CanPermissionError: a PermissionError; it may not be opened.
        CanConfigError: a ValueError; it cannot be one.
        CanUnsupportedError: not Linux.
    """
    if sys.platform != "linux":
        raise CanUnsupportedError(f"network namespaces exist on Linux only, not on {sys.platform}")
    path = _path_of(netns)
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise _cannot_open(netns, path, exc) from exc


def _path_of(netns: str | int) -> Path:
    if isinstance(netns, int):
        return Path(f"/proc/{netns}/ns/net")
    if not netns or "\0" in netns or netns in {".", ".."}:
        raise CanConfigError(f"netns={netns!r} is no network namespace", hint=_list_names())
    if "/" in netns:
        return Path(netns)
    there = [folder / netns for folder in NAMED if (folder / netns).exists()]
    if not there and netns.isdecimal():  # from a command line
        return Path(f"/proc/{netns}/ns/net")
    return (there or [NAMED[0] / netns])[0]


def _cannot_open(netns: str | int, path: Path, exc: OSError) -> CanError:
    what = f"cannot open network namespace {netns!r}"
    if exc.errno in {errno.EPERM, errno.EACCES}:
        hint = "run it with sudo" if path.parts[:2] == ("/", "proc") else f"`ls -l {path}`"
        return CanPermissionError(f"{what}: access to {path} is denied", exc.errno, hint=hint)
    if exc.errno not in {errno.ENOENT, errno.ENOTDIR, errno.ESRCH}:
        return CanInitializationError(f"{what}: {path}: {exc.strerror}", exc.errno)
    if path.parent in NAMED:
        hint = f"{_list_names()}; `sudo ip netns add {netns}` makes it"
        return CanChannelNotFoundError(f"{what}: there is none of that name", exc.errno, hint=hint)
    return CanChannelNotFoundError(f"{what}: there is no {path}", exc.errno, hint=_list_names())


def _list_names() -> str:
    folders = [folder for folder in NAMED if folder.is_dir()]
    names = sorted({entry.name for folder in folders for entry in folder.iterdir()})
    return f"there are: {', '.join(names)}" if names else "there are none with a name (`ip netns`)"


@contextmanager
def entered(netns: str | int | None) -> Iterator[None]:
    """Be in a network namespace for the length of a `with` block: this thread only.

    Python's signal handlers that run meanwhile are in there, too, and threads started meanwhile
    stay there.

    Args:
        netns: as `open_namespace`; None for the one where this thread is.

    Raises:
        CanPermissionError: a PermissionError; entering needs CAP_SYS_ADMIN. And as
            `open_namespace`.
    """
    if netns is None:
        yield
        return
    namespace = Namespace(netns)
    try:
        with namespace.entered():
            yield
    finally:
        namespace.close()


class Namespace:
    """A network namespace that is held open, and what has to be done in there. See HERE.

    Args:
        netns: as `open_namespace`; None for the one where a thread is: then nothing here
            costs a system call.

    Raises:
        As `open_namespace`.
    """

    def __init__(self, netns: str | int | None = None) -> None:
        self._netns = netns
        self._fd = None if netns is None else open_namespace(netns)

    def close(self) -> None:
        """Let go of it; may be called any number of times."""
        if self._fd is not None:
            fd, self._fd = self._fd, -1  # from now on nobody can enter
            if fd >= 0:
                os.close(fd)

    def __str__(self) -> str:
        return "" if self._netns is None else f"network namespace {self._netns}"

    @property
    def ip(self) -> str:
        """The command `ip`, as it is to be said for this namespace."""
        if self._netns is None:
            return "ip"
        path = _path_of(self._netns)
        named = path.parent in NAMED
        return f"ip -n {self._netns}" if named else f"nsenter --net={path} ip"

    def identity(self) -> int:
        """What tells it from every other one that there is (the number of its inode)."""
        return (os.stat(_OWN) if self._fd is None else os.fstat(self._fd)).st_ino  # noqa: PTH116

    def entered(self) -> AbstractContextManager[None]:
        """Be in there for the length of a `with` block; see the function `entered`.

        Raises:
            CanPermissionError: a PermissionError; it needs CAP_SYS_ADMIN.
            CanConfigError: a ValueError; it is no network namespace.
            OSError: closed meanwhile (EBADF).
        """
        return _HERE if self._fd is None else self._enter(self._fd)

    @contextmanager
    def _enter(self, fd: int) -> Iterator[None]:
        setns = _setns()
        own = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        try:
            try:
                code = setns(fd)
                if code:
                    raise self._refused(code)
                yield
            finally:
                # Here also where it failed, or a signal handler raised just before or after.
                code = setns(own)
                if code:
                    raise CanInitializationError("cannot go back to this thread's namespace", code)
        finally:
            os.close(own)

    def _refused(self, code: int) -> Exception:
        what = f"cannot enter {self}"
        if code == errno.EPERM:
            return CanPermissionError(
                f"{what}: that needs CAP_SYS_ADMIN",
                code,
                hint=f"run the program in there: sudo {self.ip.removesuffix(' ip')} PROGRAM"
                if self.ip.startswith("nsenter")
                else f"run the program in there: sudo ip netns exec {self._netns} PROGRAM",
            )
        if code == errno.EINVAL:
            return CanConfigError(f"{what}: it is something else", hint=_list_names())
        return OSError(code, os.strerror(code))

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Make a socket in there; OSError as socket.socket()."""
        with self.entered():
            return socket.socket(family, kind, protocol)

    def index_of(self, name: str) -> int:
        """The number of an interface in there; an OSError if there is none."""
        with self.entered():
            return socket.if_nametoindex(name)

    def name_of(self, index: int) -> str:
        """The name of an interface in there; an OSError if there is none."""
        with self.entered():
            return socket.if_indextoname(index)

    def names(self) -> list[str]:
        """The names of all interfaces in there."""
        with self.entered():
            return [name for _, name in socket.if_nameindex()]


HERE = Namespace()
"""The namespace where a thread happens to be."""


def _setns() -> Callable[[int], int]:
    """A function that moves this thread, and returns 0 or the errno."""
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        call = libc.setns
    except (ImportError, AttributeError) as exc:
        raise CanUnsupportedError(
            f"network namespaces cannot be entered by this Python: {exc}",
            hint="run the program in there: sudo ip netns exec NAME PROGRAM",
        ) from exc

    def setns(fd: int) -> int:
        return ctypes.get_errno() if call(fd, _CLONE_NEWNET) else 0

    return setns
