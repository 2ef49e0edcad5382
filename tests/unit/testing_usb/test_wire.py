"""Nodes on a wire: who sends, what a fault does to the counters, and what becomes of the queue."""

from __future__ import annotations

import pytest

from canbus.message import Message
from canbus.state import CanState
from canbus.testing.usb.bit_time import frame_ns
from canbus.testing.usb.node import Fault, Node
from canbus.testing.usb.wire import Wire


class Listener:
    """Notes what an adapter is told."""

    def __init__(self):
        self.arrived, self.finished_, self.states, self.failed = [], [], [], 0
        self.nodes = {}

    def frame_arrived(self, channel, msg):
        self.arrived.append((channel, format(msg, "candump")))

    def finished(self, channel, job):
        self.finished_.append(format(job.msg, "candump"))

    def state_changed(self, channel):
        self.states.append(self.nodes[channel].state)

    def attempt_failed(self, channel):
        self.failed += 1

    def fault_changed(self, channel):
        pass

    def misheard(self, channel):
        raise AssertionError("this wire has no bit rate")


class Bus:
    """A wire with two nodes and a clock that the test sets."""

    def __init__(self, *, paced=False, forgets=False):
        self.now = 1000
        self.wire = Wire(paced=paced, clock=lambda: self.now)
        self.heard = Listener()
        self.one, self.other = (
            Node(self.wire, self.heard, number, forgets=forgets) for number in range(2)
        )
        self.heard.nodes = dict(enumerate((self.one, self.other)))
        for node in self.heard.nodes.values():
            node.start()

    def let_time_pass(self):
        while (deadline := self.wire.deadline_ns) is not None:
            self.now = deadline
            self.wire.run()

    def sent(self):
        return [format(frame.msg, "candump") for frame in self.wire.sent]


@pytest.fixture
def bus():
    return Bus()


def frame(text):
    return Message.parse(text)


def test_a_frame_reaches_the_other_node_and_what_is_outside(bus):
    outside: list[Message] = []
    bus.wire.outside = outside.append
    bus.one.send(frame("123#01"))
    assert bus.heard.arrived == [(1, "123#01")]
    assert bus.heard.finished_ == bus.sent() == ["123#01"]
    assert len(outside) == 1


def test_frames_from_outside_reach_all_or_one(bus):
    bus.wire.arrive(frame("123#"))
    bus.wire.arrive(frame("124#"), 1)
    assert bus.heard.arrived == [(0, "123#"), (1, "123#"), (1, "124#")]


def test_a_node_that_is_off_neither_sends_nor_hears(bus):
    bus.one.stop()
    bus.one.send(frame("123#"))
    bus.wire.arrive(frame("124#"), 0)
    assert (bus.sent(), bus.heard.arrived) == ([], [])
    assert bus.one.state is CanState.STOPPED


def test_loop_back_stays_inside(bus):
    bus.one.loop_back = True
    bus.one.send(frame("123#"))
    assert (bus.heard.arrived, bus.sent()) == ([(0, "123#")], [])


def test_a_classic_controller_does_not_hear_fd_frames(bus):
    bus.other.fd = True
    bus.wire.arrive(frame("123##0AA"))
    assert bus.heard.arrived == [(1, "123##0AA")]


def test_without_acknowledge_it_goes_passive_and_sends_all_later(bus):
    bus.one.set_fault(Fault.NOACK)
    for text in ("003#", "002#", "001#"):
        bus.one.send(frame(text))
    assert bus.sent() == []
    assert (bus.one.tec, bus.heard.failed) == (128, 1)
    assert bus.heard.states == [CanState.ERROR_WARNING, CanState.ERROR_PASSIVE]
    bus.other.send(frame("7FF#"))  # the fault is that of one node

    bus.one.set_fault(Fault.NONE)

    assert bus.sent() == ["7FF#", "003#", "002#", "001#"]
    assert bus.one.tec == 125
    assert bus.heard.states[-1] is CanState.ERROR_WARNING


def test_one_shot_frames_are_tried_once(bus):
    bus.one.set_fault(Fault.NOACK)
    bus.one.send(frame("001#"), one_shot=True)
    bus.one.send(frame("002#"))
    bus.one.set_fault(Fault.NONE)
    assert bus.heard.finished_ == ["001#", "002#"]
    assert bus.sent() == ["002#"]


@pytest.mark.parametrize(("forgets", "later"), [(True, []), (False, ["123#"])])
def test_a_short_leads_to_bus_off(forgets, later):
    bus = Bus(forgets=forgets)
    bus.one.set_fault(Fault.SHORT)
    bus.one.send(frame("123#"))
    states = [CanState.ERROR_WARNING, CanState.ERROR_PASSIVE, CanState.BUS_OFF]
    assert bus.heard.states == states
    bus.one.set_fault(Fault.NONE)
    assert bus.sent() == []
    bus.one.recover()
    assert bus.sent() == later
    assert bus.one.state is CanState.ERROR_ACTIVE


def test_a_shorted_node_hears_nothing(bus):
    bus.one.set_fault(Fault.SHORT)
    bus.other.send(frame("123#"))
    assert bus.heard.arrived == []


def test_a_restart_drops_what_was_queued(bus):
    bus.one.go_bus_off()
    bus.one.send(frame("123#"))
    bus.one.start()
    bus.one.send(frame("124#"))
    assert bus.sent() == ["124#"]


def test_counters_that_are_set_change_the_state(bus):
    for tec, rec in ((96, 0), (0, 128), (0, 0)):
        bus.one.set_counters(tec, rec)
    names = [state.name for state in bus.heard.states]
    assert names == ["ERROR_WARNING", "ERROR_PASSIVE", "ERROR_ACTIVE"]


def test_on_a_paced_wire_frames_take_their_time_and_the_lowest_id_wins():
    bus = Bus(paced=True)
    bus.one.bitrate = bus.other.bitrate = 1_000_000
    bus.one.send(frame("300#"))
    bus.one.send(frame("200#"))
    bus.other.send(frame("10000000#"))
    bus.other.send(frame("100#"))
    assert bus.sent() == []
    assert bus.wire.deadline_ns == 1000 + 47_000
    bus.let_time_pass()
    assert bus.sent() == ["300#", "200#", "10000000#", "100#"]  # each node keeps its order
    times = [sent.monotonic_ns - 1000 for sent in bus.wire.sent]
    assert times == [47_000, 94_000, 161_000, 208_000]


def test_time_lost_to_a_fault_is_not_made_good():
    bus = Bus(paced=True)
    bus.one.bitrate = 1_000_000
    bus.one.set_fault(Fault.NOACK)
    bus.one.send(frame("001#"))
    bus.one.send(frame("002#"))
    bus.now = 10**9
    bus.one.set_fault(Fault.NONE)
    assert bus.sent() == []
    assert bus.wire.deadline_ns == 10**9 + 47_000


def test_a_fault_in_the_middle_of_a_frame_spoils_it():
    bus = Bus(paced=True)
    bus.one.send(frame("001#"))
    bus.one.set_fault(Fault.SHORT)
    bus.now += 10**9
    bus.wire.run()
    assert bus.sent() == []
    assert bus.one.bus_off


@pytest.mark.parametrize(
    ("text", "bits", "fast_bits"),
    [
        ("123#", 47, 0),
        ("123#0011", 63, 0),
        ("00000123#0011", 83, 0),
        ("123#R8", 47, 0),
        ("123##0", 62, 0),
        ("123##1", 29, 33),
        ("123##1" + "00" * 64, 29, 550),
    ],
)
def test_lengths_of_frames(text, bits, fast_bits):
    assert frame_ns(frame(text), 1_000_000, 2_000_000) == bits * 1000 + fast_bits * 500
