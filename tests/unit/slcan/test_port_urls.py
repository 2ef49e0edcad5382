"""Ports that are no ttys: TCP, and what pyserial makes without a descriptor."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import serial
from serial.rfc2217 import PortManager

import canbus as can
from canbus.backends.slcan.port import open_port
from tests.unit.slcan.serial_lines import (
    PATIENCE,
    Adapter,
    listening,
    no_leak,
    read_exactly,
    read_port,
    url_of,
    wait_for,
)

# pyserial 3.5 calls Thread.setDaemon and setName.
pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")


def test_bytes_pass_over_tcp() -> None:
    with no_leak(), listening() as server:
        port = open_port(url_of(server), 115200)
        peer, _ = server.accept()
        assert not port.is_tty
        assert not os.get_inheritable(port.fileno())
        assert port.read() == b""
        peer.sendall(b"V1013\r")
        assert read_port(port, 6) == b"V1013\r"
        assert port.write(b"V\r") == 2
        assert read_exactly(peer.fileno(), 2) == b"V\r"
        peer.sendall(b"stale")
        assert wait_for(port.fileno(), select.POLLIN)
        port.drain_input()
        port.discard_output()
        assert port.read() == b""
        port.close()
        assert peer.recv(1) == b""
        peer.close()


def test_a_full_connection_takes_a_part_then_nothing() -> None:
    with no_leak(), listening() as server:
        port = open_port(url_of(server), 115200)
        peer, _ = server.accept()
        total = 0
        while sent := port.write(b"x" * 2**20):
            total += sent
        assert not wait_for(port.fileno(), select.POLLOUT, 0)
        read_exactly(peer.fileno(), total)
        assert wait_for(port.fileno(), select.POLLOUT)
        assert port.write(b"x") == 1
        port.close()
        peer.close()


def test_a_connection_that_ends_is_gone_after_its_last_bytes() -> None:
    with no_leak(), listening() as server:
        port = open_port(url_of(server), 115200)
        peer, _ = server.accept()
        peer.sendall(b"bye")
        peer.close()
        assert read_port(port, 3) == b"bye"
        assert wait_for(port.fileno(), select.POLLIN)
        with pytest.raises(can.CanChannelNotFoundError, match="the connection has ended"):
            port.read()
        assert port.is_gone
        number = port.fileno()
        port.lose()
        assert wait_for(number, select.POLLIN | select.POLLOUT, 0) == 0
        port.reopen()
        assert port.fileno() == number
        peer, _ = server.accept()
        peer.sendall(b"hello")
        assert read_port(port, 5) == b"hello"
        peer.close()
        port.close()


def test_a_connection_that_was_reset_is_gone() -> None:
    with no_leak(), listening() as server:
        port = open_port(url_of(server), 115200)
        peer, _ = server.accept()
        port.write(b"unread")
        assert wait_for(peer.fileno(), select.POLLIN)
        peer.close()  # with bytes unread: that is a reset
        assert wait_for(port.fileno(), select.POLLIN)
        with pytest.raises(can.CanChannelNotFoundError, match="is gone"):
            port.read()
        with pytest.raises(can.CanChannelNotFoundError, match="is gone"):
            port.write(b"x")
        port.close()


def test_loop_gives_back_what_was_written_and_sleeps_otherwise() -> None:
    with no_leak():
        port = open_port("loop://", 115200)
        assert len(port.threads) == 2
        assert port.read() == b""
        assert port.write(b"t1230\r") == 6
        assert read_port(port, 6) == b"t1230\r"
        port.close()


def test_a_loop_that_is_full_ends_all_the_same() -> None:
    with no_leak():
        port = open_port("loop://", 115200)
        while port.write(b"x" * 65536) or wait_for(port.fileno(), select.POLLOUT, 0.2):
            pass
        port.close()


def test_a_loop_can_be_lost_and_reopened() -> None:
    with no_leak():
        port = open_port("loop://", 115200)
        number = port.fileno()
        port.lose()
        assert port.write(b"x") == 0
        port.reopen()
        assert port.fileno() == number
        port.write(b"y")
        assert read_port(port, 1) == b"y"
        port.close()


def test_spy_shows_what_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    adapter = Adapter(tmp_path)
    port = open_port(f"spy://{adapter.path}", 115200)
    try:
        with pytest.raises(can.CanInitializationError, match="has it"):
            open_port(adapter.path, 115200)
        adapter.say(b"hello")
        assert read_port(port, 5) == b"hello"
        assert port.write(b"V\r") == 2
        assert adapter.hear(2) == b"V\r"
        adapter.unplug()
        assert wait_for(port.fileno(), select.POLLIN)
        with pytest.raises(can.CanChannelNotFoundError, match="is gone"):
            port.read()
    finally:
        port.close()
        for thread in port.threads:
            thread.join(PATIENCE)
    assert "0000  56 0D " in capsys.readouterr().err


class SerialServer:
    """A pyserial RFC 2217 server for one client, with a loop behind it."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._device = serial.serial_for_url("loop://", timeout=0)
        self._lock = threading.Lock()
        self.peer: Any = None
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def write(self, data: bytes) -> None:
        """For PortManager: bytes to the client."""
        with self._lock:
            self.peer.sendall(data)

    def _serve(self) -> None:
        self.peer, _ = self._server.accept()
        manager = PortManager(cast("Any", self._device), cast("Any", self))
        with self.peer:
            try:
                while data := self.peer.recv(1024):
                    payload = b"".join(manager.filter(data))
                    if payload:
                        self.write(b"".join(manager.escape(payload)))
            except OSError:
                pass
        self._device.close()

    def hang_up(self) -> None:
        self.peer.shutdown(2)


@contextmanager
def serving() -> Iterator[tuple[SerialServer, str]]:
    with listening() as server:
        serving = SerialServer(server)
        yield serving, url_of(server, "rfc2217")
        serving.thread.join(PATIENCE)
        assert not serving.thread.is_alive()


def test_bytes_pass_over_rfc2217() -> None:
    with no_leak(), serving() as (_, url):
        port = open_port(url, 57600)
        data = bytes(range(256))
        assert port.write(data) == 256
        assert read_port(port, 256) == data
        assert port.read() == b""
        port.close()


def test_an_rfc2217_server_that_hangs_up_is_gone() -> None:
    with no_leak(), serving() as (server, url):
        port = open_port(url, 57600)
        server.hang_up()
        assert wait_for(port.fileno(), select.POLLIN)
        with pytest.raises(can.CanChannelNotFoundError, match="the connection has ended"):
            port.read()
        port.close()
        for thread in port.threads:
            thread.join(PATIENCE)


def test_closing_waits_for_nobody() -> None:
    with no_leak(), serving() as (_, url):
        port = open_port(url, 57600)
        threads = port.threads
        assert all(thread.daemon for thread in threads)
        port.close()
        assert port.fileno() == -1
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
