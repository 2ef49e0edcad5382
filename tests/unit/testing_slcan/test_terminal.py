"""The pseudo-terminal by itself: who is there, what waits, links, hanging up."""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

import pytest

from canbus.errors import CanConfigError, CanInitializationError

if sys.platform != "linux":
    pytest.skip("pseudo-terminals of Linux", allow_module_level=True)

import fcntl
import termios

from canbus.testing.slcan.terminal import Terminal

PATIENCE = 10.0


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    if made.fileno() >= 0:
        made.hang_up()


def descriptors():
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def open_port(path):
    return os.open(path, os.O_RDWR | os.O_NOCTTY)


def ready(fd, events=select.POLLIN):
    poll = select.poll()
    poll.register(fd, events)
    return poll.poll(PATIENCE * 1000)


def read_host(fd, count):
    data = b""
    while len(data) < count:
        assert ready(fd)
        data += os.read(fd, count - len(data))
    return data


def read_ours(terminal, count):
    data = b""
    while len(data) < count:
        assert ready(terminal.fileno())
        data += terminal.read()
    return data


def test_bytes_go_both_ways_unchanged(terminal):
    host = open_port(terminal.port)
    everything = bytes(range(256))
    assert terminal.write(everything) == 256
    assert read_host(host, 256) == everything
    os.write(host, everything)
    assert read_ours(terminal, 256) == everything
    assert terminal.read() == b""
    os.close(host)


def test_nothing_is_echoed_before_the_host_has_set_anything(terminal):
    host = open_port(terminal.port)
    terminal.write(b"F00\r")
    assert read_host(host, 4) == b"F00\r"
    assert terminal.read() == b""
    os.close(host)


def test_without_a_host_writing_says_so_and_nothing_waits_for_the_next(terminal):
    assert terminal.write(b"early") is None
    for _ in range(2):
        host = open_port(terminal.port)
        assert terminal.write(b"unread") == 6
        os.close(host)
        assert terminal.read() == b""
        assert terminal.write(b"nobody") is None
    host = open_port(terminal.port)
    terminal.write(b"!")
    assert read_host(host, 1) == b"!"
    os.close(host)


def test_what_a_host_wrote_before_it_closed_is_read(terminal):
    host = open_port(terminal.port)
    os.write(host, b"C\r")
    os.close(host)
    assert read_ours(terminal, 2) == b"C\r"
    assert terminal.read() == b""


def test_edge_triggered_polling_is_quiet_while_nobody_is_there(terminal):
    with select.epoll() as epoll:
        epoll.register(terminal.fileno(), select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        host = open_port(terminal.port)
        os.write(host, b"C\r")
        assert epoll.poll(PATIENCE)
        assert read_ours(terminal, 2) == b"C\r"
        os.close(host)
        terminal.read()
        while epoll.poll(0):
            assert terminal.read() == b""
        assert epoll.poll(0.05) == []
        host = open_port(terminal.port)
        os.write(host, b"V\r")
        assert epoll.poll(PATIENCE)
        os.close(host)


def test_a_host_that_does_not_read_stops_us_and_does_not_block_us(terminal):
    host = open_port(terminal.port)
    written = 0
    while count := terminal.write(bytes(4096)):
        written += count
    assert count == 0
    assert 4096 <= written < 10**6
    read_host(host, written)
    assert ready(terminal.fileno(), select.POLLOUT)
    assert terminal.write(b"more") == 4
    os.close(host)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may open what is exclusive")
def test_a_port_that_one_host_had_for_itself_is_free_when_it_is_closed(terminal):
    host = open_port(terminal.port)
    os.write(host, b"C\r")
    fcntl.ioctl(host, termios.TIOCEXCL)
    os.close(host)
    assert read_ours(terminal, 2) == b"C\r"
    assert terminal.read() == b""
    os.close(open_port(terminal.port))


def test_hanging_up_is_an_end_of_file_for_the_host(terminal):
    host = open_port(terminal.port)
    terminal.write(b"lost")
    terminal.hang_up()
    assert ready(host)
    assert os.read(host, 100) == b""
    with pytest.raises(OSError, match="Input/output"):
        os.write(host, b"x")
    os.close(host)
    terminal._fd = -1


def test_a_link_leads_to_the_port_as_long_as_it_is_there(tmp_path):
    link = tmp_path / "ttyFAKE"
    link.symlink_to("/nowhere")
    terminal = Terminal(str(link))
    assert terminal.port == str(link)
    assert str(link.readlink()) == terminal.name
    terminal.hang_up()
    assert not link.is_symlink()


def test_a_link_that_somebody_else_has_made_meanwhile_stays(tmp_path):
    link = tmp_path / "ttyFAKE"
    terminal = Terminal(str(link))
    link.unlink()
    link.symlink_to("/elsewhere")
    terminal.hang_up()
    assert str(link.readlink()) == "/elsewhere"


def test_a_file_in_the_place_of_the_link_is_not_touched(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("data")
    before = descriptors()
    with pytest.raises(CanConfigError, match="something else"):
        Terminal(str(precious))
    assert precious.read_text() == "data"
    assert descriptors() == before


def test_a_link_that_cannot_be_made_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(CanInitializationError, match="cannot make the link") as caught:
        Terminal(str(tmp_path / "missing" / "ttyFAKE"))
    assert caught.value.hint
