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
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from struct import Struct

from canbus.errors import (
    CanChannelNotFoundError,
    CanConfigError,
    CanError,
    CanInitializationError,
    CanPermissionError,
    CanUnsupportedError,
)
from canbus.place import HERE, OWN_NAMESPACE, Place

NAMED = (Path("/run/netns"), Path("/var/run/netns"))
"""Where ip-netns(8) keeps those that have a name."""

_CLONE_NEWNET = 0x40000000  # <linux/sched.h>
_SIOCGIFNAME, _SIOCGIFINDEX = 0x8910, 0x8933  # <linux/sockios.h>
_WITH_INDEX = Struct("=16si20x")  # struct ifreq of <linux/if.h>: name, then a union


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


def place_of(netns: str | int | None) -> Place:
    """The place that a user means; None is here. Raises as `open_namespace`."""
    return HERE if netns is None else Namespace(netns)


class Namespace(Place):
    """Another network namespace, held open, and what is done in there.

    Args:
        netns: as `open_namespace`.

    Raises:
        As `open_namespace`.
    """

    def __init__(self, netns: str | int) -> None:
        self._netns = netns
        self._fd = open_namespace(netns)
        self._asker: socket.socket | None = None

    def close(self) -> None:
        """Let go of it; nobody can enter any more."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
        if self._asker is not None:
            self._asker.close()

    def __str__(self) -> str:
        return f"network namespace {self._netns}"

    @property
    def ip(self) -> str:
        """`ip -n NAME`, or, for one that has no name, `nsenter --net=PATH ip`."""
        path = _path_of(self._netns)
        return f"ip -n {self._netns}" if path.parent in NAMED else f"nsenter --net={path} ip"

    def identity(self) -> int:
        """The number of its inode."""
        return os.fstat(self._fd).st_ino

    def entered(self) -> AbstractContextManager[None]:
        """Be in there for the length of a `with` block; see the function `entered`.

        Raises:
            CanPermissionError: a PermissionError; it needs CAP_SYS_ADMIN.
            CanConfigError: a ValueError; it is no network namespace.
            OSError: closed meanwhile (EBADF).
        """
        return self._enter(self._fd)

    @contextmanager
    def _enter(self, fd: int) -> Iterator[None]:
        setns, last_errno = _setns()
        own = os.open(OWN_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)
        is_here = False  # before it goes: a signal handler may raise right after
        try:
            if setns(fd, _CLONE_NEWNET):
                code = last_errno()
                is_here = True
                raise self._refused(code)
            yield
        finally:
            try:
                # The system call at once: no function of ours, as at the entry of that a signal
                # handler may raise, and the thread would stay in there.
                if not is_here and setns(own, _CLONE_NEWNET):
                    code = last_errno()
                    raise CanInitializationError("cannot go back to this thread's namespace", code)
            finally:
                os.close(own)

    def _refused(self, code: int) -> Exception:
        what = f"cannot enter {self}"
        if code == errno.EPERM:
            is_named = self.ip.startswith("ip")
            command = f"ip netns exec {self._netns}" if is_named else self.ip.removesuffix(" ip")
            return CanPermissionError(
                f"{what}: that needs CAP_SYS_ADMIN",
                code,
                hint=f"run the program in there: sudo {command} PROGRAM",
            )
        if code == errno.EINVAL:
            return CanConfigError(f"{what}: it is something else", hint=_list_names())
        return OSError(code, os.strerror(code))

    def index_of(self, name: str) -> int:
        """The number of an interface in there; an OSError if there is none."""
        _, index = _WITH_INDEX.unpack(self.ask(_SIOCGIFINDEX, _WITH_INDEX.pack(name.encode(), 0)))
        return int(index)

    def name_of(self, index: int) -> str:
        """The name of an interface in there; an OSError if there is none."""
        name, _ = _WITH_INDEX.unpack(self.ask(_SIOCGIFNAME, _WITH_INDEX.pack(b"", index)))
        return bytes(name).partition(b"\0")[0].decode(errors="surrogateescape")

    def ask(self, request: int, ifreq: bytes) -> bytes:
        """As `Place.ask`, through one socket that is kept: no right is needed after the first."""
        from fcntl import ioctl

        if self._asker is None:
            self._asker = self.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            return ioctl(self._asker, request, ifreq)
        except ValueError as exc:  # closed
            raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from exc


def _setns() -> tuple[Callable[[int, int], int], Callable[[], int]]:
    """The C function that moves this thread, and returns 0 or not; and what says the errno."""
    try:
        import ctypes

        setns = ctypes.CDLL(None, use_errno=True).setns
    except (ImportError, AttributeError) as exc:
        raise CanUnsupportedError(
            f"network namespaces cannot be entered by this Python: {exc}",
            hint="run the program in there: sudo ip netns exec NAME PROGRAM",
        ) from exc
    return setns, ctypes.get_errno
