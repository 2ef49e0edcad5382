"""fileno(): readable whenever a frame waits, whoever has read it from the port."""

from __future__ import annotations

import asyncio
import select

import pytest

import canbus as can
from canbus.testing.slcan import Say
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import opened, receive_all, within

MANY = 1000
BURST = b"".join(b"t%03X0\r" % number for number in range(MANY))
VERSION = b"V1013\r"


def is_readable(fd, seconds=0.0):
    return bool(select.select([fd], [], [], seconds)[0])


def select_and_receive(bus, count, *, all_at_once=False):
    """Frames, each received as soon as select() says so, and only then."""
    fd = bus.fileno()
    got: list[int] = []
    while len(got) < count:
        assert is_readable(fd, PATIENCE), f"{len(got)} of {count} frames came"
        msg = bus.recv(0)
        while msg is not None:
            got.append(msg.arbitration_id)
            msg = bus.recv(0) if all_at_once else None
    return got


async def add_reader_and_receive(bus, count):
    loop = asyncio.get_running_loop()
    got: list[int] = []
    done = asyncio.Event()

    def look():
        msg = bus.recv(0)  # one only, and we are called again
        if msg is not None:
            got.append(msg.arbitration_id)
        if len(got) == count:
            done.set()

    loop.add_reader(bus.fileno(), look)
    try:
        await asyncio.wait_for(done.wait(), PATIENCE)
    finally:
        loop.remove_reader(bus.fileno())
    return got


def in_asyncio(bus, count):
    return asyncio.run(add_reader_and_receive(bus, count))


def draining(bus, count):
    return select_and_receive(bus, count, all_at_once=True)


for_every_way = pytest.mark.parametrize("receive", [select_and_receive, draining, in_asyncio])


@for_every_way
def test_a_burst_in_one_write_comes_whole(receive):
    with opened() as (adapter, bus):
        bus.fileno()
        adapter.write(BURST)
        assert receive(bus, MANY) == list(range(MANY))
        assert not is_readable(bus.fileno())
        assert bus.recv(0) is None


@for_every_way
def test_a_burst_of_before_the_descriptor_was_asked_for(receive):
    with opened() as (adapter, bus):
        adapter.write(BURST)
        assert bus.recv(PATIENCE).arbitration_id == 0  # the others may lie in the bus now
        assert receive(bus, MANY - 1) == list(range(1, MANY))


@for_every_way
def test_frames_that_were_read_with_an_answer(receive):
    """All of them come with the version, and no byte after it."""
    with opened() as (adapter, bus):
        fd = bus.fileno()
        adapter.fault(Say("V", BURST + VERSION))
        assert bus.get_version(PATIENCE) == (10, 13)
        assert is_readable(fd)
        assert receive(bus, MANY) == list(range(MANY))
        assert not is_readable(fd)


@for_every_way
def test_frames_that_another_thread_reads_while_one_waits(receive):
    with opened() as (adapter, bus):
        bus.fileno()
        adapter.fault(Say("V", BURST + VERSION))
        reader = Worker(lambda: receive(bus, MANY))
        wait_until_blocked(reader)
        assert bus.get_version(PATIENCE) == (10, 13)
        assert reader.result() == list(range(MANY))


def test_frames_that_were_read_while_sending():
    with opened(window=1) as (adapter, bus):
        fd = bus.fileno()
        adapter.fault(Say("t123", BURST + b"z\r"))
        bus.send(can.Message.parse("123#"), timeout=PATIENCE)
        assert is_readable(fd)
        assert select_and_receive(bus, MANY) == list(range(MANY))


def test_a_blocked_recv_is_woken_by_what_another_thread_reads():
    with opened() as (adapter, bus):
        adapter.fault(Say("V", b"t1230\r" + VERSION))
        for _ in range(20):
            waiting = Worker(lambda: bus.recv(PATIENCE))
            wait_until_blocked(waiting)
            bus.get_version(PATIENCE)
            assert waiting.result().arbitration_id == 0x123


def test_both_threads_wait_and_either_reads_for_the_other():
    """A frame and an answer at once, and who wakes up first is left to chance."""
    with opened() as (adapter, bus):
        adapter.fault(Say("V", b"t1230\r" + VERSION))
        receiving = Worker(lambda: [bus.recv(PATIENCE) for _ in range(200)])
        with within(PATIENCE / 2):
            for _ in range(200):
                assert bus.get_version(PATIENCE) == (10, 13)
        assert all(msg is not None for msg in receiving.result())


def test_half_a_line_is_no_frame_and_the_rest_completes_it():
    with opened() as (adapter, bus):
        fd = bus.fileno()
        adapter.write(b"t12")
        assert is_readable(fd, PATIENCE)  # something came; it turns out to be no frame yet
        assert bus.recv(0) is None
        assert not is_readable(fd)
        adapter.write(b"30\r")
        assert select_and_receive(bus, 1) == [0x123]


def test_an_answer_leaves_it_quiet():
    with opened() as (_, bus):
        fd = bus.fileno()
        bus.get_version(PATIENCE)
        bus.send(can.Message.parse("123#"), confirm=True, timeout=PATIENCE)
        assert not is_readable(fd)


def test_a_status_report_shows_in_it():
    with opened() as (adapter, bus):
        fd = bus.fileno()
        adapter.status(0x20)
        assert bus.can_state is can.CanState.ERROR_PASSIVE
        assert is_readable(fd)
        assert receive_all(bus, 1)[0].is_error_frame
        assert not is_readable(fd)


def test_it_is_one_and_the_same_until_the_end():
    with opened() as (adapter, bus):
        fd = bus.fileno()
        bus.restart()
        bus.close()
        bus.open()
        assert bus.fileno() == fd
        bus.shutdown()
        with pytest.raises(can.CanClosedError):
            bus.fileno()
        assert adapter.is_plugged
