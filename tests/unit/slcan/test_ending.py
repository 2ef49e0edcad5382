"""The end of a bus: whoever ends it, and in whatever state; and others who have the port."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import warnings

import pytest

import canbus as can
from canbus.testing.slcan import Refuse, Silent
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import open_bus, opened, plugged, raised, within

pytestmark = pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")  # of frames in vain
FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)

HOLDER = """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(fd, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


def test_the_channel_is_closed_and_what_was_sent_goes_out_before():
    with plugged() as adapter:
        bus = open_bus(adapter)
        for _ in range(20):
            bus.send(FRAME)
        bus.shutdown()
        assert not adapter.is_open
        assert len(adapter.sent) == 20
        assert adapter.commands[-1] == b"C"


@pytest.mark.parametrize("what", ["recv", "send", "question"])
def test_another_thread_ends_it(what):
    with opened(window=2) as (adapter, bus):
        adapter.fault(Silent())
        bus.send(FRAME)
        bus.send(FRAME)
        call = {
            "recv": bus.recv,
            "send": lambda: bus.send(FRAME),
            "question": lambda: bus.get_version(None),
        }[what]
        waiting = [Worker(call) for _ in range(3)]
        wait_until_blocked(*waiting)
        with within(0.5):
            bus.shutdown()
        assert all(isinstance(each.error(), can.CanClosedError) for each in waiting)


@pytest.mark.parametrize("what", ["recv", "send", "question"])
def test_a_signal_handler_ends_it(what):
    """The handler runs in the thread that waits."""
    with opened(window=2) as (adapter, bus):
        adapter.fault(Silent())
        bus.send(FRAME)
        bus.send(FRAME)
        call = {
            "recv": bus.recv,
            "send": lambda: bus.send(FRAME),
            "question": lambda: bus.get_version(None),
        }[what]
        previous = signal.signal(signal.SIGALRM, lambda *_: bus.shutdown())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with within(0.6):
                assert isinstance(raised(call), can.CanClosedError)
        finally:
            signal.signal(signal.SIGALRM, previous)


@pytest.mark.parametrize("fault", [Silent(), Refuse(), None])
def test_warnings_that_are_errors_leave_nothing_open(fault):
    with plugged() as adapter, warnings.catch_warnings():
        warnings.simplefilter("error")
        bus = open_bus(adapter)
        adapter.fault(*([fault] if fault else []))
        bus.send(FRAME)
        bus.fileno()
        error = raised(bus.shutdown)
        assert error is None or isinstance(error, can.CanWarning)
        bus.shutdown()
        assert isinstance(raised(bus.recv, 0), can.CanClosedError)


def test_a_bus_that_is_forgotten_is_closed():
    def forget():
        open_bus(adapter)
        gc.collect()

    with plugged() as adapter, pytest.warns(ResourceWarning, match="not shut down"):
        forget()


def test_somebody_else_has_the_port():
    with plugged() as adapter:
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, adapter.port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as holder:
            assert holder.stdin is not None
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"locked\n"
            with within(0), pytest.raises(can.CanInitializationError) as caught:
                open_bus(adapter)
            assert str(holder.pid) in str(caught.value)
            assert str(holder.pid) in caught.value.hint
            assert adapter.commands == []
            with open_bus(adapter, exclusive=False):
                assert adapter.is_open
            holder.stdin.close()
        with open_bus(adapter):
            assert adapter.is_open


def test_we_have_it_ourselves():
    with opened() as (adapter, bus):
        with within(0), pytest.raises(can.CanInitializationError, match="has it") as caught:
            open_bus(adapter)
        assert "this program" in caught.value.hint
        bus.send(FRAME, confirm=True, timeout=PATIENCE)  # the first one is none the worse


def in_child(work):
    """Do something in a forked child; 0 if it did not raise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        pid = os.fork()
    if not pid:
        code = 1
        try:
            signal.alarm(10)
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("what", ["exits", "shuts down", "forgets"])
def test_a_forked_child_leaves_the_parents_channel_alone(what):
    with opened() as (adapter, bus):
        receiving = Worker(lambda: bus.recv(PATIENCE))
        wait_until_blocked(receiving)
        adapter.forget()
        buses = [bus]

        def forget():
            warnings.simplefilter("ignore")
            buses.clear()

        with within(1):
            work = {"exits": lambda: None, "shuts down": bus.shutdown, "forgets": forget}[what]
            assert in_child(work) == 0
        bus.send(FRAME, confirm=True, timeout=PATIENCE)
        assert adapter.commands == [b"t1230"]
        assert adapter.is_open
        adapter.arrive("321#")
        assert receiving.result().arbitration_id == 0x321


def test_a_child_that_is_forked_while_a_thread_talks():
    """The lock of that thread is never released in the child."""
    with opened() as (_, bus):
        with bus._read_lock:
            assert in_child(bus.shutdown) == 0
        assert bus.get_version(PATIENCE) == (10, 13)


def test_a_new_bus_after_a_child_that_lives_on():
    """It has a copy of the descriptor, and with that of the lock."""
    with plugged() as adapter:
        bus = open_bus(adapter)
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if not pid:
            try:
                os.close(write)
                signal.alarm(30)
                os.read(read, 1)  # until the parent is done
            finally:
                os._exit(0)
        os.close(read)
        try:
            bus.shutdown()
            with open_bus(adapter) as another:
                another.send(FRAME, confirm=True, timeout=PATIENCE)
        finally:
            os.close(write)
            os.waitpid(pid, 0)
