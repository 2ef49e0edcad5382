"""What stops a port from opening, as a named error with a hint; nothing is left open by it."""

from __future__ import annotations

import errno
import grp
import os
import socket
import stat
import subprocess
import sys
import termios
from pathlib import Path

import pytest

import canbus as can
from canbus.backends.slcan import port_errors, port_list
from canbus.backends.slcan.port import open_port
from tests.unit.slcan.serial_lines import Adapter, listening, no_leak, url_of

NAME = "/dev/ttyACM0"


class Listed:
    """As pyserial lists a port."""

    def __init__(self, device: str) -> None:
        self.device = device


@pytest.fixture
def some_ports(monkeypatch):
    ports = [Listed("/dev/ttyS0"), Listed("/dev/ttyUSB0"), Listed("/dev/ttyACM1")]
    monkeypatch.setattr(port_list, "serial_ports", lambda: ports)


def refused(url: str, kind: type[can.CanError], text: str, baudrate: int = 115200) -> can.CanError:
    with no_leak(), pytest.raises(kind, match=text) as caught:
        open_port(url, baudrate)
    assert type(caught.value) is kind
    assert url in str(caught.value)
    assert caught.value.hint
    return caught.value


def test_no_such_port_lists_those_that_there_are_the_nearest_first(some_ports) -> None:
    error = refused("/dev/ttyACM0", can.CanChannelNotFoundError, "no such port")
    assert "there is /dev/ttyACM1, /dev/tty" in error.hint
    assert error.error_code == errno.ENOENT


def test_no_such_port_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_list, "serial_ports", list)
    error = refused("/dev/ttyACM0/x", can.CanChannelNotFoundError, "no such port")
    assert "plug the adapter in" in error.hint


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    refused(str(path), can.CanChannelNotFoundError, "not a serial port")
    refused(str(tmp_path), can.CanChannelNotFoundError, "not a serial port")
    refused("/dev/null", can.CanChannelNotFoundError, "not a serial port")
    refused(f"spy://{path}", can.CanChannelNotFoundError, "not a serial port")


def test_a_link_to_nowhere_is_no_port(tmp_path: Path, some_ports) -> None:
    link = tmp_path / "ttyACM0"
    link.symlink_to(tmp_path / "gone")
    refused(str(link), can.CanChannelNotFoundError, "no such port")


def as_nobody(path: str) -> str:
    """What a user without rights is told, by a forked child that becomes one."""
    import pwd  # noqa: F401 - the child may not read the folder it lies in

    import serial  # noqa: F401

    from canbus.backends.slcan import tty_line  # noqa: F401

    end, child_end = os.pipe()
    child = os.fork()
    if child == 0:
        told = "nothing"
        try:
            os.setgroups([])
            os.setuid(65534)
            open_port(path, 115200)
        except can.CanPermissionError as exc:
            told = f"{exc.errno}|{exc}|{exc.hint}"
        except BaseException as exc:
            told = repr(exc)
        os.write(child_end, told.encode())
        os._exit(0)
    os.close(child_end)
    with os.fdopen(end) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return told


def test_no_permission_names_the_group(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("needs to be root to become somebody else")
    group = grp.getgrnam("dialout")
    adapter = Adapter(tmp_path)
    device = os.path.realpath(adapter.path)
    os.chown(device, 0, group.gr_gid)
    Path(device).chmod(0o660)
    number, text, hint = as_nobody(device).split("|")
    adapter.unplug()
    assert int(number) == errno.EACCES
    assert "no permission" in text
    assert "sudo usermod -aG dialout $USER" in hint
    assert "log in again" in hint


def facts(group: int, mode: int) -> os.stat_result:
    return os.stat_result((stat.S_IFCHR | mode, 0, 0, 1, 0, group, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("members", "mode", "hint"),
    [
        ([], 0o660, "sudo usermod -aG plugdev $USER"),
        (["me"], 0o660, "not in this session: log in again"),
        ([], 0o600, "udev rule"),
        ([], 0o640, "udev rule"),
    ],
)
def test_the_hint_fits_the_device(
    members: list[str], mode: int, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = grp.struct_group(("plugdev", "x", 46, members))
    monkeypatch.setattr(grp, "getgrgid", lambda _: group)
    monkeypatch.setattr(port_errors, "_own_name", lambda: "me")
    monkeypatch.setattr(Path, "stat", lambda _: facts(46, mode))
    error = port_errors.open_error(PermissionError(errno.EACCES, ""), NAME, NAME)
    monkeypatch.undo()
    assert type(error) is can.CanPermissionError
    assert hint in (error.hint or "")


def test_a_container_that_forbids_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    error = port_errors.open_error(PermissionError(errno.EPERM, ""), NAME, NAME)
    assert type(error) is can.CanPermissionError
    assert f"--device={NAME}" in (error.hint or "")


@pytest.mark.parametrize("number", [errno.EIO, errno.ENXIO, errno.ENODEV])
@pytest.mark.parametrize("kind", [OSError, termios.error])
def test_a_name_without_a_device(number: int, kind: type[Exception]) -> None:
    error = port_errors.open_error(kind(number, "x"), NAME, NAME)
    assert type(error) is can.CanChannelNotFoundError
    assert error.error_code == number


def test_what_pyserial_wraps_is_unwrapped() -> None:
    try:
        try:
            raise termios.error(5, "Input/output error")
        except termios.error as exc:
            raise OSError(f"Could not configure port: {exc}")  # noqa: B904 - as pyserial does it
    except OSError as exc:
        error = port_errors.open_error(exc, NAME, NAME)
    assert error.error_code == errno.EIO


def test_what_nobody_foresaw_keeps_its_text() -> None:
    error = port_errors.open_error(OSError("something odd"), NAME, NAME)
    assert type(error) is can.CanInitializationError
    assert "something odd" in str(error)
    error = port_errors.open_error(OSError(errno.ENOMEM, "x"), NAME, NAME)
    assert "ENOMEM" in str(error)


@pytest.mark.parametrize("baudrate", [0, -1, 2**31, 10**12])
def test_baud_rates_that_cannot_be(tmp_path: Path, baudrate: int) -> None:
    adapter = Adapter(tmp_path)
    refused(adapter.path, can.CanConfigError, f"refuses tty_baudrate {baudrate}", baudrate)
    refused("loop://", can.CanConfigError, f"refuses tty_baudrate {baudrate}", baudrate)
    adapter.unplug()


def test_a_baud_rate_that_the_driver_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from serial import Serial

    def refuse(self, baudrate):
        raise ValueError(f"Failed to set custom baud rate ({baudrate}): [Errno 22]")

    monkeypatch.setattr(Serial, "_set_special_baudrate", refuse)
    adapter = Adapter(tmp_path)
    refused(adapter.path, can.CanConfigError, "refuses tty_baudrate 12345", 12345)
    adapter.unplug()


def test_a_baud_rate_of_which_the_driver_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ftdi_sio does it; what it can do nearly is near enough."""
    adapter = Adapter(tmp_path)
    monkeypatch.setattr("canbus.backends.slcan.tty_line.line_speed", lambda _: 9600)
    refused(adapter.path, can.CanConfigError, "its driver makes 9600 of that", 2**30)
    for near in (9600, 9500, 9700):
        open_port(adapter.path, near).close()
    monkeypatch.setattr("canbus.backends.slcan.tty_line.line_speed", lambda _: None)
    open_port(adapter.path, 115200).close()
    adapter.unplug()


def test_a_device_that_dies_while_it_is_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_):
        raise termios.error(errno.EIO, "Input/output error")

    adapter = Adapter(tmp_path)
    monkeypatch.setattr(termios, "tcsetattr", die)
    refused(adapter.path, can.CanChannelNotFoundError, "no working device")
    monkeypatch.undo()
    adapter.unplug()


@pytest.mark.parametrize("protocol", ["socket", "rfc2217"])
def test_nobody_listens(protocol: str) -> None:
    with listening() as server:
        url = url_of(server, protocol)
    error = refused(url, can.CanChannelNotFoundError, "nobody listens there")
    assert error.error_code == errno.ECONNREFUSED


@pytest.mark.parametrize("protocol", ["socket", "rfc2217"])
def test_no_such_host(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    refused(f"{protocol}://nowhere:23", can.CanChannelNotFoundError, "no such host")


@pytest.mark.parametrize("protocol", ["socket", "rfc2217"])
def test_no_answer(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", hang)
    refused(f"{protocol}://10.0.0.1:23", can.CanChannelNotFoundError, "no answer")


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("foo://bar", "'foo' not known"),
        ("socket://", "HOST:PORT"),
        ("socket://host", "HOST:PORT"),
        ("socket://host:x", "Port could not be cast"),
        ("socket://host:99999", "Port out of range"),
        ("socket://host:23?speed=1", "unknown option 'speed'"),
        ("rfc2217://host", "HOST:PORT"),
        ("rfc2217://127.0.0.1:1?speed=1", "unknown option"),
        ("loop://?speed=1", "unknown option"),
    ],
)
def test_wrong_urls(url: str, text: str) -> None:
    error = refused(url, can.CanConfigError, text)
    assert isinstance(error, ValueError)
    assert "://" in error.hint or "/dev/" in error.hint


def test_hwgrep_that_finds_nothing() -> None:
    refused("hwgrep://no such thing", can.CanChannelNotFoundError, "no ports found")


def test_without_pyserial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    error = refused("/dev/ttyACM0", can.CanInterfaceNotImplementedError, "not installed")
    assert "pip install pyserial" in error.hint


def test_where_there_are_no_such_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canbus.backends.slcan.opening.os.name", "nt")
    with pytest.raises(can.CanUnsupportedError, match="POSIX"):
        open_port("COM3", 115200)


def test_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    genuine = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if "writes" in thread.name:
            raise RuntimeError("can't start new thread")
        genuine(thread)

    with no_leak():
        monkeypatch.setattr(threading.Thread, "start", start)
        with pytest.raises(can.CanInitializationError):
            open_port("loop://", 115200)
        monkeypatch.undo()


def test_importing_it_does_not_import_pyserial() -> None:
    code = (
        "import sys, canbus.backends.slcan.port, canbus.backends.slcan.channel;"
        "print([name for name in sys.modules if name.split('.')[0] == 'serial'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (0, can.CanChannelNotFoundError),
        (errno.EIO, can.CanChannelNotFoundError),
        (errno.ENODEV, can.CanChannelNotFoundError),
        (errno.ECONNRESET, can.CanChannelNotFoundError),
        (errno.EPIPE, can.CanChannelNotFoundError),
        (errno.EBADF, can.CanClosedError),
        (errno.ENOMEM, can.CanOperationError),
    ],
)
def test_what_ends_an_open_port_is_named(number: int, kind: type[can.CanError]) -> None:
    error = port_errors.line_error(number, NAME, "read from")
    assert type(error) is kind
    assert f"cannot read from {NAME}" in str(error)
