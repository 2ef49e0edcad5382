"""The state that is asked for a thousand times, and the error frames that tell of its changes."""

from __future__ import annotations

import select

import pytest

import canbus as can
from canbus.testing.slcan import Silent
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import opened, receive_all

WARNING, PASSIVE = 0x04, 0x24
MANY = 1000


def opened_usbtin(**options):
    """An adapter whose flags stay as they are when they were read."""
    return opened("usbtin", emulator={"firmware": "v0108"}, **options)


def error_frames(bus):
    """How many lie there."""
    frames = bus.recv_many(10 * MANY, 0)
    assert all(frame.is_error_frame for frame in frames)
    return len(frames)


def test_reading_it_a_thousand_times_tells_once():
    with opened_usbtin() as (adapter, bus):
        adapter.status(PASSIVE)
        for _ in range(MANY):
            assert bus.can_state is can.CanState.ERROR_PASSIVE
        assert error_frames(bus) == 1
        assert bus.can_state is can.CanState.ERROR_PASSIVE
        assert error_frames(bus) == 0


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((0, 0, 0), 0),  # nothing is wrong: no frame for that
        ((WARNING, PASSIVE, WARNING), 3),
        ((WARNING, WARNING, 0, WARNING), 2),
        ((0, PASSIVE, 0, 0), 1),
    ],
)
def test_each_change_for_the_worse_is_told(flags, told):
    with opened_usbtin() as (adapter, bus):
        for each in flags:
            adapter.status(each)
            assert bus.can_state is not None
        assert error_frames(bus) == told


def test_an_answer_that_does_not_come_is_no_change():
    with opened_usbtin() as (adapter, bus):
        adapter.status(PASSIVE)
        assert bus.can_state is can.CanState.ERROR_PASSIVE
        adapter.fault(Silent("F"))
        assert bus.can_state is can.CanState.ERROR_PASSIVE  # the last that is known
        adapter.clear_faults()
        assert bus.can_state is can.CanState.ERROR_PASSIVE
        assert error_frames(bus) == 1


def test_who_waits_is_woken_by_it_and_the_descriptor_tells_of_it():
    with opened_usbtin() as (adapter, bus):
        waiting = Worker(lambda: bus.recv(PATIENCE))
        wait_until_blocked(waiting)
        adapter.status(PASSIVE)
        assert bus.can_state is can.CanState.ERROR_PASSIVE
        assert waiting.result().is_error_frame
        fd = bus.fileno()
        assert bus.can_state is can.CanState.ERROR_PASSIVE
        assert not select.select([fd], [], [], 0)[0]
        adapter.status(WARNING)
        assert bus.can_state is can.CanState.ERROR_WARNING
        assert select.select([fd], [], [], PATIENCE)[0]
        assert receive_all(bus, 1)[0].is_error_frame
        assert not select.select([fd], [], [], 0)[0]
