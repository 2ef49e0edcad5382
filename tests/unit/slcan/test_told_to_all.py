"""A port that is gone, found by another thread or by `reopen`: who waits is told, and once."""

from __future__ import annotations

import select

import pytest

import canbus as can
from canbus.testing.slcan import Silent
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import opened, raised, receive_all, within

FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)
GONE = can.CanChannelNotFoundError

FINDERS = {
    "send": lambda bus: bus.send(FRAME),
    "send_many": lambda bus: bus.send_many([FRAME] * 3),
    "get_version": lambda bus: bus.get_version(PATIENCE),
    "restart": lambda bus: bus.restart(),
    "reopen": lambda bus: bus.reopen(),
}


@pytest.fixture
def link(tmp_path):
    return {"link": str(tmp_path / "ttyACM0")}


def is_readable(fd):
    return bool(select.select([fd], [], [], 0)[0])


class Blind:
    """A poller that sees nothing but the pipe by which a bus wakes its own threads."""

    def __init__(self, poller, port_fd):
        self._poller = poller
        self._port_fd = port_fd

    def register(self, fd, events):
        if fd != self._port_fd:
            self._poller.register(fd, events)

    def poll(self, timeout=None):
        return self._poller.poll(timeout)


@pytest.mark.parametrize("finder", FINDERS)
def test_who_waits_is_told_of_what_another_has_found(finder, link, monkeypatch):
    """Though the descriptor that it waits on tells nothing: it was closed at that moment."""
    with opened(emulator=link) as (adapter, bus):
        port_fd, real = bus._port.fileno(), select.poll
        monkeypatch.setattr("canbus.waiting.select.poll", lambda: Blind(real(), port_fd))
        waiting = [Worker(bus.recv) for _ in range(2)]
        wait_until_blocked(*waiting)
        monkeypatch.setattr("canbus.waiting.select.poll", real)
        adapter.unplug()
        with within(0):
            assert isinstance(raised(FINDERS[finder], bus), GONE)
            assert all(isinstance(each.error(), GONE) for each in waiting)


@pytest.mark.parametrize("finder", FINDERS)
def test_the_descriptor_tells_of_what_another_has_found(finder, link):
    with opened(emulator=link) as (adapter, bus):
        fd = bus.fileno()
        adapter.unplug()
        assert isinstance(raised(FINDERS[finder], bus), GONE)
        assert select.select([fd], [], [], PATIENCE)[0]
        assert isinstance(raised(bus.recv, 0), GONE)
        assert not is_readable(fd)


def test_who_waits_for_an_answer_is_told_of_what_a_receiver_has_found():
    with opened(window=1) as (adapter, bus):
        adapter.fault(Silent())
        asking = [Worker(lambda: bus.get_version(None)), Worker(lambda: bus.send(FRAME))]
        adapter.wait_for_command(b"t1230")
        adapter.wait_for_command(b"V")
        adapter.unplug()
        assert isinstance(raised(bus.recv), GONE)
        assert all(isinstance(each.error(), GONE) for each in asking)


def test_a_device_that_is_not_back_yet(link):
    with opened(emulator=link) as (adapter, bus):
        fd = bus.fileno()
        adapter.unplug()
        for _ in range(3):
            with within(0):
                assert isinstance(raised(bus.reopen), GONE)
                assert isinstance(raised(bus.send, FRAME), GONE)
        assert is_readable(fd)
        with within(0):
            assert isinstance(raised(bus.recv), GONE)
        assert not is_readable(fd)
        for call in (*FINDERS.values(), lambda bus: bus.recv(0), lambda bus: bus.close()):
            assert isinstance(raised(call, bus), GONE)
        adapter.plug()
        bus.reopen()
        assert bus.fileno() == fd
        assert not is_readable(fd)
        bus.send(FRAME, confirm=True, timeout=PATIENCE)
        adapter.arrive("321#01")
        assert select.select([fd], [], [], PATIENCE)[0]
        assert receive_all(bus, 1)[0].arbitration_id == 0x321


def test_a_device_that_comes_back_and_is_mute(link):
    """The port is open, the channel is not: an error, and the next time is another chance."""
    with opened(emulator=link) as (adapter, bus):
        adapter.unplug()
        assert isinstance(raised(bus.recv), GONE)
        adapter.plug()
        adapter.fault(Silent())
        with within(1.5), pytest.raises(can.CanInitializationError):
            bus.reopen()
        assert isinstance(raised(bus.send, FRAME), can.CanOperationError)
        adapter.clear_faults()
        bus.reopen()
        bus.send(FRAME, confirm=True, timeout=PATIENCE)
