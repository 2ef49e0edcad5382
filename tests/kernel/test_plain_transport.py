"""The way that serves where ctypes or the layout is in doubt: it keeps every rule, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import canbus as can
from canbus.backends.socketcan import transport
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.testing.support import number_of, numbered
from tests.kernel.socketcan_conformance import SocketcanConformance


@pytest.fixture(autouse=True)
def _layout_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_LAYOUT_KNOWN", False)


class TestPlainTransport(SocketcanConformance):
    """The suite as it is."""


def test_it_really_is_the_plain_one(open_bus: Callable[..., SocketcanBus]) -> None:
    assert "plain_reader" in open_bus()._read_batch.__qualname__


def test_losses_are_in_their_place(open_bus: Callable[..., SocketcanBus]) -> None:
    sender, slow = open_bus(), open_bus(rcvbuf=4096, on_loss="count")
    expected = 0
    for burst in range(3):
        sender.send_many([numbered(number) for number in range(burst * 100, burst * 100 + 100)])
        for msg in slow.recv_many(1000, 0):
            assert number_of(msg) - msg.lost_before == expected
            expected = number_of(msg) + 1
    sender.send(numbered(300))
    (last,) = slow.recv_many(1000, 0)
    assert last.lost_before == 300 - expected
    assert slow.statistics.rx_dropped > 0


def test_an_error_behind_frames_is_not_lost(
    open_bus: Callable[..., SocketcanBus], vcan: str
) -> None:
    from canbus.links import set_down, set_up

    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number) for number in range(10)])
    set_down(vcan)
    assert [number_of(msg) for msg in bus.recv_many(100, 0)] == list(range(10))
    with pytest.raises(can.CanLinkDownError):
        bus.recv(0)
    set_up(vcan)
    assert bus.recv(0) is None
