"""The emulated serial adapter on USB: the stock cdc-acm driver, and a bus of ours on its port."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

import canbus as can
from canbus.backends.slcan.discovery import candidates
from canbus.links import temporary_vcan
from canbus.testing.slcan import Refuse, Silent, UnplugAfter
from canbus.testing.usb import emulate
from tests.hardware.network import RawCan, wait_until

CLASSIC = ["123#DEADBEEF", "7FF#", "1F334455#0011223344556677", "00000001#01", "321#R5"]
PATIENCE = 20.0


def texts(messages):
    return [format(msg, "candump") for msg in messages]


def sent_texts(adapter, count):
    return texts(frame.msg for frame in adapter.wait_for_sent(count))


def slcan_bus(adapter, **options):
    return can.Bus(adapter.tty, interface="slcan", bitrate=500_000, **options)


def usb_device(tty):
    """The folder of the USB device that a serial port belongs to."""
    return (Path("/sys/class/tty") / Path(tty).name / "device").resolve().parent


# -- the kernel ---------------------------------------------------------------------------------


def test_the_stock_driver_binds(serial_adapter):
    device = Path("/sys/class/tty") / Path(serial_adapter.tty).name / "device"
    assert (device / "driver").resolve().name == "cdc_acm"
    usb = usb_device(serial_adapter.tty)
    told = [(usb / name).read_text().strip() for name in ("idVendor", "idProduct", "serial")]
    assert told == ["16d0", "117e", "EMULATED"]


def test_it_is_found_among_the_serial_ports(serial_adapter):
    (found,) = [one for one in candidates() if one.path == serial_adapter.tty]
    assert (found.usb_id, found.serial_number) == ("16d0:117e", "EMULATED")
    assert found.adapter.startswith("CANable 2")


def test_two_adapters_are_told_apart_by_serial_number_and_may_have_the_same():
    with emulate("cdc_acm", serial="A1") as one, emulate("cdc_acm", serial="A1") as other:
        assert one.tty != other.tty
        serials = [(usb_device(each.tty) / "serial").read_text() for each in (one, other)]
        assert serials == ["A1\n", "A1\n"]
        with slcan_bus(one) as bus:
            bus.send(can.Message.parse("123#"))
            assert sent_texts(one, 1) == ["123#"]
            assert other.sent == []


@pytest.mark.guest
def test_without_the_driver_there_is_no_port_until_somebody_loads_it():
    subprocess.run(["modprobe", "--remove", "cdc-acm"], check=True)
    with emulate("cdc_acm", load_driver=False) as adapter:
        assert not list(Path("/dev").glob("ttyACM*"))
        subprocess.run(["modprobe", "cdc-acm"], check=True)
        with slcan_bus(adapter) as bus:
            bus.send(can.Message.parse("123#"))
            assert sent_texts(adapter, 1) == ["123#"]


def test_a_port_that_nobody_has_open_keeps_nothing(serial_adapter):
    with Path(serial_adapter.tty).open("wb", buffering=0) as port:
        port.write(b"S6\rO\r")
        serial_adapter.wait_for_command(b"O")
        before = serial_adapter.state()["channels"][0]
        assert (before["on"], before["dtr"]) == (True, True)
    wait_until(lambda: not serial_adapter.state()["channels"][0]["dtr"])
    serial_adapter.frame("123#")
    after = serial_adapter.state()["channels"][0]
    assert after["discarded_bytes"] - before["discarded_bytes"] >= len("t1230\r")
    with slcan_bus(serial_adapter) as bus:
        serial_adapter.frame("124#")
        assert texts([bus.recv(PATIENCE)]) == ["124#"]


# -- a bus on its port --------------------------------------------------------------------------


def test_frames_go_both_ways(serial_adapter):
    with slcan_bus(serial_adapter) as bus:
        channel = serial_adapter.state()["channels"][0]
        assert (channel["on"], channel["bitrate"], channel["dtr"]) == (True, 500_000, True)
        for text in CLASSIC:
            bus.send(can.Message.parse(text))
        assert sent_texts(serial_adapter, len(CLASSIC)) == CLASSIC
        serial_adapter.frames(CLASSIC)
        assert texts(bus.recv(PATIENCE) for _ in CLASSIC) == CLASSIC
    assert serial_adapter.state()["channels"][0]["on"] is False


def test_many_frames_keep_their_order(serial_adapter):
    numbers = list(range(1000))
    with slcan_bus(serial_adapter) as bus:
        serial_adapter.frames([f"{number:03X}#0011223344556677" for number in numbers])
        assert [bus.recv(PATIENCE).arbitration_id for _ in numbers] == numbers
        for number in numbers:
            bus.send(can.Message(arbitration_id=number, is_extended_id=False))
        sent = serial_adapter.wait_for_sent(len(numbers))
    assert [frame.msg.arbitration_id for frame in sent] == numbers


def test_a_vcan_is_the_other_end_of_its_wire():
    with (
        temporary_vcan() as vcan,
        emulate("cdc_acm", dialect="lawicel", wire=vcan.name) as adapter,
        slcan_bus(adapter) as bus,
        RawCan(vcan.name) as outside,
    ):
        assert bus.dialect.name == "lawicel"
        outside.send("100#0011223344556677")
        assert texts([bus.recv(PATIENCE)]) == ["100#0011223344556677"]
        bus.send(can.Message.parse("101#"))
        assert outside.receive_text() == "101#"


# -- unplugging ---------------------------------------------------------------------------------


def test_a_reader_is_told_that_the_adapter_was_unplugged(serial_adapter):
    errors: list[can.CanError] = []

    def read():
        try:
            bus.recv(PATIENCE)
        except can.CanError as exc:
            errors.append(exc)

    tty = serial_adapter.tty
    with slcan_bus(serial_adapter) as bus:
        reader = threading.Thread(target=read)
        reader.start()
        serial_adapter.unplug()
        reader.join(PATIENCE)
        (error,) = errors
        assert isinstance(error, can.CanChannelNotFoundError)
        assert tty in str(error)
        assert not Path(tty).exists()


def test_plugged_in_again_the_bus_is_reopened(serial_adapter):
    tty = serial_adapter.tty
    with slcan_bus(serial_adapter) as bus:
        serial_adapter.unplug()
        with pytest.raises(can.CanChannelNotFoundError):
            bus.recv(PATIENCE)
        assert serial_adapter.plug() == (tty,)  # the bus has let go of the old one
        serial_adapter.forget_sent()
        bus.reopen()
        bus.send(can.Message.parse("123#"))
        assert sent_texts(serial_adapter, 1) == ["123#"]


def test_a_port_that_is_held_open_keeps_its_number(serial_adapter):
    tty = serial_adapter.tty
    with Path(tty).open("rb", buffering=0):
        serial_adapter.unplug()
        (new,) = serial_adapter.plug()
        assert (new != tty, new == serial_adapter.tty) == (True, True)
        serial_adapter.unplug()
    assert serial_adapter.plug() == (tty,)


def test_a_cable_that_breaks_in_the_middle_of_a_frame(serial_adapter):
    with slcan_bus(serial_adapter) as bus:
        serial_adapter.fault(UnplugAfter(len("t1230\r") + 3))
        serial_adapter.frames(["123#", "124#"])
        assert texts([bus.recv(PATIENCE)]) == ["123#"]
        serial_adapter.wait_until_unplugged()
        with pytest.raises(can.CanChannelNotFoundError):
            bus.recv(PATIENCE)


# -- adapters that do not work --------------------------------------------------------------------


def test_an_adapter_that_answers_nothing_is_reported(serial_adapter):
    serial_adapter.fault(Silent())
    with pytest.raises(can.CanInitializationError, match="answer") as info:
        slcan_bus(serial_adapter)
    assert serial_adapter.tty in str(info.value)


def test_an_adapter_that_refuses_everything_is_reported(serial_adapter):
    serial_adapter.fault(Refuse())
    with pytest.raises(can.CanInitializationError, match="refused"):
        slcan_bus(serial_adapter)


def test_frames_that_nobody_acknowledges_wait_in_the_adapter(serial_adapter):
    with slcan_bus(serial_adapter) as bus:
        serial_adapter.fault("noack")
        for number in range(3):
            bus.send(can.Message(arbitration_id=number, is_extended_id=False))
        serial_adapter.wait_for_pending(3)
        assert serial_adapter.sent == []
        assert serial_adapter.state()["channels"][0]["state"] == "ERROR_PASSIVE"
        serial_adapter.fault("none")
        assert sent_texts(serial_adapter, 3) == ["000#", "001#", "002#"]
