"""The PCAN-USB: the commands and records that the driver would see."""

from __future__ import annotations

from struct import pack

import pytest

import canbus as can
from canbus.message import Message
from canbus.testing.usb import pcan_usb_records as records
from canbus.testing.usb.node import Fault
from canbus.testing.usb.pcan_usb import BUFFER, PcanUsb
from canbus.testing.usb.wire import Wire
from tests.unit.testing_usb.host import Host

NOW = 42_667 * 0x1234


@pytest.fixture
def host():
    return Host(PcanUsb(Wire(clock=lambda: NOW)))


def command(host, function, number, *arguments):
    return host.out(1, bytes([function, number, *arguments]).ljust(16, b"\0"))


def start(host):
    command(host, 3, 2, 1)
    host.read_all(2)


def message(can_id, data=b"", *, extended=False, flags=0):
    """As pcan_usb_encode_msg() writes it: 64 bytes, whatever is in them."""
    head = pack("<BI", 0x20 | len(data), can_id << 3 | flags)
    if not extended:
        head = pack("<BH", len(data), can_id << 5 | flags)
    return (bytes([2, 1]) + head + data).ljust(64, b"\0")


def test_it_answers_what_it_is_asked(host):
    command(host, 6, 1)
    assert host.read(1) == bytes.fromhex("0601eeffc000").ljust(16, b"\0")
    command(host, 4, 1)
    assert host.read(1)[:3] == bytes([4, 1, 0x5A])


def test_bus_timing_registers_are_a_bitrate(host):
    command(host, 1, 2, 0x1C, 0x00)  # BTR1, BTR0
    assert host.device.nodes[0].bitrate == 500_000


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (message(0x123, b"\xde\xad"), "123#DEAD"),
        (message(0x1F334455, bytes(8), extended=True), "1F334455#" + "00" * 8),
        (bytes.fromhex("0201 15 6024").ljust(64, b"\0"), "123#R5"),
    ],
)
def test_frames_of_the_host_go_out(host, data, text):
    start(host)
    assert host.out(2, data).length == 64
    assert [format(sent.msg, "candump") for sent in host.device.wire.sent] == [text]


def test_a_message_that_is_too_short_is_refused():
    with pytest.raises(can.CanProtocolError, match="4 bytes"):
        records.decode_frame(bytes(4))


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("123#DEAD", "02 6024 3412 dead"),
        ("1F334455#01", "21 a8229af9 3412 01"),
        ("123#R5", "15 6024 3412"),
    ],
)
def test_frames_of_the_wire_are_records_with_a_stamp(host, text, record):
    start(host)
    host.device.wire.arrive(Message.parse(text))
    assert host.read_all(2) == [bytes.fromhex("0201" + record)]


def test_it_tells_the_time_once_a_second(host):
    assert host.device.tick() is None
    start(host)
    assert host.device.tick() == NOW + 10**9
    assert host.device.tick() == NOW + 10**9
    assert host.read_all(2) == [bytes.fromhex("0201 420400 3412")]


def test_errors_are_counters_and_state(host):
    start(host)
    host.device.nodes[0].set_fault(Fault.SHORT)
    host.out(2, message(0x123))
    assert [data.hex(" ", -2)[4:] for data in host.read_all(2)] == [
        data.hex(" ", -2)[4:]
        for data in (
            records.counters_record(96, 0),
            records.error_record(records.BUS_HEAVY, NOW),
            records.counters_record(128, 0),
            records.error_record(records.BUS_HEAVY, NOW),
            records.counters_record(255, 0),
            records.error_record(records.BUS_OFF, NOW),
        )
    ]
    assert records.counters_record(128, 7) == bytes.fromhex("0201 43 05 80 00 07 80")
    assert records.error_record(records.BUS_OFF, NOW) == bytes.fromhex("0201 c0 01 10 3412")


def test_the_bus_switched_on_again_is_the_restart(host):
    start(host)
    host.device.nodes[0].go_bus_off()
    assert host.out(2, message(0x123)).status == 0  # taken, and lost
    start(host)
    host.out(2, message(0x124))
    assert [sent.msg.arbitration_id for sent in host.device.wire.sent] == [0x124]


def test_a_full_buffer_makes_the_host_wait(host):
    start(host)
    host.device.nodes[0].set_fault(Fault.NOACK)
    answers = [host.out(2, message(number)) for number in range(BUFFER + 2)]
    assert [answer is None for answer in answers] == [False] * BUFFER + [True] * 2
    host.device.nodes[0].set_fault(Fault.NONE)
    sent = [frame.msg.arbitration_id for frame in host.device.wire.sent]
    assert sent == list(range(BUFFER + 2))


def test_self_reception_and_one_shot_are_of_the_frame(host):
    start(host)
    host.out(2, message(0x123, flags=1))
    assert [data[3:5] for data in host.read_all(2)] == [pack("<H", 0x123 << 5)]
    host.device.nodes[0].set_fault(Fault.NOACK)
    host.out(2, message(0x124, flags=2))
    assert not host.device.nodes[0].queue


def test_an_overflow_keeps_the_state(host):
    start(host)
    host.device.nodes[0].set_counters(100, 0)
    host.read_all(2)
    host.device.overflow(0)
    assert host.read(2)[4] == records.RX_OVERRUN | records.BUS_HEAVY


def test_what_the_protocol_cannot_do_is_refused(host):
    with pytest.raises(can.CanUnsupportedError, match="pcan_usb"):
        host.device.error_frame(0, 0x40, b"")
    with pytest.raises(can.CanUnsupportedError, match="pcan_usb"):
        host.device.recovered(0)
