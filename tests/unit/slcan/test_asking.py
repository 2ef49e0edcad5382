"""What an adapter is asked, and its channel closed and opened again."""

from __future__ import annotations

from contextlib import suppress

import pytest

import canbus as can
from canbus.testing.slcan import Refuse, Say, Silent, Slow
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import opened, raised, receive_all, within

STATES = can.CanState


@pytest.mark.parametrize(
    ("firmware", "flags", "state"),
    [
        ("lawicel", 0x00, STATES.ERROR_ACTIVE),
        ("lawicel", 0x04, STATES.ERROR_WARNING),
        ("lawicel", 0x24, STATES.ERROR_PASSIVE),
        ("lawicel", 0x80, STATES.ERROR_ACTIVE),
        ("usbtin", 0x80, STATES.BUS_OFF),
        ("usbtin", 0x24, STATES.ERROR_PASSIVE),
    ],
)
def test_status_flags(firmware, flags, state):
    with opened(firmware, emulator={"firmware": "v0108" if firmware == "usbtin" else ""}) as (
        adapter,
        bus,
    ):
        adapter.status(flags)
        assert bus.can_state is state
        if flags:
            (frame,) = receive_all(bus, 1)
            assert frame.is_error_frame
            assert frame.channel == adapter.port
        assert bus.recv(0) is None


def test_the_state_that_python_can_knows():
    with opened("usbtin") as (adapter, bus):
        for flags, state in (
            (0x00, can.BusState.ACTIVE),
            (0x20, can.BusState.PASSIVE),
            (0x80, can.BusState.ERROR),
        ):
            adapter.status(flags)
            assert bus.state is state


@pytest.mark.parametrize(
    "answer", [b"F\r", b"Fxx\r", b"F123\r", b"\r", b"\a", b"V1013\r", b"\xff\r"]
)
def test_a_status_that_is_none(answer):
    with opened() as (adapter, bus):
        adapter.fault(Say("F", answer))
        with within(0.5), suppress(can.CanWarning):  # of a line that is none
            assert bus.can_state in {None, STATES.ERROR_ACTIVE}


def test_an_adapter_that_has_no_status_is_not_asked():
    with opened("canable1-answers") as (adapter, bus):
        assert bus.can_state is None
        assert b"F" not in adapter.commands


def test_why_a_frame_was_refused():
    with opened(window=1) as (adapter, bus):
        adapter.fault(Refuse("t"))
        adapter.status(0x22)
        with pytest.raises(can.CanFrameRefusedError, match=r"transmit buffer is full.*passive"):
            bus.send(can.Message.parse("123#"))
        assert bus.state is can.BusState.PASSIVE


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("V1013", (10, 13)), ("V0001", (0, 1)), ("VL2K5", (None, None)), ("hello", (None, None))],
)
def test_version_numbers(version, numbers):
    with opened(emulator={"version": version}) as (_, bus):
        assert bus.version == version
        assert bus.get_version(PATIENCE) == numbers
        assert bus.get_version(None) == numbers


@pytest.mark.parametrize(("serial", "number"), [("NA123", "A123"), ("NFFFF", "FFFF")])
def test_serial_numbers(serial, number):
    with opened(emulator={"serial": serial}) as (_, bus):
        assert bus.get_serial_number(PATIENCE) == number
        assert bus.get_serial_number(None) == number


@pytest.mark.parametrize("timeout", [0, 0.1])
def test_an_answer_that_does_not_come_in_time(timeout):
    with opened() as (adapter, bus):
        adapter.fault(Silent("V", "N"))
        with within(timeout, at_least=timeout):
            assert bus.get_version(timeout) == (None, None)
        with within(timeout, at_least=timeout):
            assert bus.get_serial_number(timeout) is None
        adapter.clear_faults()
        assert bus.get_version(PATIENCE) == (10, 13)


def test_an_answer_that_comes_late_is_not_that_of_another_question():
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=0.2))
        assert bus.get_version(0.01) == (None, None)
        assert bus.get_serial_number(PATIENCE) == "A123"
        assert bus.get_version(PATIENCE) == (10, 13)


def test_questions_of_many_threads_get_their_own_answers():
    with opened() as (_, bus):
        asking = [
            Worker(lambda: {bus.get_version(PATIENCE) for _ in range(50)}),
            Worker(lambda: {bus.get_serial_number(PATIENCE) for _ in range(50)}),
            Worker(lambda: {bus.can_state for _ in range(50)}),
            Worker(lambda: {bus.send(can.Message.parse("123#"), PATIENCE) for _ in range(50)}),
        ]
        assert [each.result() for each in asking] == [
            {(10, 13)},
            {"A123"},
            {STATES.ERROR_ACTIVE},
            {None},
        ]


def test_a_question_while_another_thread_receives():
    with opened() as (adapter, bus):
        receiving = Worker(lambda: bus.recv(PATIENCE))
        wait_until_blocked(receiving)
        with within(0.5):
            for _ in range(50):
                assert bus.get_version(PATIENCE) == (10, 13)
        adapter.arrive("123#")
        assert receiving.result().arbitration_id == 0x123


def test_questions_do_not_lose_frames():
    with opened() as (adapter, bus):
        for number in range(200):
            adapter.arrive(f"{number:03X}#")
            bus.get_version(PATIENCE)
        assert [msg.arbitration_id for msg in receive_all(bus, 200)] == list(range(200))


def test_shutdown_ends_a_question():
    with opened() as (adapter, bus):
        adapter.fault(Silent())
        asking = Worker(lambda: bus.get_version(None))
        wait_until_blocked(asking)
        with within(0.5):
            bus.shutdown()
        assert isinstance(asking.error(), can.CanClosedError)


def test_closing_and_opening_the_channel():
    with opened() as (adapter, bus):
        bus.close()
        assert adapter.adapter.mode is None
        error = raised(bus.send, can.Message.parse("123#"))
        assert isinstance(error, can.CanOperationError)
        assert "bus.open()" in error.hint
        with within(1):
            bus.close()  # once more: it is closed already
        bus.open()
        assert adapter.is_open
        bus.send(can.Message.parse("123#"), confirm=True)
    assert not adapter.is_open


def test_what_was_read_before_the_channel_was_closed_is_received():
    with opened() as (adapter, bus):
        adapter.arrive("001#", "002#", "003#")
        assert bus.recv(PATIENCE).arbitration_id == 1
        bus.restart()
        adapter.arrive("004#")
        assert [msg.arbitration_id for msg in receive_all(bus, 3)] == [2, 3, 4]


def test_an_adapter_that_is_silent_when_it_should_be_opened_again():
    with opened() as (adapter, bus):
        adapter.fault(Silent())
        with within(0.5):
            assert isinstance(raised(bus.close), can.CanOperationError)
        with within(1):
            assert isinstance(raised(bus.open), can.CanInitializationError)
        error = raised(bus.send, can.Message.parse("123#"))
        assert isinstance(error, can.CanOperationError)
        adapter.clear_faults()
        bus.open()
        bus.send(can.Message.parse("123#"), confirm=True)


def test_after_the_end_everything_says_so():
    with opened() as (_, bus):
        bus.shutdown()
        for call in (
            lambda: bus.get_version(1),
            lambda: bus.get_serial_number(1),
            bus.open,
            bus.close,
            bus.restart,
            bus.reopen,
            lambda: bus.set_bitrate(500_000),
            lambda: bus.send(can.Message.parse("123#")),
            lambda: bus.recv(0),
            lambda: bus.statistics,
            bus.fileno,
        ):
            assert isinstance(raised(call), can.CanClosedError)
        bus.shutdown()
