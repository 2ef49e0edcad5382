"""Opening a tty: looked at first, claimed, then configured. POSIX only, imported when needed.

The descriptor that looks is the one that stays: a tty whose last descriptor is closed drops
DTR, at which many an adapter restarts. pyserial opens the device a second time, only to
configure it.

Facts: ioctl_tty(2), termios(3), drivers/tty/n_tty.c and tty_io.c of Linux.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import termios
from contextlib import suppress
from typing import TYPE_CHECKING

from canbus.backends.slcan.port_errors import (
    baudrate_error,
    busy_error,
    discipline_error,
    open_error,
)
from canbus.backends.slcan.port_users import users_of

if TYPE_CHECKING:
    from serial import Serial

_TIOCGETD = getattr(termios, "TIOCGETD", None)  # termios has it on Linux
_TIOCGEXCL = 0x80045440  # <asm-generic/ioctls.h>
_SIOCGIFNAME = 0x8910  # <linux/sockios.h>; slcan_ioctl of drivers/net/can/slcan answers it
_TCGETS2 = 0x802C542A  # <asm-generic/ioctls.h>; refused where the number is another
_TERMIOS2 = struct.Struct("=4I20s2I")  # <asm-generic/termbits.h>; the last is the output speed
_TOLERANCE = 0.03  # of a bit rate: beyond, the tenth bit of a byte is misread
_N_TTY = 0
_PTY_MAJORS = range(136, 144)  # Documentation/admin-guide/devices.txt: Unix98 PTY slaves


def open_tty(port: Serial, shown: str, *, exclusive: bool) -> int:
    """Open and configure a tty.

    A read that finds nothing fails with EAGAIN (VMIN=1), so b"" means that it was hung up.

    Args:
        port: pyserial's, not open, with its settings.
        shown: what the user called it.
        exclusive: let no other program have it (flock, TIOCEXCL).

    Returns:
        A descriptor that does not block and that the caller owns.

    Raises:
        CanChannelNotFoundError: there is no such serial port.
        CanPermissionError: this user may not open it.
        CanConfigError: it refuses the baud rate.
        CanInitializationError: another program or the kernel has it, or anything else.
    """
    path = str(port.port)
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as exc:
        raise open_error(exc, shown, path) from exc
    except ValueError as exc:  # a NUL in the name
        raise open_error(FileNotFoundError(errno.ENOENT, str(exc)), shown, path) from exc
    try:
        _check_discipline(fd, shown)  # first: with some of them it does not look like a tty
        if not os.isatty(fd):
            raise open_error(OSError(errno.ENOTTY, ""), shown, path)
        if exclusive:
            _lock(fd, shown, path)
        _configure(port, shown, path)
        _check_speed(fd, shown, port.baudrate)
        if exclusive:
            _shut_others_out(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def release(fd: int) -> None:
    """Let others have the tty, though it may still be open.

    A forked child may have it, or the kernel, for a thread that is polling it.
    """
    with suppress(OSError):
        fcntl.ioctl(fd, termios.TIOCNXCL)
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_UN)


def _check_discipline(fd: int, shown: str) -> None:
    """Before anything is changed: the settings of the line are the discipline's."""
    discipline = line_discipline(fd)
    if discipline != _N_TTY:
        raise discipline_error(shown, discipline, _interface_of(fd))


def line_discipline(fd: int) -> int:
    """The number of the line discipline; N_TTY where the system does not tell."""
    if _TIOCGETD is None:
        return _N_TTY
    try:
        answer = fcntl.ioctl(fd, _TIOCGETD, bytes(4))
    except OSError:
        return _N_TTY
    return int(struct.unpack("i", answer)[0])


def _interface_of(fd: int) -> str | None:
    """The network interface that the line discipline feeds."""
    with suppress(OSError):
        return fcntl.ioctl(fd, _SIOCGIFNAME, bytes(40)).split(b"\0")[0].decode() or None
    return None


def _lock(fd: int, shown: str, path: str) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise busy_error(shown, path) from exc
    except OSError as exc:
        raise open_error(exc, shown, path) from exc
    # The system lets root in all the same.
    if _is_shut(fd) and users_of(path):
        raise busy_error(shown, path)


def _is_shut(fd: int) -> bool:
    with suppress(OSError):
        return bool(struct.unpack("i", fcntl.ioctl(fd, _TIOCGEXCL, bytes(4)))[0])
    return False


def _shut_others_out(fd: int) -> None:
    # On a pty it would outlive a killed process, as long as the master end is open.
    if os.major(os.fstat(fd).st_rdev) not in _PTY_MAJORS:
        with suppress(OSError):
            fcntl.ioctl(fd, termios.TIOCEXCL)


def _check_speed(fd: int, shown: str, baudrate: int) -> None:
    """A driver takes any number, and sets what it can: ftdi_sio makes 9600 of what is too high."""
    speed = line_speed(fd)
    if speed is not None and abs(speed - baudrate) > baudrate * _TOLERANCE:
        raise baudrate_error(shown, baudrate, f"its driver makes {speed} of that")


def line_speed(fd: int) -> int | None:
    """What the driver sends at, in bits per second; None where the system does not tell."""
    try:
        answer = fcntl.ioctl(fd, _TCGETS2, bytes(_TERMIOS2.size))
    except OSError:
        return None
    return int(_TERMIOS2.unpack(answer)[-1]) or None


def _configure(port: Serial, shown: str, path: str) -> None:
    port.inter_byte_timeout = 0  # this is what makes pyserial set VMIN to 1 and VTIME to 0
    try:
        port.open()
    except ValueError as exc:
        raise baudrate_error(shown, port.baudrate) from exc
    except (OSError, termios.error) as exc:
        raise open_error(exc, shown, path) from exc
    finally:
        port.close()
