"""What a frame looks like that went through the kernel."""

from __future__ import annotations

import socket
import struct
import subprocess
from time import time_ns

import pytest

import canbus as can
from canbus.backends.socketcan.arrivals import Arrivals
from canbus.backends.socketcan.batch_reader import batch_reader
from canbus.backends.socketcan.channels import Channels
from canbus.backends.socketcan.plain_reader import plain_reader
from canbus.backends.socketcan.raw_socket import SocketOptions, open_raw_socket
from canbus.frame_rules import FD_LENGTHS

CLASSIC = [
    "000#", "7FF#00", "123#DEADBEEF", "123#0011223344556677",
    "00000000#", "1FFFFFFF#FF", "00000123#1122334455667788",
    "123#R", "123#R8", "1F334455#R4",
    "20000001#0000000000000000", "20000040#0001000000000000", "3FFFFFFF#0102030405060708",
]  # fmt: skip
FD = [
    f"{ident}##{flags}{'A5' * length}"
    for ident in ("123", "1F334455")
    for flags in (0, 1, 2, 3)
    for length in FD_LENGTHS
]


@pytest.mark.parametrize("text", CLASSIC + FD)
def test_every_kind_of_frame_arrives_as_it_was_sent(open_bus, text):
    sender, receiver = open_bus(fd=True), open_bus(fd=True)
    sent = can.Message.parse(text)

    sender.send(sent)
    got = receiver.recv(5)

    assert format(got, "candump") == text
    assert got.equals(sent, timestamp_delta=None, check_channel=False, check_direction=False)


def test_time_stamps_are_the_kernels_nanoseconds(open_bus):
    sender, receiver = open_bus(), open_bus()

    before = time_ns()
    for number in range(50):
        sender.send(can.Message(arbitration_id=number, data=[number]))
    after = time_ns()

    stamps = [receiver.recv(5).timestamp_ns for _ in range(50)]
    assert all(type(stamp) is int for stamp in stamps)
    assert stamps == sorted(stamps)
    assert before <= stamps[0]
    assert stamps[-1] <= after
    # A float of seconds could hold only multiples of 238 ns.
    assert any(round(stamp / 10**9 * 10**9) != stamp for stamp in stamps)


def test_a_frame_says_whether_it_is_own_or_from_another_program(open_bus):
    one = open_bus(receive_own_messages=True)
    other = open_bus()

    one.send(can.Message.parse("123#11"))

    own, foreign = one.recv(5), other.recv(5)
    assert (own.origin, own.is_rx) == (can.FrameOrigin.OWN, False)
    assert (foreign.origin, foreign.is_rx) == (can.FrameOrigin.LOCAL, False)


def test_a_frame_from_the_wire_says_so(vcan, open_bus):
    """vxcan joins two interfaces like a wire, so that frames come from another node."""
    subprocess.run(["ip", "link", "add", "vx0", "type", "vxcan", "peer", "name", "vx1"], check=True)
    try:
        for name in ("vx0", "vx1"):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        near, far = open_bus("vx0"), open_bus("vx1")
        near.send(can.Message.parse("123#11"))
        got = far.recv(5)
        assert (got.origin, got.is_rx, got.channel) == (can.FrameOrigin.WIRE, True, "vx1")
    finally:
        subprocess.run(["ip", "link", "del", "vx0"], check=True)


def test_without_local_loopback_other_programs_hear_nothing(open_bus):
    silent, other = open_bus(local_loopback=False), open_bus()
    witness = open_bus()

    silent.send(can.Message.parse("123#11"))
    witness.send(can.Message.parse("7FF#"))

    assert other.recv(5).arbitration_id == 0x7FF


def test_error_frames_can_be_left_out(open_bus):
    sender = open_bus()
    without = open_bus(ignore_rx_error_frames=True)
    with_them = open_bus()

    sender.send(can.Message.parse("20000040#0000000000000000"))
    sender.send(can.Message.parse("123#"))

    assert with_them.recv(5).is_error_frame
    assert not without.recv(5).is_error_frame


def test_the_bus_on_all_interfaces_says_which_one_and_sends_where_told(vcan, open_bus):
    anywhere, here = open_bus(""), open_bus()

    here.send(can.Message.parse("123#"))
    assert anywhere.recv(5).channel == vcan

    frame = can.Message.parse("124#")
    with pytest.raises(can.CanConfigError, match="does not say which"):
        anywhere.send(frame)
    frame.channel = vcan
    anywhere.send(frame)
    assert here.recv(5).arbitration_id == 0x124


def test_fd_frames_do_not_reach_a_classic_bus(open_bus):
    sender, classic = open_bus(fd=True), open_bus()

    sender.send(can.Message.parse("123##1AA"))
    sender.send(can.Message.parse("124#AA"))

    assert classic.recv(5).arbitration_id == 0x124


def test_a_device_that_names_its_own_channel_is_not_believed_on_a_named_bus(open_bus, vcan):
    """A frame that came from elsewhere goes out on the bus that is told to send it."""
    one, other = open_bus(), open_bus()
    frame = can.Message.parse("123#")
    frame.channel = "can7"

    one.send(frame)

    assert other.recv(5).channel == vcan


def test_frames_lost_in_the_kernel_are_counted(open_bus):
    sender, slow = open_bus(), open_bus()

    for _ in range(1000):
        sender.send(can.Message.parse("123#0011223344556677"))

    with pytest.warns(can.CanWarning, match="frames were lost"):
        received = len(list(iter(lambda: slow.recv(0), None)))
    assert 0 < received < 1000
    assert received + slow.statistics.rx_dropped == 1000


@pytest.mark.parametrize("make_reader", [batch_reader, plain_reader])
@pytest.mark.parametrize("channel_is_named", [True, False])
def test_both_readers_tell_the_same(vcan, open_bus, make_reader, channel_is_named):
    sender = open_bus(fd=True)
    channels = Channels(vcan if channel_is_named else "")
    with open_raw_socket(channels.fixed or "", SocketOptions(fd=True)) as sock:
        options = {"fd": True} if make_reader is batch_reader else {}
        read = make_reader(sock, channels, Arrivals(), pytest.fail, **options)
        assert read(64) == []
        before = time_ns()
        for text in CLASSIC + FD[:16]:
            sender.send(can.Message.parse(text))
            got = read(64)
            (got,) = got if isinstance(got, list) else [got]
            assert format(got, "candump") == text
            assert got.channel == vcan
            assert got.origin is can.FrameOrigin.LOCAL
            assert got.timestamp_source is can.TimestampSource.KERNEL
            assert before <= got.timestamp_ns <= time_ns()
        for text in CLASSIC + FD[:16]:
            sender.send(can.Message.parse(text))
        batch = read(64)
        assert [format(got, "candump") for got in batch] == CLASSIC + FD[:16]
        assert {got.channel for got in batch} == {vcan}
        assert read(64) == []


def test_the_descriptor_is_readable_while_a_frame_waits(open_bus):
    import select

    sender, receiver = open_bus(), open_bus()
    assert select.select([receiver], [], [], 0)[0] == []

    sender.send(can.Message.parse("123#"))

    assert select.select([receiver], [], [], 5)[0] == [receiver]
    receiver.recv(0)
    assert select.select([receiver], [], [], 0)[0] == []
    assert isinstance(receiver.socket, socket.socket)


def test_a_link_without_controller_has_no_state_and_is_active(open_bus):
    for bus in (open_bus(), open_bus("")):
        assert (bus.can_state, bus.state) == (None, can.BusState.ACTIVE)


def test_the_state_of_a_link_that_is_gone_is_an_error(vcan, open_bus):
    bus = open_bus()
    subprocess.run(["ip", "link", "del", vcan], check=True)
    try:
        with pytest.raises(can.CanChannelNotFoundError, match="gone"):
            _ = bus.can_state
    finally:
        subprocess.run(["ip", "link", "add", vcan, "type", "vcan"], check=True)


def test_bytes_on_the_socket_are_the_kernels_structure(vcan, open_bus):
    """The twin of the golden bytes: a bare socket reads what the bus has written."""
    with socket.socket(29, socket.SOCK_RAW, 1) as bare:
        bare.bind((vcan,))
        open_bus().send(can.Message.parse("1F334455#DEADBEEF"))
        expected = struct.pack("=IB3x8s", 0x9F334455, 4, bytes.fromhex("DEADBEEF"))
        assert bare.recv(72) == expected
