"""A port over a real pty: bytes, back-pressure, and an end."""

from __future__ import annotations

import errno
import os
import select
import termios
import threading
from contextlib import suppress

import pytest

import canbus as can
from canbus.backends.slcan.port import READ_SIZE, Port, open_port
from canbus.backends.slcan.tty_line import line_speed
from tests.unit.slcan.serial_lines import (
    PATIENCE,
    SETTLED,
    Adapter,
    no_leak,
    read_port,
    wait_for,
    wait_for_bytes,
)


@pytest.fixture
def adapter(tmp_path):
    adapter = Adapter(tmp_path)
    yield adapter
    adapter.unplug()


@pytest.fixture
def port(adapter):
    port = open_port(adapter.path, 115200)
    yield port
    port.close()


def test_bytes_pass_both_ways(adapter: Adapter, port: Port) -> None:
    adapter.say(b"\x00\x03\r\n\x11\x13\x7f\xff")  # nothing is edited, echoed or a signal
    assert read_port(port, 8) == b"\x00\x03\r\n\x11\x13\x7f\xff"
    assert port.write(b"t1230\r\n\x00\xff") == 9
    assert adapter.hear(9) == b"t1230\r\n\x00\xff"


def test_nothing_there_is_not_an_end_and_not_an_error(port: Port) -> None:
    assert [port.read() for _ in range(3)] == [b"", b"", b""]
    assert not port.is_gone


def test_a_read_takes_one_system_call(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(select, "poll", None)
    assert port.read() == b""


def test_a_tty_that_somebody_set_to_vmin_0_is_not_taken_for_gone(
    adapter: Adapter, port: Port
) -> None:
    settings = termios.tcgetattr(port.fileno())
    assert settings[6][termios.VMIN] == 1
    settings[6][termios.VMIN] = 0
    termios.tcsetattr(port.fileno(), termios.TCSANOW, settings)
    assert os.read(port.fileno(), 1) == b""
    assert port.read() == b""
    adapter.say(b"x")
    assert read_port(port, 1) == b"x"


def test_one_read_takes_all_that_waits(adapter: Adapter, port: Port) -> None:
    adapter.say(b"z" * 3000)
    wait_for_bytes(port, 3000)
    assert len(port.read()) == 3000 < READ_SIZE


def test_a_full_line_takes_a_part_then_nothing_then_more(adapter: Adapter, port: Port) -> None:
    data = bytes(range(256)) * 1024
    written = port.write(data)
    assert 0 < written < len(data)
    # The kernel makes room once more, later: it moves the first part to the other end by itself.
    while wait_for(port.fileno(), select.POLLOUT, SETTLED):
        written += port.write(data[written:])
    assert port.write(b"x") == 0
    heard = adapter.hear(written)
    assert heard == data[:written]
    assert wait_for(port.fileno(), select.POLLOUT) & select.POLLOUT
    assert port.write(b"x") == 1


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_can_be_written(adapter: Adapter, port: Port, kind) -> None:
    assert port.write(kind(b"V\r")) == 2
    assert adapter.hear(2) == b"V\r"


def test_what_waits_can_be_thrown_away(adapter: Adapter, port: Port) -> None:
    adapter.say(b"stale")
    assert wait_for(port.fileno(), select.POLLIN)
    port.drain_input()
    assert port.read() == b""
    adapter.say(b"fresh")
    assert read_port(port, 5) == b"fresh"


def test_what_was_written_can_be_thrown_away(adapter: Adapter, port: Port) -> None:
    while port.write(b"x" * 4096):
        pass
    port.discard_output()
    assert port.write(b"y") == 1


def assert_is_gone(port: Port) -> None:
    for action in (port.read, lambda: port.write(b"x"), port.drain_input):
        with pytest.raises(can.CanChannelNotFoundError, match=r"is gone \(unplugged\)") as caught:
            action()
        assert port.url in str(caught.value)
        assert caught.value.errno in {errno.EIO, errno.ENODEV}
        assert isinstance(caught.value, OSError)
        assert "canbus ports" in (caught.value.hint or "")
    assert port.is_gone


def test_unplugged_while_idle(adapter: Adapter, port: Port) -> None:
    adapter.unplug()
    assert_is_gone(port)
    port.discard_output()


def test_what_came_before_the_end_can_still_be_read_or_is_gone_with_it(
    adapter: Adapter, port: Port
) -> None:
    adapter.say(b"last words")
    adapter.unplug()
    with suppress(can.CanChannelNotFoundError):  # the kernel's choice: a hang-up empties the line
        assert port.read() == b"last words"
    assert_is_gone(port)


def test_unplugged_while_somebody_waits_for_bytes(adapter: Adapter, port: Port) -> None:
    seen = []
    ready = threading.Event()

    def wait() -> None:
        ready.set()
        seen.append(wait_for(port.fileno(), select.POLLIN))

    waiter = threading.Thread(target=wait)
    waiter.start()
    ready.wait(PATIENCE)
    adapter.unplug()
    waiter.join(PATIENCE)
    assert seen
    assert seen[0] & select.POLLHUP
    assert_is_gone(port)


def test_unplugged_while_the_line_is_full(adapter: Adapter, port: Port) -> None:
    while port.write(b"x" * 4096):
        pass
    adapter.unplug()
    assert wait_for(port.fileno(), select.POLLOUT) & select.POLLHUP
    assert_is_gone(port)


def test_opening_and_closing_leaves_nothing(adapter: Adapter) -> None:
    with no_leak():
        port = open_port(adapter.path, 115200)
        assert port.is_tty
        assert port.threads == ()
        number = port.fileno()
        assert number >= 0
        assert not os.get_inheritable(number)
        port.close()
        port.close()
        assert port.fileno() == -1


def test_a_dead_port_closes_without_a_word(adapter: Adapter) -> None:
    with no_leak():
        port = open_port(adapter.path, 115200)
        before = adapter.fd
        adapter.unplug()
        port.close()
        adapter.plug_in()
        assert adapter.fd == before


def test_a_closed_port_says_so(port: Port) -> None:
    port.close()
    for action in (port.read, lambda: port.write(b"x"), port.drain_input, port.reopen):
        with pytest.raises(can.CanClosedError, match="is closed"):
            action()
    port.lose()
    port.discard_output()
    assert port.fileno() == -1


@pytest.mark.parametrize("baudrate", [9600, 115200, 1_000_000, 3_000_000, 12345, 8_000_000])
def test_the_line_gets_its_baud_rate(adapter: Adapter, baudrate: int) -> None:
    port = open_port(adapter.path, baudrate)
    assert line_speed(port.fileno()) == baudrate
    assert termios.tcgetattr(port.fileno())[6][termios.VMIN] == 1
    port.close()


def test_flow_control_is_set_when_asked_for(adapter: Adapter) -> None:
    for rtscts in (True, False):
        port = open_port(adapter.path, 115200, rtscts=rtscts)
        assert bool(termios.tcgetattr(port.fileno())[2] & termios.CRTSCTS) is rtscts
        port.close()
