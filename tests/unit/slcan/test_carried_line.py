"""The two threads that carry bytes, over ports that do what pyserial's may do."""

from __future__ import annotations

import os
import queue
import select
from collections.abc import Iterator
from typing import Any, cast

import pytest

from canbus.backends.slcan import carried_line
from canbus.backends.slcan.carried_line import CarriedLine
from tests.unit.slcan.serial_lines import PATIENCE, no_leak, read_exactly, wait_for


class FakePort:
    """A pyserial port without a descriptor; `say` is what it receives."""

    def __init__(self) -> None:
        self.incoming: queue.Queue[bytes | BaseException] = queue.Queue()
        self.written: queue.Queue[bytes] = queue.Queue()
        self.is_closed = False
        self.reads = 0
        self.in_waiting = 0
        self.write_error: BaseException | None = None

    def read(self, size: int) -> bytes:
        if not size:
            return b""
        self.reads += 1
        said = self.incoming.get(timeout=PATIENCE)
        if isinstance(said, BaseException):
            raise said
        return said

    def write(self, data: bytes) -> int:
        if self.write_error:
            raise self.write_error
        self.written.put(data)
        return len(data)

    def close(self) -> None:
        self.is_closed = True
        self.incoming.put(b"")


@pytest.fixture
def port() -> FakePort:
    return FakePort()


@pytest.fixture
def line(port: FakePort) -> Iterator[CarriedLine]:
    with no_leak():
        line = CarriedLine(cast("Any", port), "fake://")
        yield line
        os.close(line.fd)
        line.stop()
        for thread in line.threads:
            thread.join(PATIENCE)
        assert port.is_closed


def test_it_waits_in_one_read_while_nothing_comes(port: FakePort, line: CarriedLine) -> None:
    port.incoming.put(b"a")
    assert read_exactly(line.fd, 1) == b"a"
    os.write(line.fd, b"x")
    assert port.written.get(timeout=PATIENCE) == b"x"
    assert port.reads <= 2


def test_a_read_that_waited_its_time_is_no_end(
    port: FakePort, line: CarriedLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carried_line, "WAIT", 0.0)
    for said in (b"", b"", b"b"):
        port.incoming.put(said)
    assert read_exactly(line.fd, 1) == b"b"
    monkeypatch.undo()
    port.incoming.put(b"")  # at once: an end
    assert wait_for(line.fd, select.POLLIN)
    assert os.read(line.fd, 1) == b""


@pytest.mark.parametrize("error", [OSError(5, "x"), TypeError("x"), AttributeError("x")])
def test_a_port_that_dies_while_reading_shows_end_of_file(
    port: FakePort, line: CarriedLine, error: Exception
) -> None:
    port.incoming.put(b"last")
    port.incoming.put(error)
    assert read_exactly(line.fd, 4) == b"last"
    assert wait_for(line.fd, select.POLLIN)
    assert os.read(line.fd, 1) == b""


def test_a_port_that_dies_while_writing_shows_end_of_file(
    port: FakePort, line: CarriedLine
) -> None:
    port.write_error = OSError(5, "x")
    os.write(line.fd, b"x")
    assert wait_for(line.fd, select.POLLIN)
    assert os.read(line.fd, 1) == b""


def test_no_descriptor_left(port: FakePort, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("socket.socketpair", none_left)
    with pytest.raises(OSError, match="Too many"):
        CarriedLine(cast("Any", port), "fake://")
    assert port.is_closed
