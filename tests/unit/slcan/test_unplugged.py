"""The cable is pulled, at any moment, and comes back: told at once, by every call, until then."""

from __future__ import annotations

import os
import select
import signal
import threading
import time

import pytest

import canbus as can
from canbus.testing.slcan import Silent, Split
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import opened, raised, receive_all, within
from tests.unit.slcan.serial_lines import open_descriptors

pytestmark = pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")  # of frames in vain
FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)
GONE = can.CanChannelNotFoundError

CALLS = {
    "recv": lambda bus: bus.recv(PATIENCE),
    "recv now": lambda bus: bus.recv(0),
    "recv_many": lambda bus: bus.recv_many(10, PATIENCE),
    "iterate": lambda bus: next(iter(bus)),
    "send": lambda bus: bus.send(FRAME),
    "send now": lambda bus: bus.send(FRAME, timeout=0),
    "send_many": lambda bus: bus.send_many([FRAME] * 20),
    "confirm": lambda bus: bus.send(FRAME, confirm=True),
    "get_version": lambda bus: bus.get_version(PATIENCE),
    "get_serial_number": lambda bus: bus.get_serial_number(PATIENCE),
    "can_state": lambda bus: bus.can_state,
    "open": lambda bus: bus.open(),
    "close": lambda bus: bus.close(),
    "restart": lambda bus: bus.restart(),
    "set_bitrate": lambda bus: bus.set_bitrate(250_000),
    "flush": lambda bus: bus.flush(),
}


@pytest.fixture
def link(tmp_path):
    return {"link": str(tmp_path / "ttyACM0")}


def is_readable(fd):
    return bool(select.select([fd], [], [], 0)[0])


def until_told(bus):
    with pytest.raises(GONE):
        bus.recv(PATIENCE)


@pytest.mark.parametrize("first", CALLS)
def test_whoever_calls_first_is_told_and_all_who_call_later(first):
    with opened() as (adapter, bus):
        adapter.unplug()
        for name in (first, *CALLS):
            with within(0):
                error = raised(CALLS[name], bus)
            if name == "can_state":
                assert error is None or isinstance(error, GONE)  # it may say what it was last
            else:
                assert isinstance(error, GONE), f"{name}: {error!r}"
                assert error.hint
                assert adapter.port in str(error)


@pytest.mark.parametrize("name", ["recv", "recv_many", "iterate"])
def test_who_waits_is_woken(name):
    with opened() as (adapter, bus):
        waiting = [Worker(lambda: CALLS[name](bus)) for _ in range(3)]
        wait_until_blocked(*waiting)
        with within(0):
            adapter.unplug()
            assert all(isinstance(each.error(), GONE) for each in waiting)


@pytest.mark.parametrize(
    "name", ["send", "send_many", "confirm", "get_version", "restart", "close"]
)
def test_who_waits_for_an_answer_is_woken(name):
    with opened(window=2) as (adapter, bus):
        adapter.fault(Silent())
        bus.send(FRAME)
        bus.send(FRAME)
        waiting = Worker(lambda: CALLS[name](bus))
        receiving = Worker(bus.recv)
        adapter.wait_for_command(b"t1230")
        if name not in {"restart", "close"}:  # these do not wait for long
            wait_until_blocked(waiting, receiving)
        with within(0):
            adapter.unplug()
            assert isinstance(waiting.error(), GONE)
            assert isinstance(receiving.error(), GONE)


def test_the_cyclic_task_ends_and_says_why():
    with opened() as (adapter, bus):
        errors: list[BaseException] = []
        over = threading.Event()

        def stop(error):
            errors.append(error)
            over.set()

        task = bus.send_periodic(FRAME, 0.002, on_error=stop)
        adapter.wait_for_sent(3)
        adapter.unplug()
        assert over.wait(PATIENCE)
        assert isinstance(errors[0], GONE)
        task.stop()


def test_its_device_is_given_back_at_once(link):
    """Or the adapter comes back under another name."""
    with opened(emulator=link) as (adapter, bus):
        device = os.path.realpath(adapter.port)
        before = {number for number, _ in open_descriptors()}
        assert any(device in target for _, target in open_descriptors())
        adapter.unplug()
        until_told(bus)
        assert not any(device in target for _, target in open_descriptors())
        assert {number for number, _ in open_descriptors()} <= before


def test_a_receiver_gives_it_back_without_another_call(link):
    with opened(emulator=link) as (adapter, bus):
        device = os.path.realpath(adapter.port)
        waiting = Worker(bus.recv)
        wait_until_blocked(waiting)
        adapter.unplug()
        assert isinstance(waiting.error(), GONE)
        assert not any(device in target for _, target in open_descriptors())


def test_the_descriptor_tells_of_it_once():
    with opened() as (adapter, bus):
        fd = bus.fileno()
        assert not is_readable(fd)
        adapter.unplug()
        assert select.select([fd], [], [], PATIENCE)[0]
        until_told(bus)
        assert not is_readable(fd)
        for _ in range(3):
            assert isinstance(raised(bus.recv, 0), GONE)
            assert not is_readable(fd)


@pytest.mark.parametrize("_again", range(5))
def test_the_descriptor_tells_of_what_another_thread_has_found(_again):
    with opened() as (adapter, bus):
        fd = bus.fileno()
        watching = Worker(lambda: select.select([fd], [], [], PATIENCE / 4))
        wait_until_blocked(watching)
        adapter.unplug()
        assert isinstance(raised(bus.send, FRAME), GONE)
        assert watching.result()[0] == [fd]


def test_frames_that_were_read_before_come_first():
    with opened() as (adapter, bus):
        adapter.arrive(*[f"{number:03X}#" for number in range(10)])
        assert bus.recv(PATIENCE).arbitration_id == 0
        got = bus.recv_many(3, 0)
        adapter.wait_until_written()
        while len(got) < 3:
            got += bus.recv_many(3 - len(got), PATIENCE)
        adapter.unplug()
        while (error := raised(lambda: got.append(bus.recv(PATIENCE)))) is None:
            pass
        assert isinstance(error, GONE)
        numbers = [msg.arbitration_id for msg in got]
        assert numbers == list(range(1, len(numbers) + 1))


def test_half_a_frame_is_none():
    with opened() as (adapter, bus):
        adapter.fault(Split(1, 0))
        adapter.write(b"t123411")
        adapter.wait_until_written()
        adapter.unplug()
        until_told(bus)
        assert bus.statistics.rx_malformed == 0


def test_it_comes_back_and_all_is_as_it_was(link):
    filters = [{"can_id": 0x123, "can_mask": 0x7FF}]
    with opened(emulator=link, can_filters=filters, window=1) as (adapter, bus):
        fd = bus.fileno()
        for _ in range(3):
            adapter.write(b"t12342233")  # half a frame: not to be glued to what comes after
            adapter.unplug()
            until_told(bus)
            with within(0):
                assert isinstance(raised(bus.reopen), GONE)
            adapter.plug()
            assert isinstance(raised(bus.recv, 0), GONE)  # until it is opened anew
            assert isinstance(raised(bus.send, FRAME), GONE)
            with within(0.5):
                bus.reopen()
            assert bus.fileno() == fd
            assert not is_readable(fd)
            assert adapter.adapter.bitrate == "S6"
            adapter.arrive("321#", "123#")
            assert select.select([fd], [], [], PATIENCE)[0]
            assert receive_all(bus, 1)[0].arbitration_id == 0x123
            adapter.forget()
            bus.send(FRAME, timeout=PATIENCE)
            assert len(adapter.wait_for_sent(1)) == 1
            assert bus.recv(0) is None


def test_it_is_another_one_that_comes_back(link):
    """Nothing answers there: reopening says so, and can be tried again."""
    with opened(emulator=link) as (adapter, bus):
        adapter.unplug()
        until_told(bus)
        adapter.plug()
        adapter.fault(Silent())
        with within(1):
            assert isinstance(raised(bus.reopen), can.CanInitializationError)
        assert isinstance(raised(bus.send, FRAME), can.CanOperationError)
        adapter.clear_faults()
        bus.reopen()
        bus.send(FRAME, confirm=True, timeout=PATIENCE)


def test_a_receiver_that_waits_while_another_thread_reopens(link):
    with opened(emulator=link) as (adapter, bus):
        adapter.unplug()
        until_told(bus)
        adapter.plug()
        bus.reopen()
        waiting = Worker(lambda: bus.recv(PATIENCE))
        wait_until_blocked(waiting)
        bus.reopen()  # of one that lives: who waited is told that there was a gap
        adapter.arrive("123#")
        error = waiting.error()
        assert error is None or isinstance(error, GONE)
        got = waiting.result() if error is None else bus.recv(PATIENCE)
        assert got.arbitration_id == 0x123


def test_shut_down_while_it_is_away():
    with opened() as (adapter, bus):
        adapter.unplug()
        until_told(bus)
        with within(0):
            bus.shutdown()
        for call in CALLS.values():
            assert isinstance(raised(call, bus), can.CanClosedError | type(None))


def test_a_signal_handler_shuts_down_who_waits():
    with opened() as (_, bus):
        main = threading.get_ident()
        previous = signal.signal(signal.SIGUSR1, lambda *_: bus.shutdown())

        def interrupt():
            time.sleep(0.05)
            signal.pthread_kill(main, signal.SIGUSR1)

        interrupting = Worker(interrupt)
        try:
            with within(0.5), pytest.raises(can.CanClosedError):
                bus.recv(PATIENCE)
        finally:
            interrupting.finish()
            signal.signal(signal.SIGUSR1, previous)
