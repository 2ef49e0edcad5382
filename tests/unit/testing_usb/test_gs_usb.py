"""The candleLight: the requests, frames and error frames that the driver would see."""

from __future__ import annotations

from struct import pack, unpack

import pytest

import canbus as can
from canbus.message import Message
from canbus.testing.usb import gs_usb_frames as frames
from canbus.testing.usb.gs_usb import GsUsb
from canbus.testing.usb.node import Fault
from canbus.testing.usb.wire import Wire
from tests.unit.testing_usb.host import Host

BITTIMING, MODE, BT_CONST, CONFIG, STAMP, DATA_BITTIMING = 1, 2, 4, 5, 6, 10
SET_TERMINATION, GET_TERMINATION, GET_STATE = 12, 13, 14
LISTEN_ONLY, LOOP_BACK, ONE_SHOT, STAMPS, FD, BERR = (1 << n for n in (0, 1, 3, 4, 8, 12))
TIMING_500K = pack("<5I", 6, 7, 2, 1, 10)


def start(host, channel=0, flags=FD):
    assert host.control_out(BITTIMING, channel, TIMING_500K).status == 0
    assert host.control_out(MODE, channel, pack("<2I", 1, flags)).status == 0


def send(host, text, channel=0, echo_id=0):
    return host.out(2, frames.encode(Message.parse(text), channel, echo_id))


def read(host):
    return [show(data) for data in host.read_all(1)]


def show(data):
    channel, echo_id, msg = frames.decode(data)
    return channel, echo_id if echo_id != frames.RECEIVED else None, format(msg, "candump")


@pytest.fixture
def host():
    return Host(GsUsb(Wire(clock=lambda: 5_000_000), channels=2))


@pytest.mark.parametrize("text", ["123#DEAD", "1F334455#", "123#R3", "123##1" + "AB" * 48])
def test_a_host_frame_is_read_back(text):
    data = frames.encode(Message.parse(text), 1, 7)
    assert len(data) == (76 if "##" in text else 20)
    assert show(data) == (1, 7, text)


def test_a_stamp_follows_the_data():
    data = frames.encode(Message.parse("123#DEAD"), 0, stamp=0x1_0000_0005)
    assert data[-4:] == bytes([5, 0, 0, 0])
    assert len(data) == 24


def test_bytes_that_are_too_few_are_refused():
    with pytest.raises(can.CanProtocolError, match="19 bytes"):
        frames.decode(bytes(19))


def test_it_tells_its_channels_and_what_it_can_do(host):
    assert host.control_in(CONFIG, 1).data[3] == 1  # channels less one
    feature, clock = unpack("<2I", host.control_in(BT_CONST).data[:8])
    assert clock == 80_000_000
    assert feature & FD
    assert feature & STAMPS
    assert feature & LISTEN_ONLY
    plain = Host(GsUsb(Wire(), fd=False, hardware_stamps=False, listen_only=False))
    (feature,) = unpack("<I", plain.control_in(BT_CONST).data[:4])
    assert not feature & (FD | STAMPS | LISTEN_ONLY)


def test_a_channel_that_is_not_there_stalls(host):
    assert host.control_out(MODE, 2, pack("<2I", 1, 0)).status == -32


def test_settings_arrive(host):
    start(host)
    host.control_out(DATA_BITTIMING, 0, pack("<5I", 6, 7, 2, 1, 5))
    host.control_out(SET_TERMINATION, 0, pack("<I", 1))
    node = host.device.nodes[0]
    assert (node.on, node.bitrate, node.data_bitrate, node.fd) == (True, 500_000, 1_000_000, True)
    assert host.control_in(GET_TERMINATION).data == pack("<I", 1)
    assert host.device.settings(0)["termination"] == 120
    assert host.control_in(STAMP).data == pack("<I", 5000)


def test_a_frame_is_echoed_when_the_wire_took_it(host):
    start(host)
    start(host, 1)
    send(host, "123#01", echo_id=3)
    assert read(host) == [(1, None, "123#01"), (0, 3, "123#01")]
    host.device.nodes[0].set_fault(Fault.NOACK)
    assert send(host, "124#02", echo_id=4).status == 0
    assert all(echo is None for _, echo, _ in read(host))
    host.device.nodes[0].set_fault(Fault.NONE)
    assert (0, 4, "124#02") in read(host)


def test_stamps_are_there_only_when_asked_for(host):
    start(host, flags=0)
    host.device.wire.arrive(Message.parse("123#"))
    assert len(host.read(1)) == 20
    start(host, flags=STAMPS)
    host.device.wire.arrive(Message.parse("123#"))
    assert host.read(1)[-4:] == pack("<I", 5000)


def test_no_frame_comes_for_a_channel_that_is_closed(host):
    start(host)
    host.control_out(MODE, 0, pack("<2I", 0, 0))
    host.device.wire.arrive(Message.parse("123#"))
    host.device.error_frame(0, 0x40, b"")
    assert read(host) == []


def test_changes_of_state_are_error_frames_with_counters(host):
    start(host)
    node = host.device.nodes[0]
    node.set_counters(100, 3)
    node.set_counters(3, 130)
    node.set_counters(0, 0)
    node.go_bus_off()
    assert [text for _, _, text in read(host)] == [
        "20000204#0008000000006403",
        "20000204#0010000000000382",
        "20000204#0040000000000000",
        "20000040#000000000000FF00",
    ]
    assert host.control_in(GET_STATE).data == pack("<3I", 3, 0, 255)


def test_a_missing_acknowledge_is_reported_where_that_is_switched_on(host):
    start(host, flags=BERR)
    host.device.nodes[0].set_fault(Fault.NOACK)
    send(host, "123#")
    assert next(text for _, _, text in read(host)).startswith("200000A0#")


def test_a_one_shot_that_failed_does_not_block_the_host(host):
    start(host, flags=ONE_SHOT)
    host.device.nodes[0].set_fault(Fault.NOACK)
    send(host, "123#", echo_id=2)
    assert read(host)[-1] == (0, 2, "123#")
    assert host.device.wire.sent == []


def test_an_overflow_is_told_with_the_next_frame(host):
    start(host)
    host.device.overflow(0)
    for _ in range(2):
        host.device.wire.arrive(Message.parse("123#"), 0)
    assert [data[10] & frames.OVERFLOW for data in host.read_all(1)] == [1, 0]


def test_pulling_the_cable_stops_it_and_keeps_the_fault(host):
    start(host)
    host.device.nodes[0].set_fault(Fault.NOACK)
    send(host, "123#")
    host.device.reset()
    node = host.device.nodes[0]
    assert (node.on, node.fault, len(node.queue)) == (False, Fault.NOACK, 0)
    start(host)
    node.set_fault(Fault.NONE)
    assert host.device.wire.sent == []
