"""`C` is answered by CR or BEL as frames are: neither is an answer to a frame, nor a refusal."""

from __future__ import annotations

import warnings

import pytest

import canbus as can
from canbus.testing.slcan import Refuse, Silent
from tests.unit.slcan.rig import opened, receive_all

FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)


@pytest.mark.parametrize(
    "firmware", ["lawicel", "usbtin", "canable2-nakakiyo", "candapter", "canable2"]
)
def test_closing_what_is_closed_is_no_refusal_to_tell_of(firmware):
    with opened(firmware, handshake="off") as (adapter, bus), warnings.catch_warnings():
        warnings.simplefilter("error")
        adapter.wait_for_command(b"O")
        adapter.arrive("321#")
        receive_all(bus, 1)
        assert bus.statistics.tx_refused == 0


def test_other_commands_that_nobody_awaits_are_told():
    with opened(handshake="off") as (adapter, bus):
        adapter.wait_for_command(b"O")
        bus.close()
        adapter.fault(Refuse("S", "O"))
        adapter.forget()
        bus.open()
        adapter.wait_for_command(b"O")
        adapter.write(b"t3210\r")
        with pytest.warns(can.CanWarning, match="refused something"):
            receive_all(bus, 1)
        assert bus.statistics.tx_refused == 2


@pytest.mark.parametrize("count", [1, 3])
def test_closing_is_no_answer_to_a_frame(count):
    with opened() as (adapter, bus):
        adapter.fault(Silent("t"))
        for _ in range(count):
            bus.send(FRAME)
        bus.close()
        assert not adapter.is_open
        assert bus.statistics.tx_unanswered == count
        with pytest.warns(can.CanWarning, match=f" {count} frames"):
            bus.shutdown()


@pytest.mark.parametrize("count", [1, 3])
def test_the_farewell_is_no_answer_to_a_frame(count):
    with opened() as (adapter, bus):
        adapter.fault(Silent("t"))
        for _ in range(count):
            bus.send(FRAME)
        with pytest.warns(can.CanWarning, match=f" {count} frames"):
            bus.shutdown()
