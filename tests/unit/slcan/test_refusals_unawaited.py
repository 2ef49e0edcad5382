"""With handshake="off": which refusals mean something, and which are of `C` and `V` only."""

from __future__ import annotations

import warnings

import pytest

import canbus as can
from canbus.testing.slcan import Refuse, SlcanEmulator

ANSWERING = ["lawicel", "usbtin", "canable1-answers", "candapter", "canable2-nakakiyo"]
PATIENCE = 10.0


def _open(adapter: SlcanEmulator) -> can.BusABC:
    bus = can.Bus(adapter.port, interface="slcan", bitrate=500_000, handshake="off")
    adapter.wait_for_command(b"O")
    return bus


def _receive_one(adapter: SlcanEmulator, bus: can.BusABC) -> None:
    """What comes before the line is read, too."""
    adapter.write(b"t1230\r")
    assert bus.recv(PATIENCE) is not None


@pytest.mark.parametrize("firmware", ANSWERING)
def test_where_all_is_well_nothing_is_told(firmware: str) -> None:
    with SlcanEmulator(firmware) as adapter, _open(adapter) as bus:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _receive_one(adapter, bus)
        assert bus.statistics.tx_refused == 0


@pytest.mark.parametrize("firmware", ANSWERING)
def test_a_refused_frame_is_counted(firmware: str) -> None:
    with SlcanEmulator(firmware) as adapter, _open(adapter) as bus:
        _receive_one(adapter, bus)
        adapter.fault(Refuse("t"))
        bus.send(can.Message.parse("123#01"))
        adapter.wait_for_command(b"t123101")
        with pytest.warns(can.CanWarning, match="refused something"):
            _receive_one(adapter, bus)
        assert bus.statistics.tx_refused == 1


@pytest.mark.parametrize("refused", ["S", "O"])
def test_an_opening_that_was_refused_is_told(refused: str) -> None:
    with SlcanEmulator("lawicel") as adapter:
        adapter.fault(Refuse(refused))
        with _open(adapter) as bus:
            with pytest.warns(can.CanWarning, match="refused something"):
                _receive_one(adapter, bus)
            assert bus.statistics.tx_refused >= 1


def test_one_that_was_left_open_takes_c_and_then_its_refusals_count() -> None:
    with SlcanEmulator("lawicel") as adapter:
        with can.Bus(adapter.port, interface="slcan", bitrate=500_000):
            adapter.fault(Refuse("C"))  # so that the farewell leaves it open
        adapter.clear_faults()
        assert adapter.is_open
        adapter.fault(Refuse("O"))
        with _open(adapter) as bus:
            with pytest.warns(can.CanWarning, match="refused something"):
                _receive_one(adapter, bus)
            assert bus.statistics.tx_refused == 1
