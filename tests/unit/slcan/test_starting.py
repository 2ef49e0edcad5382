"""Boards that talk while they start, and one that is known by how it answers."""

from __future__ import annotations

import warnings

import pytest

import canbus as can
from canbus.backends.slcan.port import Port
from canbus.testing.support import PATIENCE
from tests.unit.slcan.rig import open_bus, opened, plugged, raised, within

FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)
BANNER = b"\r\nBooting v1.0\r\nV0815\r\nN4711\r\n\r\r\r\a\a\r"


# -- CANdapter ----------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["auto", "candapter"])
def test_a_candapter_is_known_by_its_ack(dialect):
    with opened("candapter", dialect=dialect) as (adapter, bus):
        assert bus.dialect.name == "candapter"
        extended = can.Message.parse("12345678#0102")
        bus.send(extended, confirm=True, timeout=PATIENCE)
        bus.send(FRAME, confirm=True, timeout=PATIENCE)
        assert adapter.commands[-2:] == [b"x1234567820102", b"t1230"]
        assert [msg.arbitration_id for msg in adapter.sent] == [0x12345678, 0x123]
        assert adapter.sent[0].is_extended_id


@pytest.mark.parametrize("frame", ["123#R2", "12345678#R"])
def test_it_takes_no_remote_frames(frame):
    with opened("candapter") as (adapter, bus):
        adapter.forget()
        remote = can.Message.parse(frame)
        assert isinstance(raised(bus.send, remote), can.CanUnsupportedError)
        error = raised(bus.send_many, [FRAME, remote])
        assert isinstance(error, can.CanUnsupportedError)
        bus.send(FRAME, confirm=True, timeout=PATIENCE)
        assert adapter.commands == [b"t1230"]


def test_others_take_extended_and_remote_frames_as_ever():
    with opened() as (adapter, bus):
        assert bus.dialect.name == "lawicel"
        for frame in ("12345678#0102", "12345678#R", "123#R2"):
            bus.send(can.Message.parse(frame), confirm=True, timeout=PATIENCE)
        assert adapter.commands[-3:] == [b"T1234567820102", b"R123456780", b"r1232"]


def test_a_weact_gets_its_remote_frames_with_digits():
    with opened("weact") as (adapter, bus):
        bus.send(can.Message.parse("123#R4"), confirm=True, timeout=PATIENCE)
        assert adapter.commands[-1] == b"r123400000000"
        assert adapter.sent[0].is_remote_frame
        assert adapter.sent[0].dlc == 4


# -- boards that start --------------------------------------------------------------------


@pytest.fixture
def starting(monkeypatch):
    """A board that talks while the bus waits for it, and all of that has come."""

    def board(adapter):
        def sleep(_seconds):
            slept.append(_seconds)
            adapter.write(BANNER)
            adapter.wait_until_written()

        slept: list[float] = []
        monkeypatch.setattr("canbus.backends.slcan.session.sleep", sleep)
        return slept

    return board


@pytest.mark.parametrize("firmware", ["lawicel", "usbtin", "canable1", "canable1-answers"])
def test_what_it_says_while_it_starts_is_no_answer(firmware, starting):
    with opened(firmware) as (_, plain):
        expected = plain.dialect, plain.version, plain._session.sender.window
    with plugged(firmware) as adapter, warnings.catch_warnings():
        warnings.simplefilter("error")
        slept = starting(adapter)
        with open_bus(adapter, sleep_after_open=1.5) as bus:
            assert slept == [1.5]
            assert (bus.dialect, bus.version, bus._session.sender.window) == expected
            assert bus.recv(0) is None
            assert bus.statistics.rx_malformed == 0
            bus.reopen()
            assert slept == [1.5, 1.5]
            assert (bus.dialect, bus.version, bus._session.sender.window) == expected
            assert bus.recv(0) is None
            assert bus.statistics.rx_malformed == 0
            bus.send(FRAME, timeout=PATIENCE)
            adapter.wait_for_sent(1)


def test_a_board_that_only_says_hello_is_no_adapter(starting):
    with plugged("cantact") as adapter:
        starting(adapter)
        with within(1), pytest.raises(can.CanInitializationError, match="nothing answers"):
            open_bus(adapter, sleep_after_open=1.5)


def test_nothing_is_said_before_it_has_started(monkeypatch):
    """What came until then is thrown away after the sleep, once for each opening of the port."""
    order: list[str] = []
    real = Port.drain_input
    monkeypatch.setattr(
        "canbus.backends.slcan.session.sleep", lambda _: order.append(f"sleep {len(lines())}")
    )
    monkeypatch.setattr(Port, "drain_input", lambda port: (order.append("drain"), real(port))[1])
    with plugged() as adapter:

        def lines():
            return adapter.commands

        with open_bus(adapter, sleep_after_open=1.5) as bus:
            assert order == ["sleep 0", "drain"]
            adapter.forget()
            bus.reopen()
            assert order == ["sleep 0", "drain"] * 2
