"""What cannot be changed changes nothing; and what was told of an adapter is compared with it."""

from __future__ import annotations

import warnings

import pytest

import canbus as can
from canbus.testing.slcan import Refuse, Silent
from canbus.testing.support import PATIENCE
from tests.unit.slcan.rig import open_bus, opened, plugged, raised, receive_all, within

FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)
FD_FRAME = can.Message.parse("123##1112233")
OLD = [{"can_id": 0x123, "can_mask": 0x7FF, "extended": False}]
NEW = [{"can_id": 0x124, "can_mask": 0x7FF, "extended": False}]

IMPOSSIBLE = {
    "bitrate": (lambda bus: bus.set_bitrate(123_456), can.CanConfigError),
    "registers": (lambda bus: bus.set_bitrate_reg("01"), can.CanConfigError),
    "data bitrate": (lambda bus: bus.set_bitrate(500_000, 2_000_000), can.CanConfigError),
}


# -- the bitrate --------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_bitrate_that_it_has_not_is_told_before_anything_is_sent(name):
    call, error = IMPOSSIBLE[name]
    with opened() as (adapter, bus):
        adapter.forget()
        assert isinstance(raised(call, bus), error)
        bus.send(FRAME, confirm=True, timeout=PATIENCE)
        assert adapter.commands == [b"t1230"]
        bus.restart()
        assert adapter.adapter.bitrate == "S6"
        bus.reopen()
        assert adapter.adapter.bitrate == "S6"


def test_a_data_bitrate_that_it_has_not():
    with opened("canable2-nakakiyo", data_bitrate=2_000_000) as (adapter, bus):
        adapter.forget()
        error = raised(bus.set_bitrate, 500_000, 2_500_000)
        assert isinstance(error, can.CanConfigError)
        bus.send(FD_FRAME, confirm=True, timeout=PATIENCE)
        assert len(adapter.commands) == 1


def test_the_data_bitrate_stays_as_it_is():
    with opened("canable2-nakakiyo", data_bitrate=2_000_000) as (adapter, bus):
        adapter.forget()
        bus.set_bitrate(250_000)
        assert [line for line in adapter.commands if line[:1] in b"SYO"] == [b"S5", b"Y2", b"O"]
        bus.send(FD_FRAME, confirm=True, timeout=PATIENCE)
        bus.set_bitrate(250_000, 5_000_000)
        assert adapter.adapter.data_bitrate == "Y5"


def test_a_bitrate_that_it_refuses_is_not_tried_again():
    with opened() as (adapter, bus):
        adapter.fault(Refuse("S5"))
        with pytest.raises(can.CanInitializationError, match="refused S5"):
            bus.set_bitrate(250_000)
        adapter.clear_faults()
        assert isinstance(raised(bus.send, FRAME), can.CanOperationError)
        bus.open()
        assert adapter.adapter.bitrate == "S6"
        bus.send(FRAME, confirm=True, timeout=PATIENCE)


# -- filters ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Refuse("F"), Refuse("O"), Silent("F1")])
def test_filters_that_it_refuses_leave_the_old_ones(fault):
    with opened("canable2.5", can_filters=OLD) as (adapter, bus):
        before = bus.filters
        adapter.fault(fault)
        with pytest.raises(can.CanInitializationError):
            bus.set_filters(NEW)
        assert bus.filters == before
        adapter.clear_faults()
        bus.open()
        adapter.arrive("124#02", "123#01")
        assert receive_all(bus, 1)[0].arbitration_id == 0x123
        assert bus.recv(0) is None
        assert adapter.counters.unheard == 0
        bus.set_filters(NEW)
        adapter.arrive("123#01", "124#02")
        assert receive_all(bus, 1)[0].arbitration_id == 0x124


# -- a dialect that was told --------------------------------------------------------------


@pytest.mark.parametrize(
    ("firmware", "told", "bitrate"),
    [
        ("canable2-answers", "lawicel", 800_000),  # S7 is 750 kbit/s there
        ("canable2", "lawicel", 800_000),
        ("canable2-nakakiyo", "canable2", 750_000),
        ("canable2.5", "canable2", 750_000),
    ],
)
def test_another_dialect_with_another_command_for_the_bitrate(firmware, told, bitrate):
    with plugged(firmware) as adapter:
        with within(1), pytest.raises(can.CanConfigError, match="another command") as caught:
            open_bus(adapter, dialect=told, bitrate=bitrate)
        assert told in str(caught.value)
        assert "bitrate_code" in caught.value.hint
        assert not any(line[:1] in b"SO" for line in adapter.commands)


@pytest.mark.parametrize(
    ("firmware", "told", "options"),
    [
        ("canable2-answers", "lawicel", {}),
        ("canable2-nakakiyo", "canable2", {}),
        ("canable2-answers", "lawicel", {"bitrate_code": "S7"}),
    ],
)
def test_another_dialect_with_the_same_command(firmware, told, options):
    with plugged(firmware) as adapter:
        with pytest.warns(can.CanWarning, match=f"not {told}"):
            bus = open_bus(adapter, dialect=told, **options)
        with bus:
            assert bus.dialect.name == told
            bus.send(FRAME, timeout=PATIENCE)
            adapter.wait_for_sent(1)


@pytest.mark.parametrize(
    ("firmware", "told"),
    [("canable2-answers", "custom"), ("lawicel", "usbtin"), ("usbtin", "lawicel")],
)
def test_a_dialect_that_may_be_right_is_not_doubted(firmware, told):
    with plugged(firmware) as adapter, warnings.catch_warnings():
        warnings.simplefilter("error")
        with open_bus(adapter, dialect=told, bitrate_code="S6") as bus:
            assert bus.dialect.name == told
