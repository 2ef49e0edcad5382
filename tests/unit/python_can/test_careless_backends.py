"""Backends of python-can that break its own contract, as some plugins do (tests/plugins)."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

import pytest

import canbus
from canbus.errors import CanOperationError, CanTimeoutError

can = pytest.importorskip("can")

PATIENCE = 10.0


class Careless(can.BusABC):  # type: ignore[misc, name-defined]
    """Overrides what a plugin should not, and keeps nobody's time."""

    asked: ClassVar[list[Any]] = []
    blocks: ClassVar[threading.Event | None] = None
    closings = 0

    def __init__(self, channel: Any, can_filters: Any = None, **kwargs: Any) -> None:
        super().__init__(channel, can_filters)

    def recv(self, timeout: float | None = None) -> Any:
        self.asked.append(timeout)
        if self.blocks is not None:
            self.blocks.wait()
        return None

    def send(self, msg: Any, timeout: float | None = None) -> None:
        self.asked.append(timeout)
        if msg.arbitration_id == 1:
            raise can.CanError("not sent") from TimeoutError()
        if msg.arbitration_id == 2:
            raise Peculiar

    def shutdown(self) -> None:
        type(self).closings += 1
        if self.blocks is not None:
            self.blocks.set()


class Peculiar(Exception):
    """Of no kind that python-can's documentation knows."""


@pytest.fixture
def bus(monkeypatch):
    monkeypatch.setitem(can.interfaces.BACKENDS, "nixnet", (__name__, "Careless"))
    for name, value in (("asked", []), ("blocks", None), ("closings", 0)):
        monkeypatch.setattr(Careless, name, value)
    with canbus.Bus("can7", "nixnet") as bus:
        yield bus


def test_one_that_has_no_name_gets_one(bus):
    assert str(bus) == "nixnet can7"


def test_none_is_asked_for_nothing_at_all(bus):
    bus.recv(0)
    bus.send(canbus.Message(), 0)
    bus.send(canbus.Message(), 0.5)
    bus.send(canbus.Message(), None)
    receiving, *sending = Careless.asked
    assert 0 < receiving < 0.01
    assert sending == [0.1, 0.5, None]


def test_a_timeout_in_other_words_is_a_timeout(bus):
    with pytest.raises(CanTimeoutError, match="nixnet can7: sending failed: not sent"):
        bus.send(canbus.Message(arbitration_id=1))


def test_whatever_it_raises_is_an_error_of_ours(bus):
    with pytest.raises(CanOperationError, match="nixnet can7: sending failed: Peculiar") as caught:
        bus.send(canbus.Message(arbitration_id=2))
    assert isinstance(caught.value.__cause__, Peculiar)


def test_one_that_has_closed_itself_is_not_asked_for_ever(bus):
    bus._theirs._is_shutdown = True
    with pytest.raises(CanOperationError, match="closed itself"):
        bus.recv(None)


def test_one_that_does_not_say_that_it_is_closed_is_closed_once(bus, caplog):
    theirs = bus._theirs
    bus.shutdown()
    theirs.__del__()
    assert Careless.closings == 1
    assert not caplog.records


def test_one_that_knows_no_timeout_is_closed_under_who_waits(bus, monkeypatch):
    monkeypatch.setattr(Careless, "blocks", threading.Event())
    monkeypatch.setattr("canbus.backends.python_can.bus._GRACE", 0.01)
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(canbus.CanClosedError):
            bus.recv(None)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while not Careless.asked:
        pass
    bus.shutdown()
    thread.join(PATIENCE)
    assert ended.is_set()
