"""From a URL to one descriptor that does not block, whatever kind of line is behind it.

The only place that imports pyserial's ports, and only when it is needed. What is then done
with the descriptor is not known here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from canbus.backends.slcan import tcp_line
from canbus.backends.slcan.addressing import path_for
from canbus.backends.slcan.port_errors import baudrate_error, open_error
from canbus.errors import (
    CanChannelNotFoundError,
    CanConfigError,
    CanError,
    CanInterfaceNotImplementedError,
    CanUnsupportedError,
)

if TYPE_CHECKING:
    from serial import Serial

_PROTOCOLS = "socket://, rfc2217://, loop://, hwgrep://, spy://, alt://"
_RFC2217 = "rfc2217://"
_HIGHEST_BAUDRATE = 2**31 - 1


def _nothing() -> None: ...


class OpenLine(NamedTuple):
    """A line that is open.

    Attributes:
        fd: reads and writes bytes, does not block; who gets the line owns it.
        is_tty: termios and the ioctls of ttys apply to it.
        stop: to be called when the line is given up, besides closing `fd`; waits for nobody.
        threads: that carry the bytes, where it takes threads; they end after `stop`.
    """

    fd: int
    is_tty: bool = False
    stop: Callable[[], None] = _nothing
    threads: tuple[threading.Thread, ...] = ()


def open_line(url: str, baudrate: int, *, rtscts: bool, exclusive: bool) -> OpenLine:
    """Open a serial port.

    Args:
        url: path of a tty, or a URL of pyserial.
        baudrate: bits per second on the line.
        rtscts: hardware flow control.
        exclusive: let no other program have it, where the kind of line allows that.

    Raises:
        CanConfigError: no such protocol, a wrong URL, or the baud rate is refused.
        CanChannelNotFoundError: no such port, or nobody listens there.
        CanPermissionError: this user may not open it.
        CanUnsupportedError: not on this platform.
        CanInterfaceNotImplementedError: pyserial is not installed.
        CanInitializationError: it is busy, or anything else.
    """
    if os.name != "posix":
        raise CanUnsupportedError(
            f"cannot open {url}: serial ports need a POSIX system, such as Linux"
        )
    url = path_for(url)
    if not 0 < baudrate <= _HIGHEST_BAUDRATE:
        raise baudrate_error(url, baudrate)
    if url.lower().startswith(tcp_line.PREFIX):
        if rtscts:
            raise CanUnsupportedError(
                f"cannot open {url}: rtscts=True is for serial lines, not for TCP",
                hint="leave it out",
            )
        return OpenLine(tcp_line.connect(url))
    if url.lower().startswith(_RFC2217):
        tcp_line.address_in(url)  # pyserial trips over a URL without a port number
    port = _make_port(url, baudrate, rtscts=rtscts)
    if _has_plain_descriptor(port):
        from canbus.backends.slcan.tty_line import open_tty

        return OpenLine(open_tty(port, url, exclusive=exclusive), is_tty=True)
    return _carry(port, url, exclusive=exclusive)


def _make_port(url: str, baudrate: int, *, rtscts: bool) -> Serial:
    """What pyserial makes of the URL, not open."""
    try:
        from serial import SerialException, serial_for_url
    except ImportError as exc:
        raise CanInterfaceNotImplementedError(
            f"cannot open {url}: pyserial is not installed", hint="pip install pyserial"
        ) from exc
    try:
        return serial_for_url(url, baudrate, rtscts=rtscts, do_not_open=True)
    except SerialException as exc:  # hwgrep:// finds nothing
        raise CanChannelNotFoundError(
            f"cannot open {url}: {exc}", hint="`canbus ports` lists what there is"
        ) from exc
    except ValueError as exc:
        raise _url_error(url, exc) from exc


def _url_error(url: str, problem: object) -> CanError:
    return CanConfigError(
        f"channel {url!r}: {problem}",
        hint=f"a path such as /dev/ttyACM0, or one of {_PROTOCOLS}",
    )


def _has_plain_descriptor(port: Serial) -> bool:
    """Whether reading and writing its descriptor is all that pyserial's port would do.

    It is not for spy://, which shows what passes, nor for the experiments of alt://.
    """
    from serial import Serial

    kind = type(port)
    return _is_native(port) and kind.read is Serial.read and kind.write is Serial.write


def _is_native(port: Serial) -> bool:
    """Whether it is a device of this machine (serial_for_url promises more than it keeps)."""
    from serial import Serial

    return isinstance(port, Serial)


def _carry(port: Serial, url: str, *, exclusive: bool) -> OpenLine:
    import termios

    from canbus.backends.slcan.carried_line import WAIT, CarriedLine

    path = None
    port.timeout = WAIT
    if _is_native(port):
        port.exclusive = exclusive or None
        path = str(port.port)
    try:
        port.open()
    except KeyError as exc:  # pyserial 3.5 stumbles over its own text
        raise _url_error(url, "it has an unknown option") from exc
    except ValueError as exc:
        raise baudrate_error(url, port.baudrate, str(exc)) from exc
    except (OSError, termios.error) as exc:
        raise _carried_error(exc, url, path) from exc
    try:
        carried = CarriedLine(port, url)
    except OSError as exc:
        raise open_error(exc, url) from exc
    return OpenLine(carried.fd, stop=carried.stop, threads=carried.threads)


def _carried_error(exc: BaseException, url: str, path: str | None) -> CanError:
    if "expected a string in the form" in str(exc):
        return _url_error(url, exc)
    return open_error(exc, url, path)
