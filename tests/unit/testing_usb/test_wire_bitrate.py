"""A wire that runs at a bit rate: who hears what, and what that does to the others."""

from __future__ import annotations

import pytest

import canbus as can
from canbus.message import Message
from canbus.state import CanState
from canbus.testing.usb import pcan_usb_records as records
from canbus.testing.usb.gs_usb import GsUsb
from canbus.testing.usb.node import Node, Start
from canbus.testing.usb.pcan_usb import PcanUsb
from canbus.testing.usb.traffic import Traffic
from canbus.testing.usb.wire import Wire
from tests.unit.testing_usb.host import Host

FRAME = Message.parse("123#DEAD")


class Heard:
    """What a node tells its adapter."""

    def __init__(self):
        self.frames = []
        self.misheard_ = 0
        self.states = []

    def frame_arrived(self, channel, msg):
        self.frames.append(format(msg, "candump"))

    def misheard(self, channel):
        self.misheard_ += 1

    def state_changed(self, channel):
        self.states.append(channel)

    def finished(self, channel, job):
        raise AssertionError("nothing went out")

    def attempt_failed(self, channel):
        raise AssertionError("nobody is missing who acknowledges")

    def fault_changed(self, channel):
        raise AssertionError("the wire is sound")


@pytest.fixture
def wire():
    return Wire(bitrate=500_000)


@pytest.fixture
def heard():
    return Heard()


def node(wire, heard, *, bitrate, listen_only=False, freezes=False):
    one = Node(wire, heard, 0, forgets=False, freezes=freezes)
    one.bitrate, one.listen_only = bitrate, listen_only
    one.start()
    return one


def account(wire):
    return len(wire.sent), wire.acknowledgements, wire.disturbances


@pytest.mark.parametrize("bitrate", [500_000, 499_000, 505_000])
def test_at_the_right_rate_frames_are_heard_and_acknowledged(wire, heard, bitrate):
    one = node(wire, heard, bitrate=bitrate)
    wire.arrive(FRAME)
    assert (heard.frames, heard.misheard_, one.rec) == (["123#DEAD"], 0, 0)
    assert account(wire) == (0, 1, 0)


@pytest.mark.parametrize("bitrate", [0, 250_000, 494_000, 506_000, 1_000_000])
def test_at_a_wrong_rate_there_are_errors_and_no_data_and_the_others_are_disturbed(
    wire, heard, bitrate
):
    one = node(wire, heard, bitrate=bitrate)
    for _ in range(40):
        wire.arrive(FRAME)
    assert (heard.frames, heard.misheard_) == ([], 40)
    assert one.state is CanState.ERROR_PASSIVE
    assert (one.rec, len(heard.states)) == (255, 2)
    assert account(wire) == (0, 0, 128 // 8)  # then it is passive, and its flags are not seen


@pytest.mark.parametrize("bitrate", [500_000, 250_000])
def test_who_only_listens_leaves_no_trace(wire, heard, bitrate):
    one = node(wire, heard, bitrate=bitrate, listen_only=True)
    one.send(FRAME)
    for _ in range(40):
        wire.arrive(FRAME)
    assert bool(heard.frames) is (bitrate == 500_000)
    assert account(wire) == (0, 0, 0)
    assert len(one.queue) == 1


def test_the_counters_of_an_sja1000_stand_still_while_it_listens(wire, heard):
    one = node(wire, heard, bitrate=250_000, listen_only=True, freezes=True)
    wire.arrive(FRAME)
    assert (one.rec, heard.misheard_, heard.states) == (0, 1, [])


def test_who_sends_at_a_wrong_rate_goes_bus_off(wire, heard):
    one = node(wire, heard, bitrate=250_000)
    one.send(FRAME)
    assert one.bus_off
    assert account(wire) == (0, 0, 1)


def test_an_fd_frame_is_an_error_for_a_classic_controller(wire, heard):
    node(wire, heard, bitrate=500_000)
    wire.arrive(Message.parse("123##1AA"))
    assert (heard.frames, heard.misheard_) == ([], 1)


def test_without_a_rate_of_the_wire_none_is_wrong(heard):
    wire = Wire()
    node(wire, heard, bitrate=250_000)
    wire.arrive(FRAME)
    wire.arrive(Message.parse("123##1AA"))
    assert (heard.frames, heard.misheard_) == (["123#DEAD"], 0)


def test_starts_are_recorded_and_forgotten(wire, heard):
    node(wire, heard, bitrate=250_000, listen_only=True)
    assert wire.starts == [Start(0, 250_000, True)]
    wire.arrive(FRAME)
    wire.forget()
    assert (wire.starts, account(wire)) == ([], (0, 0, 0))


def test_traffic_comes_when_it_is_due_and_does_not_bunch(heard):
    now = 0
    wire = Wire(clock=lambda: now)
    node(wire, heard, bitrate=1)
    wire.traffic = Traffic([FRAME, Message.parse("124#")], 10, now)
    wire.run()
    assert (heard.frames, wire.deadline_ns) == (["123#DEAD"], 10)
    now = 9
    wire.run()
    assert len(heard.frames) == 1
    now = 35
    wire.run()
    wire.run()
    assert (heard.frames[1:], wire.deadline_ns) == (["124#"], 45)


@pytest.mark.parametrize(("frames", "period"), [([], 1), ([FRAME], 0), ([FRAME], -1)])
def test_traffic_of_nothing_is_refused(frames, period):
    with pytest.raises(can.CanConfigError):
        Traffic(frames, period, 0)


# -- how the adapters tell it


@pytest.mark.parametrize(("modes", "count"), [(0x1000, 1), (0x1001, 1), (0, 0)])
def test_gs_usb_tells_each_error_if_that_is_switched_on(wire, modes, count):
    host = Host(GsUsb(wire, fd=False, hardware_stamps=False))
    host.control_out(2, 0, (1).to_bytes(4, "little") + modes.to_bytes(4, "little"))
    wire.arrive(FRAME)
    got = host.read_all(1)
    assert len(got) == count
    if got:  # BUS_ERROR | PROTOCOL | COUNTERS; stuff error; receive error counter
        assert got[0][4:8] == (0x20000288).to_bytes(4, "little")
        assert got[0][12:20] == bytes([0, 0, 4, 0, 0, 0, 0, 8])
    assert wire.disturbances == (not modes & 1)


def test_pcan_usb_tells_its_counters_and_its_state(wire):
    adapter = PcanUsb(wire)
    host = Host(adapter)
    host.out(1, bytes([3, 2, 1]).ljust(16, b"\0"))
    host.read_all(2)
    for _ in range(16):
        wire.arrive(FRAME)
    got = host.read_all(2)
    assert got[0] == records.counters_record(0, 8)
    assert got[-1][:5] == records.error_record(records.BUS_HEAVY, 0)[:5]
    assert adapter.nodes[0].state is CanState.ERROR_PASSIVE


def test_pcan_usb_tells_nothing_while_it_listens(wire):
    host = Host(PcanUsb(wire))
    host.out(1, bytes([3, 3, 1]).ljust(16, b"\0"))
    host.out(1, bytes([3, 2, 1]).ljust(16, b"\0"))
    host.read_all(2)
    for _ in range(40):
        wire.arrive(FRAME)
    assert host.read_all(2) == []
    assert account(wire) == (0, 0, 0)
    assert wire.starts == [Start(0, 0, True)]
