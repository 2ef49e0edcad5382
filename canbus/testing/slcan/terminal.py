"""A pseudo-terminal as the socket that an adapter hangs in. Bytes only; Linux only.

What is not obvious about pseudo-terminals, and is settled here:

- One that was never set raw echoes to us what we write before the host has opened it.
- When nobody has the host's side open, reading is EIO and polling says "hung up", for as long
  as that is so. Edge-triggered epoll says it once, and speaks up again when a host writes.
- What is written meanwhile, and what a host left unread, waits for the next one to open it. A
  serial port throws that away, and so do we.
- Closing our side hangs the host's up: it reads its end of file at once.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import tty
from contextlib import suppress
from pathlib import Path

from canbus.errors import CanConfigError, CanInitializationError

_CHUNK = 4096
_BAUDRATES = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name[0] == "B" and name[1:].isdecimal()
}


class Terminal:
    """A pseudo-terminal from plugging to unplugging.

    Args:
        link: a symbolic link to the host's side is made here; an old link is replaced.

    Raises:
        CanConfigError: a ValueError; at `link` there is something else than a link.
        CanInitializationError: there is no pseudo-terminal left, or no link can be made there.

    Attributes:
        name: path of the host's side.
        port: path for the host to open: `link`, if there is one.
    """

    def __init__(self, link: str | None = None) -> None:
        self._link = None if link is None else Path(link)
        self._fd, self.name = _open_pair()
        self.port = link or self.name
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLOUT)
        self._is_used = False  # something went through since the host's side was opened
        try:
            self._make_link()
        except BaseException:
            os.close(self._fd)
            raise

    def fileno(self) -> int:
        """Our side, for edge-triggered epoll."""
        return self._fd

    def read(self) -> bytes:
        """What the host has written; b"" if there is nothing more for now."""
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError:  # EIO: nobody has the other side open
            self._forget_unread()
            return b""
        self._is_used = True
        return data

    def write(self, data: bytes) -> int | None:
        """Write what the host has room for.

        Returns:
            How many bytes; 0 if it reads nothing, None if nobody is there.
        """
        if self._is_alone():
            self._forget_unread()
            return None
        try:
            count = os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            return None
        self._is_used = True
        return count

    def baudrate(self) -> int | None:
        """Bit/s that the host has set; None for one that POSIX has no name for."""
        return _BAUDRATES.get(termios.tcgetattr(self._fd)[5])

    def unread(self) -> int:
        """Bytes that wait for the host, as far as the system tells."""
        try:
            fd = os.open(self.name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return 0
        try:
            (count,) = struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))
            return int(count)
        finally:
            os.close(fd)

    def _is_alone(self) -> bool:
        return any(events & select.POLLHUP for _, events in self._poll.poll(0))

    def _forget_unread(self) -> None:
        if not self._is_used:
            return
        self._is_used = False
        # A host that had it for itself leaves it closed to others; one that is just ending has
        # a line discipline that cannot be flushed.
        with suppress(OSError, termios.error):
            fd = os.open(self.name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                fcntl.ioctl(fd, termios.TIOCNXCL)  # a port forgets that, too
                termios.tcflush(fd, termios.TCIFLUSH)
            finally:
                os.close(fd)

    def hang_up(self) -> None:
        """Close it: what a cable does that is pulled."""
        if self._link is not None and self._link.is_symlink():
            with suppress(OSError):
                if str(self._link.readlink()) == self.name:  # not one that somebody else has made
                    self._link.unlink()
        os.close(self._fd)

    def _make_link(self) -> None:
        link = self._link
        if link is None:
            return
        if os.path.lexists(link) and not link.is_symlink():
            raise CanConfigError(
                f"cannot make the link {link}: there is something else",
                hint="give a path that is free",
            )
        try:
            link.unlink(missing_ok=True)
            link.symlink_to(self.name)
        except OSError as exc:
            raise CanInitializationError(
                f"cannot make the link {link}: {exc.strerror}",
                exc.errno,
                hint="give a path in a directory that exists and is yours",
            ) from exc


def _open_pair() -> tuple[int, str]:
    try:
        ours, theirs = pty.openpty()
    except OSError as exc:
        raise CanInitializationError(
            f"there is no pseudo-terminal to be had: {exc.strerror}",
            exc.errno,
            hint="is /dev/pts mounted, and /proc/sys/kernel/pty/max not reached?",
        ) from exc
    try:
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        return ours, os.ttyname(theirs)
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
