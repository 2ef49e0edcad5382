"""Signals during a change of a link: what their handlers raise comes after it, and is not lost."""

from __future__ import annotations

import signal
import sys
import threading

import pytest

from canbus import links
from canbus.errors import CanLinkError
from canbus.links import netlink
from canbus.links.holding import signals_held
from tests.unit.links.fake_linux import FakeLinux

if sys.platform == "win32":
    pytest.skip("links, and these signals, are not of Windows", allow_module_level=True)

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class EndError(Exception):
    """What a handler raises."""


@pytest.fixture
def handled():
    """The signals that have been handled; each handler raises."""
    seen = []

    def handle(number, frame):
        seen.append(number)
        raise EndError(number)

    old = {number: signal.signal(number, handle) for number in ENDING}
    handlers = {number: signal.getsignal(number) for number in ENDING}
    yield seen
    assert {number: signal.getsignal(number) for number in ENDING} == handlers
    for number, handler in old.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING)
def test_it_is_handled_after_the_block_once(handled, number):
    def block():
        with signals_held():
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert handled == []

    with pytest.raises(EndError) as info:
        block()
    assert info.value.__context__ is None
    assert handled == [number]


def test_of_several_none_is_forgotten(handled):
    def block():
        with signals_held():
            for number in ENDING:
                signal.raise_signal(number)

    with pytest.raises(EndError):
        block()
    assert sorted(handled) == sorted(ENDING)


def test_it_comes_with_the_error_of_the_block(handled):
    def block():
        with signals_held():
            signal.raise_signal(signal.SIGTERM)
            raise CanLinkError("refused")

    with pytest.raises(EndError) as info:
        block()
    assert isinstance(info.value.__context__, CanLinkError)


def test_without_a_signal_nothing_is_handled(handled):
    with signals_held():
        pass
    with pytest.raises(CanLinkError), signals_held():
        raise CanLinkError("refused")
    assert handled == []


@pytest.mark.parametrize("usual", [signal.SIG_DFL, signal.SIG_IGN])
def test_what_python_does_not_handle_stays_so(usual):
    old = signal.signal(signal.SIGHUP, usual)
    try:
        with signals_held():
            assert signal.getsignal(signal.SIGHUP) is usual
    finally:
        signal.signal(signal.SIGHUP, old)


def test_in_another_thread_there_is_nothing_to_hold(handled):
    done = []

    def run():
        with signals_held():
            done.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGTERM)]


def test_a_change_that_a_signal_comes_into_is_made_first(handled, monkeypatch):
    linux = FakeLinux()
    linux.add("vcan0")
    linux.install(monkeypatch)
    session = linux._session

    def interrupted():
        signal.raise_signal(signal.SIGTERM)
        return session()

    monkeypatch.setattr(linux, "_session", interrupted)
    with pytest.raises(EndError):
        links.set_down("vcan0")
    assert not linux.links["vcan0"].is_up


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_in_the_event_loop_of_the_real_pyroute2_it_is_not_lost(handled):
    """The twin: no change at all, but all that pyroute2 does for one."""
    iproute, _ = netlink._import_pyroute2()

    def change():
        with signals_held(), iproute() as ipr:
            ipr.asyncore.event_loop.call_soon(signal.raise_signal, signal.SIGTERM)
            assert [link.get("ifname") for link in ipr.link("get", index=1)] == ["lo"]

    with pytest.raises(EndError) as info:
        change()
    assert (handled, info.value.__context__) == ([signal.SIGTERM], None)
