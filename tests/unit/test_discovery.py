"""detect_available_configs: asking every backend, in time, and telling of those that fail."""

from __future__ import annotations

import threading
from types import ModuleType

import pytest

import canbus
from canbus import discovery
from canbus.detected import DetectedChannel
from canbus.errors import (
    CanBackendNotFoundError,
    CanError,
    CanOperationError,
    CanTimeoutError,
    CanWarning,
)
from canbus.plugin import BackendSpec
from canbus.registry import Listing

PATIENCE = 10.0


@pytest.fixture
def backends(monkeypatch):
    """The only ones there are: name and what their detection does."""
    module = ModuleType("detectors_of_this_test")
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    specs = {}

    def add(name, function):
        setattr(module, name, function)
        specs[name] = BackendSpec(name, "", "", detect=f"{module.__name__}:{name}")

    monkeypatch.setattr(discovery, "get_spec", lambda name: specs[name])
    monkeypatch.setattr(
        discovery, "list_backends", lambda: [Listing(one, specs[one], "test") for one in specs]
    )
    return add


def found(name):
    return [DetectedChannel(name, f"{name}0", {"a": 1, "b": None}, f"usb:{name}")]


def fail():
    raise CanOperationError("the bus of this machine is on fire")


def test_all_of_them_in_their_order(backends):
    backends("one", lambda: found("one"))
    backends("two", lambda: found("two"))
    channels = canbus.detect_available_configs()
    assert channels == [
        {"interface": "one", "channel": "one0"},
        {"interface": "two", "channel": "two0"},
    ]
    assert channels[0].facts == {"a": 1}
    assert channels[0].address == "usb:one"
    assert canbus.detect_available_configs(["two"]) == channels[1:]
    assert canbus.detect_available_configs("one") == channels[:1]


def test_one_that_fails_is_told_and_costs_the_others_nothing(backends):
    backends("bad", fail)
    backends("worse", lambda: 1 / 0)
    backends("good", lambda: found("good"))
    with pytest.warns(CanWarning) as caught:
        assert len(canbus.detect_available_configs()) == 1
    said = [str(one.message) for one in caught]
    assert "backend bad cannot be listed: the bus of this machine is on fire" in said[0]
    assert "backend worse cannot be listed: ZeroDivisionError" in said[1]


def test_the_only_one_raises(backends):
    backends("bad", fail)
    with pytest.raises(CanOperationError, match="on fire"):
        canbus.detect_available_configs("bad")


def test_one_that_does_not_come_back(backends):
    leave = threading.Event()
    backends("slow", lambda: leave.wait() and [])
    backends("good", lambda: found("good"))
    try:
        with pytest.warns(CanWarning, match="slow cannot be listed: it has not answered in time"):
            assert len(canbus.detect_available_configs(timeout=0.05)) == 1
        with pytest.raises(CanTimeoutError):
            canbus.detect_available_configs("slow", timeout=0.05)
    finally:
        leave.set()


def test_a_backend_that_there_is_not():
    with pytest.raises(CanBackendNotFoundError):
        canbus.detect_available_configs("nope")


def test_virtual_tells_of_channels_that_have_a_bus():
    with canbus.Bus("a wire", "virtual"), canbus.Bus("a wire", "virtual"):
        (one,) = [c for c in canbus.detect_available_configs("virtual") if c["channel"] == "a wire"]
        assert one.facts == {"buses": 2}
        canbus.Bus(**one).shutdown()
    channels = canbus.detect_available_configs("virtual")
    assert "a wire" not in [one["channel"] for one in channels]


def test_python_cans_own(monkeypatch):
    can = pytest.importorskip("can")
    from can.interfaces.udp_multicast import UdpMulticastBus

    there = [{"interface": "udp_multicast", "channel": "239.0.0.1", "port": 43113}]
    monkeypatch.setattr(UdpMulticastBus, "_detect_available_configs", staticmethod(lambda: there))
    (one,) = canbus.detect_available_configs("python-can:udp_multicast")
    assert one == {
        "interface": "python-can:udp_multicast",
        "channel": "239.0.0.1",
        "port": 43113,  # which tells it from another
    }
    assert one.facts == {"port": 43113}

    def broken():
        raise OSError("no network")

    monkeypatch.setattr(UdpMulticastBus, "_detect_available_configs", staticmethod(broken))
    with pytest.raises(CanError, match="udp_multicast cannot list its channels: no network"):
        canbus.detect_available_configs("python-can:udp_multicast")
    assert can is not None
