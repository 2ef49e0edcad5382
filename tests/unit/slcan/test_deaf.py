"""An adapter that does not read its line: the tty is full, and nothing may hang or be cut."""

from __future__ import annotations

import os
import select
from contextlib import contextmanager

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import raised, within
from tests.unit.slcan.serial_lines import Adapter, no_leak, wait_for

pytestmark = pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")  # of frames in vain
FRAME = can.Message(arbitration_id=0x123, is_extended_id=False, data=bytes(8))


def frame(number):
    return can.Message(arbitration_id=0x123, is_extended_id=False, data=number.to_bytes(8, "big"))


@contextmanager
def deaf(folder, **options):
    with no_leak():
        adapter = Adapter(folder)
        bus = can.Bus(adapter.path, interface="slcan", bitrate=500_000, handshake="off", **options)
        try:
            yield adapter, bus
        finally:
            with within(0.5):
                bus.shutdown()
            adapter.unplug()


def fill(bus):
    """Send until there is no room; how many went. A terminal may take a little more later."""
    for number in range(10**6):
        try:
            bus.send(frame(number), timeout=0)
        except can.CanTxQueueFullError:
            if raised(bus.send, frame(number), 0.3) is not None:  # a worker of the kernel is late
                return number
    pytest.fail("it is never full")


class Hearing:
    """What the adapter reads in the end."""

    def __init__(self, adapter):
        self.adapter = adapter
        self.data = b""

    def hear(self):
        while wait_for(self.adapter.fd, select.POLLIN, 0.1):
            self.data += os.read(self.adapter.fd, 4096)

    def numbers(self):
        lines = self.data.split(b"\r")
        assert lines.pop() == b""
        return [int(line[5:], 16) for line in lines if line[:5] == b"t1238"]


def test_no_room_is_told_and_what_was_taken_comes_whole_and_in_order(tmp_path):
    with deaf(tmp_path) as (adapter, bus):
        accepted = fill(bus)
        assert accepted > 10
        for timeout in (0, 0.1):
            with within(timeout, at_least=timeout):
                assert isinstance(raised(bus.send, FRAME, timeout), can.CanTxQueueFullError)
        hearing = Hearing(adapter)
        hearing.hear()
        bus.send(frame(accepted), timeout=PATIENCE)
        hearing.hear()
        assert hearing.numbers() == list(range(accepted + 1))


def test_who_waits_for_room_goes_on_when_it_reads_again(tmp_path):
    with deaf(tmp_path) as (adapter, bus):
        accepted = fill(bus)
        blocked = Worker(lambda: bus.send(frame(accepted), timeout=PATIENCE))
        wait_until_blocked(blocked)
        hearing = Hearing(adapter)
        hearing.hear()
        blocked.result()
        hearing.hear()
        assert hearing.numbers() == list(range(accepted + 1))


def test_many_frames_say_how_many_went(tmp_path):
    with deaf(tmp_path) as (adapter, bus):
        frames = [frame(number) for number in range(100_000)]
        with within(0.1, at_least=0.1), pytest.raises(can.CanTxQueueFullError) as caught:
            bus.send_many(frames, timeout=0.1)
        assert 10 < caught.value.sent < len(frames)
        hearing = Hearing(adapter)
        hearing.hear()
        bus.send(frame(caught.value.sent), timeout=PATIENCE)
        hearing.hear()
        assert hearing.numbers() == list(range(caught.value.sent + 1))


def test_frames_are_received_all_the_same(tmp_path):
    with deaf(tmp_path) as (adapter, bus):
        fill(bus)
        blocked = Worker(lambda: bus.send(FRAME, timeout=PATIENCE))
        wait_until_blocked(blocked)
        adapter.say(b"t3210\r")
        assert bus.recv(PATIENCE).arbitration_id == 0x321
        with within(0.5):
            bus.shutdown()
        assert isinstance(blocked.error(), can.CanClosedError)


def test_a_receiver_does_not_spin_while_the_line_is_full(tmp_path):
    with deaf(tmp_path) as (_, bus):
        fill(bus)
        receiving = Worker(bus.recv)
        wait_until_blocked(receiving)
        bus.shutdown()
        assert isinstance(receiving.error(), can.CanClosedError)


@pytest.mark.parametrize(
    "call",
    [
        lambda bus: bus.get_version(0.1),
        lambda bus: bus.can_state,
        lambda bus: bus.close(),
        lambda bus: bus.open(),
        lambda bus: bus.statistics,
        lambda bus: bus.send_periodic(FRAME, 0.01, on_error=lambda _: False).stop(),
    ],
)
def test_nothing_else_hangs(tmp_path, call):
    with deaf(tmp_path) as (_, bus):
        fill(bus)
        with within(2.5):
            error = raised(call, bus)
        assert error is None or isinstance(error, can.CanError)


def test_unplugged_while_the_line_is_full(tmp_path):
    with deaf(tmp_path) as (adapter, bus):
        fill(bus)
        blocked = Worker(lambda: bus.send(FRAME))
        wait_until_blocked(blocked)
        with within(0):
            adapter.unplug()
            assert isinstance(blocked.error(), can.CanChannelNotFoundError)
