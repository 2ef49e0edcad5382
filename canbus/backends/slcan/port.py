"""Port: a serial line as one descriptor that does not block, and that may die and come back.

No CAN, no protocol, no waiting and no deadlines here: whoever uses it polls `fileno()`.
"""

from __future__ import annotations

import errno
import os
import select
import struct
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import NoReturn

from canbus.backends.slcan.opening import OpenLine, open_line
from canbus.backends.slcan.port_errors import line_error
from canbus.errors import CanClosedError, CanOperationError, CanUnsupportedError

READ_SIZE = 65536  # bytes: more than any tty holds

_MOST_DRAINED = 64  # reads: one that never falls silent must not keep us


def open_port(url: str, baudrate: int, *, rtscts: bool = False, exclusive: bool = True) -> Port:
    """Open a serial port.

    Args:
        url: path of a tty ("/dev/ttyACM0"), or a URL of pyserial ("socket://host:port").
        baudrate: bits per second on the line; USB adapters mostly ignore it.
        rtscts: hardware flow control.
        exclusive: let no other program have it: flock and TIOCEXCL on a tty. Elsewhere it
            means nothing.

    Raises:
        CanConfigError: no such protocol, a wrong URL, or the baud rate is refused.
        CanChannelNotFoundError: no such port, or nobody listens there.
        CanPermissionError: this user may not open it.
        CanUnsupportedError: not on this platform.
        CanInterfaceNotImplementedError: pyserial is not installed.
        CanInitializationError: a program or the kernel has it, or anything else.
    """
    return Port(url, baudrate, rtscts=rtscts, exclusive=exclusive)


class Port:
    """An open serial line. `read` and `write` may be called from different threads.

    Nothing in here waits but `reopen`. `close` and `lose` may be called at any time, from a
    signal handler too; the descriptor's number is not given back before `close`. Who may be
    polling it then must have left first (canbus.waiting.Waiter sees to that).

    Args:
        url, baudrate, rtscts, exclusive: see `open_port`, also for the errors.

    Attributes:
        url: what was opened.
        is_gone: the line was found dead, or given up by `lose`, and not reopened since.
    """

    def __init__(self, url: str, baudrate: int, *, rtscts: bool, exclusive: bool) -> None:
        self.url = url
        self._baudrate = baudrate
        self._rtscts = rtscts
        self._exclusive = exclusive
        self._line = self._open()
        self._fd = self._line.fd
        self.is_gone = False
        self._is_lost = False
        # Reentrant: a signal handler may interrupt who holds it. It then only leaves word,
        # and the interrupted call closes when its own change is complete.
        self._lock = threading.RLock()
        self._changes = 0
        self._is_closing = False
        self._to_close = [self._fd]
        self._pid = os.getpid()

    def _open(self) -> OpenLine:
        return open_line(self.url, self._baudrate, rtscts=self._rtscts, exclusive=self._exclusive)

    def fileno(self) -> int:
        """The descriptor, the same number for the port's whole life; -1 once it is closed."""
        return self._fd

    @property
    def is_tty(self) -> bool:
        """Whether there is a tty of this machine behind it."""
        return self._line.is_tty

    @property
    def is_lost(self) -> bool:
        """Whether it was given up by `lose`, and not reopened since."""
        return self._is_lost

    @property
    def threads(self) -> tuple[threading.Thread, ...]:
        """Those that carry bytes for a line without a descriptor; they end after `close`."""
        return self._line.threads

    def read(self) -> bytes:
        """What is there now, up to READ_SIZE bytes; b"" if nothing, or while it is lost.

        Raises:
            CanChannelNotFoundError: the line is dead.
            CanClosedError: the port is closed.
            CanOperationError: anything else.
        """
        try:
            data = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return b""
        except OSError as exc:
            self._fail(exc, "read from")
            return b""
        if not data and self._is_hung_up():
            self._die(0, "read from")
        return data

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Hand over as many bytes as fit now.

        Returns:
            How many that were; 0 if none fits, or while it is lost.

        Raises:
            As `read`.
        """
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError as exc:
            self._fail(exc, "write to")
            return 0

    def _fail(self, exc: OSError, action: str) -> None:
        if exc.errno == errno.EINVAL and not self._is_closing:
            return  # the stand-in's answer: it is lost, or was a moment ago
        self._die(exc.errno or errno.EIO, action)

    def _die(self, number: int, action: str) -> NoReturn:
        error = line_error(number, self.url, action)
        if isinstance(error, OSError):
            self.is_gone = True
        raise error

    def _is_hung_up(self) -> bool:
        """Whether a read of b"" means the end.

        It does, unless somebody has changed the tty's VMIN to 0 behind our back.
        """
        if not self._line.is_tty:
            return True
        poller = select.poll()
        try:
            poller.register(self._fd, 0)  # POLLHUP and POLLERR come unasked
        except ValueError:  # closed meanwhile: the next read says so
            return False
        return bool(poller.poll(0))

    def drain_input(self) -> None:
        """Throw away what has come and was not read.

        Raises:
            As `read`.
        """
        self._flush("TCIFLUSH")
        for _ in range(_MOST_DRAINED):
            if not self.read():
                break

    def discard_output(self) -> None:
        """Throw away what was written to a tty and has not left the kernel. Never raises.

        A USB driver waits up to 30 seconds for that when its tty is closed.
        """
        self._flush("TCOFLUSH")

    def unsent(self) -> int:
        """Bytes that were written to a tty and have not left the kernel; 0 where it cannot tell."""
        if not self._line.is_tty or self._is_lost or self._fd < 0:
            return 0
        import fcntl
        import termios

        with suppress(OSError):  # a dead line: reading will tell
            answer = fcntl.ioctl(self._fd, termios.TIOCOUTQ, bytes(4))
            return int(struct.unpack("i", answer)[0])
        return 0

    def _flush(self, queue: str) -> None:
        if not self._line.is_tty or self._is_lost or self._fd < 0:
            return
        import termios

        # A dead line, or closed meanwhile by a signal handler: reading will tell.
        with suppress(OSError, termios.error, ValueError):
            termios.tcflush(self._fd, getattr(termios, queue))

    def lose(self) -> None:
        """Give the device back at once, so that it gets its old name when it is plugged in again.

        The descriptor stays open under its number, and is neither readable nor writable nor
        hung up. What was not sent is thrown away. May be called again, and after `close`.
        """
        with self._change():
            if self._is_closing or self._is_lost:
                return
            self.is_gone = True
            try:
                stand_in = _stand_in()
            except OSError as exc:
                raise CanOperationError(
                    f"cannot give {self.url} back: {exc.strerror}", exc.errno
                ) from exc
            with stand_in:
                self._is_lost = True
                self.discard_output()
                self._let_go()
                os.dup2(stand_in.fileno(), self._fd, inheritable=False)

    def reopen(self) -> None:
        """Open the same URL again, under the same number; what was there before is lost.

        May take seconds for a URL of the network. Whoever polls the number through epoll has
        to register it anew.

        Raises:
            CanClosedError: the port was closed, before or meanwhile.
            CanError: what `open_port` raises; the port is lost then, as before.
        """
        self.lose()
        if self._is_closing:
            raise self._closed()
        line = self._open()
        try:
            with self._change():
                if self._is_closing:
                    raise self._closed()
                os.dup2(line.fd, self._fd, inheritable=False)
                self._line = line
                self.is_gone = self._is_lost = False
        except BaseException:
            line.stop()
            raise
        finally:
            os.close(line.fd)

    def close(self) -> None:
        """Close it; may be called any number of times. Waits for nobody and never raises.

        What was written and has not left the kernel is still sent, as far as the device takes
        it; `discard_output` first, if it no longer does.
        """
        self._is_closing = True
        self._finish()

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Something other than the descriptor's bytes changes: `close` has to wait for it."""
        with self._guard():
            self._changes += 1
            try:
                yield
            finally:
                self._changes -= 1
                self._finish()

    def _finish(self) -> None:
        with self._guard():
            # The list gives the descriptor away once only, whoever interrupts us.
            if not self._is_closing or self._changes or not self._to_close:
                return
            try:
                fd = self._to_close.pop()
            except IndexError:
                return
            self._let_go()
            self._fd = -1
            with suppress(OSError):
                os.close(fd)

    def _guard(self) -> AbstractContextManager[object]:
        # A thread that held the lock while the process forked does not exist in the child.
        return self._lock if os.getpid() == self._pid else nullcontext()

    def _let_go(self) -> None:
        """Whoever else has a copy of the descriptor: others may have the device now."""
        if os.getpid() != self._pid:
            return  # a forked child's copy: the parent goes on
        self._line.stop()
        if self._line.is_tty and self._exclusive:
            from canbus.backends.slcan.tty_line import release

            release(self._fd)

    def _closed(self) -> CanClosedError:
        return CanClosedError(f"cannot reopen {self.url}: it is closed")


def _stand_in() -> select.epoll:
    """A descriptor at which nothing ever happens: an epoll instance that watches nothing.

    Reading or writing it fails with EINVAL. (An eventfd is readable or writable, always.)

    Raises:
        OSError: no descriptor is left.
        CanUnsupportedError: not on this platform.
    """
    if not hasattr(select, "epoll"):
        raise CanUnsupportedError("a port can be reopened on Linux only")
    return select.epoll()
