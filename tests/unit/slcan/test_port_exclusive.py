"""One program at a time has a port: within a process, between processes, after a kill -9."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

import canbus as can
from canbus.backends.slcan import port_errors, tty_line
from canbus.backends.slcan.port import open_port
from canbus.backends.slcan.port_users import PortUser, users_of
from tests.unit.slcan.serial_lines import Adapter, no_leak

HOLD = """
import sys
from canbus.backends.slcan.port import open_port
port = open_port(sys.argv[1], 115200)
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def adapter(tmp_path):
    adapter = Adapter(tmp_path)
    yield adapter
    adapter.unplug()


def hold(path: str) -> subprocess.Popen[bytes]:
    """A process that has the port open."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"open\n"
    return holder


def end(holder: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    holder.send_signal(number)
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()


def test_open_twice_in_one_process(adapter: Adapter) -> None:
    port = open_port(adapter.path, 115200)
    with no_leak(), pytest.raises(can.CanInitializationError) as caught:
        open_port(adapter.path, 115200)
    assert f"(process {os.getpid()}) has it" in str(caught.value)
    assert "this program has opened it already" in (caught.value.hint or "")
    port.close()
    open_port(adapter.path, 115200).close()


def test_another_process_has_it_and_is_named(adapter: Adapter) -> None:
    holder = hold(adapter.path)
    try:
        assert [user.pid for user in users_of(adapter.path)] == [holder.pid]
        with no_leak(), pytest.raises(can.CanInitializationError) as caught:
            open_port(adapter.path, 115200)
        assert f"(process {holder.pid}) has it" in str(caught.value)
        assert f"kill {holder.pid}" in (caught.value.hint or "")
    finally:
        end(holder)


def test_after_a_kill_it_can_be_opened_at_once(adapter: Adapter) -> None:
    end(hold(adapter.path), signal.SIGKILL)
    open_port(adapter.path, 115200).close()


def test_after_a_kill_a_user_without_rights_can_open_it_too(adapter: Adapter) -> None:
    """TIOCEXCL on a pty would stay, and root would not notice."""
    if os.getuid() != 0:
        pytest.skip("needs to be root to become somebody else")
    end(hold(adapter.path), signal.SIGKILL)
    Path(adapter.path).chmod(0o666)
    script = "import os, sys; os.setuid(65534); os.close(os.open(sys.argv[1], os.O_RDWR))"
    device = os.path.realpath(adapter.path)
    subprocess.run([sys.executable, "-c", script, device], check=True)


def test_not_exclusive_lets_others_in(adapter: Adapter) -> None:
    port = open_port(adapter.path, 115200, exclusive=False)
    other = open_port(adapter.path, 115200, exclusive=False)
    other.close()
    port.close()


def test_a_tty_is_shut_with_tiocexcl_and_opened_again_by_close_and_lose(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tty_line, "_PTY_MAJORS", ())  # so that the pty is treated as any tty
    witness = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
    for give_up in ("close", "lose"):
        port = open_port(adapter.path, 115200)
        assert is_shut(witness)
        getattr(port, give_up)()
        assert not is_shut(witness)
        port.close()
    port = open_port(adapter.path, 115200, exclusive=False)
    assert not is_shut(witness)
    port.close()
    os.close(witness)


def test_a_pty_is_not(adapter: Adapter) -> None:
    port = open_port(adapter.path, 115200)
    assert not is_shut(port.fileno())
    port.close()


def test_root_respects_a_port_that_another_has_shut(adapter: Adapter) -> None:
    """As screen and ModemManager do it: TIOCEXCL, no flock."""
    script = "import fcntl, os, sys, termios; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); "
    script += "fcntl.ioctl(fd, termios.TIOCEXCL); print('open', flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, adapter.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"open\n"
    try:
        with no_leak(), pytest.raises(can.CanInitializationError, match="has it"):
            open_port(adapter.path, 115200)
    finally:
        end(holder)
    if os.getuid() == 0:
        open_port(adapter.path, 115200).close()  # what is left on a pty is nobody's


def is_shut(fd: int) -> bool:
    return bool(struct.unpack("i", fcntl.ioctl(fd, tty_line._TIOCGEXCL, bytes(4)))[0])


def test_a_forked_child_that_closes_its_copy_leaves_the_parents_port_alone(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tty_line, "_PTY_MAJORS", ())
    port = open_port(adapter.path, 115200)
    child = os.fork()
    if child == 0:
        port.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert is_shut(port.fileno())
    with pytest.raises(can.CanInitializationError):
        open_port(adapter.path, 115200)
    port.close()


def test_a_forked_child_does_not_keep_the_port_from_others(adapter: Adapter) -> None:
    """Nor does it wait for a lock that a thread of its parent held."""
    port = open_port(adapter.path, 115200)
    ends = os.pipe()
    with port._lock:
        child = os.fork()
        if child == 0:
            os.read(ends[0], 1)
            port.lose()
            port.close()
            os._exit(0)
    port.close()
    open_port(adapter.path, 115200).close()
    os.write(ends[1], b"x")
    assert os.waitpid(child, 0)[1] == 0
    for end in ends:
        os.close(end)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ModemManager", "ID_MM_DEVICE_IGNORE"),
        ("slcand", "interface='socketcan'"),
        ("slcan_attach", "interface='socketcan'"),
        ("minicom", "kill 77"),
    ],
)
def test_programs_that_are_known_have_their_own_hint(
    name: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_errors, "users_of", lambda _: [PortUser(77, name)])
    error = port_errors.busy_error("/dev/ttyACM0", "/dev/ttyACM0")
    assert f"{name} (process 77)" in str(error)
    assert hint in (error.hint or "")


def test_who_has_it_may_be_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_errors, "users_of", lambda _: [])
    error = port_errors.busy_error("/dev/ttyACM0", "/dev/ttyACM0")
    assert "another program" in str(error)
    assert "fuser" in (error.hint or "")


def test_a_line_of_the_kernels_is_left_as_it_is(adapter: Adapter) -> None:
    n_null = 27  # in every kernel since 5.0 or so; slcand's is a module
    witness = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)
    before = termios.tcgetattr(witness)
    try:
        fcntl.ioctl(witness, termios.TIOCSETD, struct.pack("i", n_null))
    except OSError as exc:
        os.close(witness)
        pytest.skip(f"this kernel refuses N_NULL: {exc}")
    with no_leak(), pytest.raises(can.CanInitializationError, match="line discipline N_NULL"):
        open_port(adapter.path, 9600)
    fcntl.ioctl(witness, termios.TIOCSETD, struct.pack("i", 0))
    assert termios.tcgetattr(witness) == before
    os.close(witness)


def test_a_line_of_slcand_is_named_with_its_interface(
    adapter: Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tty_line, "line_discipline", lambda _: 17)
    monkeypatch.setattr(tty_line, "_interface_of", lambda _: "slcan3")
    with no_leak(), pytest.raises(can.CanInitializationError, match="N_SLCAN") as caught:
        open_port(adapter.path, 115200)
    assert "slcan3" in str(caught.value)
    assert "interface='socketcan', channel='slcan3'" in (caught.value.hint or "")
