"""Real lines to test ports with: a pty for a tty, servers on the local network for the rest."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import termios
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from canbus.backends.slcan.port import Port

PATIENCE = 20.0  # seconds: what should have happened at once
SETTLED = 0.5  # seconds: what the kernel does by itself, in a worker of its own, is done by then


class Adapter:
    """A pty whose slave end is the port and whose master end is the adapter.

    `unplug` and `plug_in` do to it what USB does: `path` is a link that stays the same.
    """

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "ttyACM0")
        self.fd = -1
        self.plug_in()

    def plug_in(self) -> None:
        self.fd, slave = os.openpty()
        tty.setraw(slave)
        Path(self.path).symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            Path(self.path).unlink()
            self.fd = -1

    def say(self, data: bytes) -> None:
        assert os.write(self.fd, data) == len(data)

    def hear(self, count: int) -> bytes:
        """That many bytes that were written to the port."""
        return read_exactly(self.fd, count)


def read_exactly(fd: int, count: int) -> bytes:
    data = b""
    while len(data) < count:
        assert wait_for(fd, select.POLLIN)
        data += os.read(fd, count - len(data))
    return data


def wait_for(fd: int, events: int, seconds: float = PATIENCE) -> int:
    """What poll() says about the descriptor as soon as it says something; 0 for nothing."""
    poller = select.poll()
    poller.register(fd, events)
    found = poller.poll(seconds * 1000)
    return found[0][1] if found else 0


def wait_for_bytes(port: Port, count: int) -> None:
    """Until that many can be read at once: the kernel passes them on in parts."""
    deadline = time.monotonic() + PATIENCE
    while struct.unpack("i", fcntl.ioctl(port.fileno(), termios.FIONREAD, bytes(4)))[0] < count:
        assert time.monotonic() < deadline
        os.sched_yield()


def read_port(port: Port, count: int) -> bytes:
    """That many bytes from the port, as they come."""
    data = b""
    while len(data) < count:
        assert wait_for(port.fileno(), select.POLLIN)
        data += port.read()
    assert len(data) == count
    return data


@contextmanager
def no_leak() -> Iterator[None]:
    """There are as many descriptors and threads afterwards as there were before."""
    before, running = open_descriptors(), set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - running:
        thread.join(PATIENCE)
        assert not thread.is_alive(), thread
    assert open_descriptors() == before


def open_descriptors() -> set[tuple[str, str]]:
    """The number of each, and what it leads to."""
    there = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that listed them
            there.add((link.name, str(link.readlink())))
    return there


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        yield server


def url_of(server: socket.socket, protocol: str = "socket") -> str:
    return f"{protocol}://127.0.0.1:{server.getsockname()[1]}"
