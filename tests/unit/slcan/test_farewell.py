"""What is told and left behind when a bus ends, or never came to be."""

from __future__ import annotations

import threading
import warnings

import pytest

import canbus as can
from canbus.testing.slcan import Silent
from canbus.testing.support import PATIENCE
from tests.unit.slcan.rig import open_bus, opened, plugged, raised, within
from tests.unit.slcan.serial_lines import Adapter, no_leak

FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)


def warned_at_shutdown(bus):
    """The texts of the warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        bus.shutdown()
    return [str(each.message) for each in told]


# -- what did not go out ------------------------------------------------------------------


def test_frames_that_were_not_answered_are_told_with_their_number():
    with opened("canable2.5") as (adapter, bus):
        adapter.fault(Silent("t"))
        for _ in range(3):
            bus.send(FRAME)
        (text,) = warned_at_shutdown(bus)
        assert " 3 frames were refused or not answered" in text
        assert adapter.port in text
        assert warned_at_shutdown(bus) == []


def test_nothing_is_told_where_all_went_well():
    with opened() as (adapter, bus):
        bus.send_many([FRAME] * 20)
        bus.send(FRAME)
        assert warned_at_shutdown(bus) == []
        assert len(adapter.sent) == 21


def test_an_adapter_that_does_not_read_is_told(tmp_path):
    with no_leak():
        adapter = Adapter(tmp_path)
        bus = can.Bus(adapter.path, interface="slcan", bitrate=500_000, handshake="off")
        assert isinstance(
            raised(lambda: [bus.send(FRAME, 0.05) for _ in range(10**6)]), can.CanError
        )
        with within(1):
            (text,) = warned_at_shutdown(bus)
        assert "did not read the last line" in text
        adapter.unplug()


def test_a_slow_line_that_does_not_take_the_rest_is_told_in_bytes(monkeypatch):
    with opened() as (_, bus):
        thrown = []
        monkeypatch.setattr(type(bus._port), "unsent", lambda port: 4000)
        monkeypatch.setattr(type(bus._port), "discard_output", lambda port: thrown.append(port))
        with within(1):
            (text,) = warned_at_shutdown(bus)
        assert "did not take the last 4000 bytes" in text
        assert len(thrown) == 1


def test_a_bus_that_is_gone_has_nothing_more_to_tell():
    with opened() as (adapter, bus):
        adapter.fault(Silent("t"))
        bus.send(FRAME)
        adapter.unplug()
        assert isinstance(raised(bus.recv), can.CanChannelNotFoundError)
        assert warned_at_shutdown(bus) == []


# -- Ctrl-C -------------------------------------------------------------------------------


def test_an_interrupt_in_the_farewell_leaves_nothing_open(monkeypatch):
    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    with plugged() as adapter:
        bus = open_bus(adapter)
        fd = bus.fileno()
        monkeypatch.setattr("canbus.backends.slcan.session.say_farewell", interrupt)
        with pytest.raises(KeyboardInterrupt):
            bus.shutdown()
        bus.shutdown()
        assert isinstance(raised(bus.recv, 0), can.CanClosedError)
        assert isinstance(raised(bus.fileno), can.CanClosedError)
        assert fd >= 0
        monkeypatch.undo()
        with open_bus(adapter) as another:
            another.send(FRAME, confirm=True, timeout=PATIENCE)


def test_an_interrupt_while_it_is_opened_leaves_nothing_open(monkeypatch):
    def interrupt(*_args):
        raise KeyboardInterrupt

    with plugged() as adapter:
        monkeypatch.setattr("canbus.backends.slcan.session.Session._adopt", interrupt)
        with pytest.raises(KeyboardInterrupt):
            open_bus(adapter)
        monkeypatch.undo()
        adapter.wait_until_written()
        with open_bus(adapter) as bus:
            bus.send(FRAME, confirm=True, timeout=PATIENCE)


# -- a channel that was opened in vain ----------------------------------------------------


class Lines:
    """What the host sends, one by one, as a trace of the emulator."""

    def __init__(self):
        self.is_closed_again = threading.Event()
        self._was_opened = False

    def __call__(self, direction, line):
        if direction == "<":
            self._was_opened = self._was_opened or line[:1] == b"O"
            if self._was_opened and line == b"C":
                self.is_closed_again.set()


def test_a_mute_adapter_is_closed_again():
    """It has carried out every command, and would acknowledge frames on the bus."""
    lines = Lines()
    with plugged("cantact", trace=lines) as adapter:
        with within(1), pytest.raises(can.CanInitializationError, match="nothing answers"):
            open_bus(adapter)
        assert lines.is_closed_again.wait(PATIENCE)
        adapter.wait_for_command(b"O")
        assert not adapter.is_open
