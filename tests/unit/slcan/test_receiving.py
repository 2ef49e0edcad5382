"""What comes from an adapter: frames, noise between them, and waiting for either."""

from __future__ import annotations

import os
import time
import warnings
from itertools import chain
from threading import Event, get_ident

import pytest

import canbus as can
from canbus.testing.slcan import Echo, Garbage, Split
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import open_bus, opened, plugged, receive_all, within

LINES = [b"t1230\r", b"T1234567881122334455667788\r", b"r1238\r", b"R123456780\r"]


def ids(frames):
    return [msg.arbitration_id for msg in frames]


def numbers(first, stop):
    return [f"{number:03X}#" for number in range(first, stop)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_frames_that_come_in_pieces(size):
    with opened() as (adapter, bus):
        adapter.fault(Split(size, 0))
        adapter.arrive(*numbers(0, 50))
        assert ids(receive_all(bus, 50)) == list(range(50))
        assert bus.recv(0) is None


@pytest.mark.parametrize(
    "noise",
    [
        b"\xff\xfe\x80",
        b"hello",
        b"t12",
        b"t1239001122334455667788",
        b"t12321",
        b"T123",
        b"x" * 600,
        b"t\x00\x00\x00",
        b"q",
    ],
)
def test_a_line_that_is_none_is_counted_and_warned_of_once(noise):
    with opened() as (adapter, bus):
        adapter.write(noise + b"\rt1110\r" + noise + b"\rt2220\r" + noise + b"\r")
        adapter.arrive("333#")
        with pytest.warns(can.CanWarning, match="no line of an adapter") as caught:
            assert ids(receive_all(bus, 3)) == [0x111, 0x222, 0x333]
        assert len(caught) == 1
        assert str(noise[:10])[2:-1] in str(caught[0].message)
        assert bus.statistics.rx_malformed == 3
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            adapter.write(noise + b"\r")
            adapter.arrive("444#")
            assert ids(receive_all(bus, 1)) == [0x444]
        assert bus.statistics.rx_malformed == 4


def test_a_warning_made_an_error_loses_no_frame():
    with opened() as (adapter, bus), warnings.catch_warnings():
        warnings.simplefilter("error")
        adapter.write(b"noise\rt1110\rt2220\r")
        got: list[can.Message] = []
        warned = 0
        while len(got) < 2:
            try:
                got.append(bus.recv(PATIENCE))
            except can.CanWarning:
                warned += 1
        assert warned == 1
        assert ids(got) == [0x111, 0x222]


def test_noise_within_lines_costs_these_lines_only():
    with opened() as (adapter, bus), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapter.fault(Garbage(b"\xff", where="inside", every=3))
        adapter.arrive(*numbers(1, 31))
        assert ids(receive_all(bus, 20)) == [n for n in range(1, 31) if n % 3]
        adapter.clear_faults()
        adapter.arrive("7FF#")
        assert ids(receive_all(bus, 1)) == [0x7FF]
        assert bus.statistics.rx_malformed == 10


def test_empty_lines_and_line_feeds_are_no_noise():
    with opened() as (adapter, bus):
        adapter.write(b"\r\r\nt1110\r\n\nt2220\r\r")
        assert ids(receive_all(bus, 2)) == [0x111, 0x222]
        assert bus.recv(0) is None
        assert bus.statistics.rx_malformed == 0


def test_an_echo_brings_back_what_was_sent():
    with opened() as (adapter, bus):
        adapter.fault(Echo())
        bus.send(can.Message.parse("123#00"))
        assert ids(receive_all(bus, 1)) == [0x123]


@pytest.mark.parametrize("handshake", ["auto", "require", "off"])
def test_frames_of_before_it_was_opened_are_not_ours(handshake):
    """The program before us has left the channel open; the adapter chatters all the while."""
    with plugged() as adapter:
        with open_bus(adapter):
            pass
        adapter.adapter.handle(b"S6")
        adapter.adapter.handle(b"O")
        adapter.arrive(*numbers(0x100, 0x180))
        with open_bus(adapter, handshake=handshake) as bus:
            adapter.wait_for_command(b"O")
            if handshake != "off":
                adapter.arrive("001#")
                assert ids(receive_all(bus, 1)) == [1]
            assert bus.statistics.rx_malformed == 0


def said_by_another_program(adapter, data):
    """A program that was killed: what it said last, and nothing more."""
    fd = os.open(adapter.port, os.O_RDWR | os.O_NOCTTY)
    os.write(fd, data)
    return fd


def test_half_a_command_of_the_program_before_does_no_harm():
    with plugged() as adapter:
        os.close(said_by_another_program(adapter, b"C\rS6\rO\rt1238"))
        with open_bus(adapter) as bus:
            assert bus.dialect.name == "lawicel"
            assert adapter.is_open
            assert adapter.sent == []


def test_an_adapter_that_is_open_and_chatters_is_opened():
    with plugged() as adapter:
        os.close(said_by_another_program(adapter, b"C\rS6\rO\r"))
        adapter.wait_for_command(b"O")
        over = Event()

        def chatter():
            while not over.is_set():
                adapter.arrive(*numbers(0x200, 0x240))
                over.wait(0.001)

        chattering = Worker(chatter)
        with within(1):
            bus = open_bus(adapter)
        over.set()
        chattering.finish()
        adapter.arrive("001#")
        while bus.recv(PATIENCE).arbitration_id != 1:
            pass
        assert bus.statistics.rx_malformed == 0
        bus.shutdown()


def test_error_reports_are_error_frames_in_their_place():
    with opened() as (adapter, bus):
        adapter.write(b"t1110\rsw100096\rt2220\re1a\rsb000000\rt3330\r")
        frames = receive_all(bus, 6)
        assert [msg.is_error_frame for msg in frames] == [False, True, False, True, True, False]
        assert bus.state is can.BusState.ACTIVE  # it is asked, and says so
        adapter.status(0x24)
        assert bus.can_state is can.CanState.ERROR_PASSIVE


def test_states_that_are_reported_and_not_asked_for():
    with opened("canable2.5") as (adapter, bus):
        assert bus.can_state is None
        for letter, state in (
            ("w", can.CanState.ERROR_WARNING),
            ("p", can.CanState.ERROR_PASSIVE),
            ("b", can.CanState.BUS_OFF),
            ("a", can.CanState.ERROR_ACTIVE),
        ):
            adapter.write(b"s%s000000\r" % letter.encode())
            assert receive_all(bus, 1)[0].is_error_frame
            assert bus.can_state is state


def test_waiting_costs_nothing_and_shutdown_ends_it():
    with opened() as (_, bus):
        clock = []

        def wait():
            try:
                bus.recv()
            finally:
                clock.append(time.clock_gettime(time.pthread_getcpuclockid(get_ident())))

        waiting = Worker(wait)
        wait_until_blocked(waiting)
        cpu = time.pthread_getcpuclockid(waiting.thread.ident or 0)
        before = time.clock_gettime(cpu)
        wait_until_blocked(waiting)  # for another while
        assert time.clock_gettime(cpu) == before
        with within(0.5):
            bus.shutdown()
            assert isinstance(waiting.error(), can.CanClosedError)


@pytest.mark.parametrize("timeout", [0, 0.05, 0.2])
def test_waiting_takes_as_long_as_it_was_told(timeout):
    with opened() as (_, bus), within(timeout, at_least=timeout):
        assert bus.recv(timeout) is None


def test_noise_does_not_lengthen_a_wait():
    with opened() as (adapter, bus), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adapter.fault(Split(1, 0.01))
        adapter.write(b"x" * 100)
        with within(0.3, at_least=0.3):
            assert bus.recv(0.3) is None


def test_many_readers_get_each_frame_once():
    with opened() as (adapter, bus):
        readers = [Worker(lambda: receive_all(bus, 100)) for _ in range(4)]
        wait_until_blocked(*readers)
        adapter.arrive(*numbers(0, 400))
        got = [ids(reader.result()) for reader in readers]
        assert sorted(chain(*got)) == list(range(400))
        assert all(each == sorted(each) for each in got)
