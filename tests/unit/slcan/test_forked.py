"""A forked child has copies of everything but the threads: it must not hang, nor keep us awake."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager
from time import monotonic

import pytest

import canbus as can
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.support import PATIENCE
from tests.unit.slcan.rig import opened, raised, receive_all

FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)

FORKS_WHILE_LOCKED = """
import os, signal, sys, threading, warnings
import canbus as can

warnings.simplefilter("ignore")
bus = can.Bus(sys.argv[1], interface="slcan", bitrate=500000)
lock = {"bus": bus._read_lock, "waiter": bus._waiter._lock}[sys.argv[2]]
is_held, is_over = threading.Event(), threading.Event()

def hold():
    with lock:
        is_held.set()
        is_over.wait()

holder = threading.Thread(target=hold)
holder.start()
is_held.wait()
pid = os.fork()
if not pid:
    code = 1
    try:
        signal.alarm(5)  # ends a child that hangs
        bus.shutdown()
        bus.shutdown()
        code = 0
    finally:
        os._exit(code)
_, status = os.waitpid(pid, 0)
is_over.set()
holder.join()
bus.send(can.Message.parse("123#"), confirm=True, timeout=5)
bus.shutdown()
print(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.parametrize("lock", ["bus", "waiter"])
def test_a_child_of_which_another_thread_held_a_lock_shuts_down(lock):
    with SlcanEmulator() as adapter:
        run = subprocess.run(
            [sys.executable, "-c", FORKS_WHILE_LOCKED, adapter.port, lock],
            capture_output=True,
            text=True,
            timeout=PATIENCE * 3,
            check=False,
        )
        assert run.stderr == ""
        assert run.stdout == "0\n"
        assert adapter.commands.count(b"C") == 2  # ours: opening, and at the end


@contextmanager
def child_that_lives_on(close_in_child):
    """It has a copy of every descriptor, but for one."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        pid = os.fork()
    if not pid:
        try:
            os.close(close_in_child)
            os.close(write)
            signal.alarm(60)
            os.read(read, 1)  # until the parent is done
        finally:
            os._exit(0)
    os.close(read)
    try:
        yield
    finally:
        os.close(write)
        os.waitpid(pid, 0)


def wake_ups(bus, fd, seconds):
    """How often select() says that there is something, though there is nothing."""
    count, until = 0, monotonic() + seconds
    while (left := until - monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            count += 1
            assert bus.recv(0) is None
    return count


def test_what_a_child_keeps_open_does_not_wake_us(tmp_path):
    """Its copy of the old port is hung up for ever, which our descriptor must not watch."""
    with opened(emulator={"link": str(tmp_path / "ttyACM0")}) as (adapter, bus):
        fd = bus.fileno()
        ours = adapter._engine.terminal.fileno()  # else the child would keep it plugged in
        with child_that_lives_on(ours):
            adapter.unplug()
            assert select.select([fd], [], [], PATIENCE)[0]
            assert isinstance(raised(bus.recv), can.CanChannelNotFoundError)
            assert not select.select([fd], [], [], 0)[0]
            adapter.plug()
            bus.reopen()
            assert wake_ups(bus, fd, 0.2) == 0
            adapter.arrive("321#01")
            assert select.select([fd], [], [], PATIENCE)[0]
            assert receive_all(bus, 1)[0].arbitration_id == 0x321
            assert not select.select([fd], [], [], 0)[0]
