"""What can go wrong with a serial port, as a named error with a hint: one table. No I/O on it.

Facts: open(2), flock(2), ioctl_tty(2), <linux/tty.h> for the numbers of line disciplines.
"""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from canbus.backends.slcan.port_list import nearest_ports
from canbus.backends.slcan.port_users import PortUser, users_of
from canbus.errors import (
    CanChannelNotFoundError,
    CanClosedError,
    CanConfigError,
    CanError,
    CanInitializationError,
    CanOperationError,
    CanPermissionError,
)

_Row = tuple[type[CanError], str, str | None]

_NET = "check address and port; is the server running, and does a firewall let you through?"
_AGAIN = "plug the adapter in again; `canbus ports` lists what there is"
_NO_TTY = "a channel is a serial port, such as /dev/ttyACM0; `canbus ports` lists them"
_DISCIPLINES = {1: "SLIP", 3: "PPP", 15: "N_HCI", 17: "N_SLCAN", 21: "N_GSM0710", 27: "N_NULL"}
_N_SLCAN = 17

_OPEN: dict[int, _Row] = {
    errno.ENODEV: (CanChannelNotFoundError, "there is no device behind it", _AGAIN),
    errno.ENXIO: (CanChannelNotFoundError, "there is no device behind it", _AGAIN),
    errno.EIO: (CanChannelNotFoundError, "there is no working device behind it", _AGAIN),
    errno.ENOTTY: (CanChannelNotFoundError, "it is not a serial port", _NO_TTY),
    errno.EISDIR: (CanChannelNotFoundError, "it is not a serial port", _NO_TTY),
    errno.ECONNREFUSED: (CanChannelNotFoundError, "nobody listens there", _NET),
    errno.ETIMEDOUT: (CanChannelNotFoundError, "no answer", _NET),
    errno.EHOSTUNREACH: (CanChannelNotFoundError, "the host cannot be reached", _NET),
    errno.ENETUNREACH: (CanChannelNotFoundError, "the network cannot be reached", _NET),
    errno.EMFILE: (CanInitializationError, "too many open files", "raise `ulimit -n`"),
}

_GONE = frozenset(
    {errno.EIO, errno.ENXIO, errno.ENODEV, errno.EPIPE, errno.ENOTCONN}
    | {errno.ECONNRESET, errno.ECONNABORTED, errno.ETIMEDOUT}
    | {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}
)
"""On an open port: the device has been unplugged, or the connection has ended."""


def open_error(exc: BaseException, port: str, path: str | None = None) -> CanError:
    """The named error for a failure to open a port.

    Args:
        exc: what was raised: OSError, termios.error, ValueError, or what pyserial made of it.
        port: what the user called it.
        path: of the device, where there is one.
    """
    if _is_due_to(exc, socket.gaierror):
        return CanChannelNotFoundError(
            f"cannot open {port}: there is no such host", hint="check its name, or use its address"
        )
    number = _number_of(exc)
    if number is None:
        return CanInitializationError(f"cannot open {port}: {exc}")
    if path is not None:
        if number in {errno.ENOENT, errno.ENOTDIR}:
            return _no_such_port(port, number)
        if number in {errno.EACCES, errno.EPERM}:
            return _no_permission(port, path, number)
        if number in {errno.EBUSY, errno.EAGAIN}:
            return busy_error(port, path, number)
    kind, why, hint = _OPEN.get(number, (CanInitializationError, os.strerror(number), None))
    name = errno.errorcode.get(number, str(number))
    return kind(f"cannot open {port}: {why} ({name})", number, hint=hint)


def _is_due_to(exc: BaseException | None, kind: type[BaseException]) -> bool:
    while exc is not None and not isinstance(exc, kind):
        exc = exc.__cause__ or exc.__context__
    return exc is not None


def _number_of(exc: BaseException | None) -> int | None:
    """The errno; pyserial's own exceptions have it only in what they were raised for."""
    while exc is not None:
        if isinstance(exc, TimeoutError):
            return errno.ETIMEDOUT
        number = exc.args[0] if exc.args else None
        if isinstance(number, int):
            return number
        exc = exc.__cause__ or exc.__context__
    return None


def _no_such_port(port: str, number: int) -> CanError:
    there = nearest_ports(port)[:5]
    if there:
        hint = f"there is {', '.join(there)}; `canbus ports` says what they are"
    else:
        hint = "there is no serial port at all: plug the adapter in; `sudo dmesg` shows it come"
    return CanChannelNotFoundError(
        f"cannot open {port}: there is no such port (ENOENT)", number, hint=hint
    )


def _no_permission(port: str, path: str, number: int) -> CanError:
    name = errno.errorcode[number]
    if number == errno.EPERM:
        hint = f"something forbids it; in a container, start that with --device={path}"
    else:
        hint = _hint_for_group(path)
    return CanPermissionError(f"cannot open {port}: no permission ({name})", number, hint=hint)


def _hint_for_group(path: str) -> str:
    """What gives the right to open the device: its group, mostly `dialout` or `uucp`."""
    import grp

    rule = f'a udev rule with MODE="0660", GROUP="dialout" for {path} opens it to that group'
    try:
        facts = Path(path).stat()
        group = grp.getgrgid(facts.st_gid)
    except (OSError, KeyError):
        return rule
    if facts.st_mode & 0o060 != 0o060 or group.gr_gid == 0:
        return rule
    user = _own_name()
    if user in group.gr_mem:
        return f"you are in its group {group.gr_name}, but not in this session: log in again"
    return f"sudo usermod -aG {group.gr_name} $USER, then log in again"


def _own_name() -> str | None:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return None


def busy_error(port: str, path: str, number: int = errno.EBUSY) -> CanError:
    """The named error for a port that another program has for itself."""
    users = users_of(path)
    who = ", ".join(f"{name} (process {pid})" for pid, name in users) or "another program"
    return CanInitializationError(
        f"cannot open {port}: {who} has it ({errno.errorcode[number]})",
        number,
        hint=_hint_for_users(users, path),
    )


def _hint_for_users(users: list[PortUser], path: str) -> str:
    names = {user.name for user in users}
    if "ModemManager" in names:
        return (
            "ModemManager looks whether it is a modem, for some seconds after it is plugged in; "
            "to keep it off: sudo systemctl stop ModemManager, or a udev rule with "
            'ENV{ID_MM_DEVICE_IGNORE}="1" for the adapter'
        )
    if names & {"slcand", "slcan_attach"}:
        return (
            "use the network interface that it made (interface='socketcan', channel='slcan0'), "
            "or stop it: sudo pkill slcand"
        )
    if any(user.pid == os.getpid() for user in users):
        return "this program has opened it already: shut that bus down first"
    if users:
        return f"close it: kill {users[0].pid}"
    return f"`sudo fuser -v {path}` says which"


def discipline_error(port: str, discipline: int, interface: str | None) -> CanError:
    """The named error for a line that belongs to a line discipline of the kernel.

    Args:
        port: what the user called it.
        discipline: number of the discipline (N_SLCAN is 17).
        interface: name of the network interface that it feeds, where that is known.
    """
    name = _DISCIPLINES.get(discipline, f"number {discipline}")
    hint = "stop the program that attached it"
    if discipline == _N_SLCAN:
        hint = (
            f"use that: interface='socketcan', channel={interface or 'slcan0'!r}; "
            "or stop slcand first: sudo pkill slcand"
        )
    feeds = f" and feeds network interface {interface}" if interface else ""
    return CanInitializationError(
        f"cannot open {port}: it belongs to the kernel's line discipline {name}{feeds}",
        errno.EBUSY,
        hint=hint,
    )


def baudrate_error(port: str, baudrate: int, why: str | None = None) -> CanError:
    """The named error for a baud rate that the device, or its driver, refuses."""
    return CanConfigError(
        f"cannot open {port}: it refuses tty_baudrate {baudrate}" + (f": {why}" if why else ""),
        hint="115200 works nearly everywhere; an adapter on USB mostly ignores the number",
    )


def line_error(number: int, port: str, action: str) -> CanError:
    """The named error for a failure on an open port.

    Args:
        number: errno; 0 for the end of the stream.
        port: what the user called it.
        action: "read from" or "write to".
    """
    if number == errno.EBADF:
        return CanClosedError(f"cannot {action} {port}: it is closed")
    if number == 0 or number in _GONE:
        how = "the connection has ended" if "://" in port else "unplugged"
        return CanChannelNotFoundError(
            f"cannot {action} {port}: it is gone ({how})", number or errno.ENODEV, hint=_AGAIN
        )
    return CanOperationError(f"cannot {action} {port}: {os.strerror(number)}", number)
