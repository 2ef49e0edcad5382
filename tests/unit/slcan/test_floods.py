"""A port that never stops talking keeps nobody longer than he was told, and fills no memory."""

from __future__ import annotations

import os
import subprocess
import tty
from contextlib import contextmanager
from typing import Any

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, Worker
from tests.unit.slcan.rig import opened, raised, within
from tests.unit.slcan.serial_lines import no_leak

pytestmark = pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")  # of noise
FRAME = can.Message(arbitration_id=0x123, is_extended_id=False)
FLOODS = {
    "frames": "t1230\r",
    "text": "$GPGGA,1,2,3\r",
    "noise": "U\r",
}
LIMIT = 100


@contextmanager
def flooded(text):
    """A port from which this comes without a pause, for ever."""
    master, slave = os.openpty()
    tty.setraw(slave)
    flood = None
    try:
        with no_leak():
            flood = subprocess.Popen(["yes", text], stdout=master)
            yield os.ttyname(slave)
    finally:
        if flood is not None:
            flood.kill()
            flood.wait()
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("name", FLOODS)
def test_opening_takes_no_longer_than_a_second(name):
    with flooded(FLOODS[name]) as port:
        opening = Worker(lambda: can.Bus(port, interface="slcan", bitrate=500_000))
        with within(1.1):
            error = opening.error()
        assert isinstance(error, can.CanInitializationError)
        assert port in str(error)
        assert error.hint


@pytest.mark.parametrize("name", ["frames", "noise"])
def test_every_call_keeps_its_deadline(name):
    with flooded(FLOODS[name]) as port:
        bus: Any = can.Bus(
            port,
            interface="slcan",
            bitrate=500_000,
            dialect="lawicel",
            handshake="off",
            window=2,
        )
        calls = (
            lambda: bus.get_version(0.1),
            lambda: bus.get_serial_number(0.1),
            lambda: bus.send(FRAME, timeout=0.1),
            lambda: bus.send(FRAME, timeout=0.1, confirm=True),
            lambda: bus.send_many([FRAME] * 5, timeout=0.1),
            lambda: bus.can_state,
            lambda: bus.recv(0),
            lambda: bus.recv(0.1),
        )
        try:
            for call in calls:
                with within(0.5):
                    error = Worker(call).error()
                assert error is None or isinstance(error, can.CanTimeoutError), error
        finally:
            with within(0.5):
                bus.shutdown()


@pytest.mark.parametrize("receives", [False, True])
def test_more_frames_than_are_kept_are_counted(receives, monkeypatch):
    """A program that only sends on a busy bus."""
    monkeypatch.setattr("canbus.backends.slcan.line.MAX_FRAMES", LIMIT)
    with opened() as (adapter, bus):
        burst = [f"321#{number:02X}" for number in range(50)]
        got = 0
        for _ in range(20):
            adapter.arrive(*burst)
            bus.send(FRAME, confirm=True, timeout=PATIENCE)  # its answer comes behind them
            assert len(bus._line._frames) - bus._line._taken <= LIMIT + len(burst)
            if receives:
                got += len(bus.recv_many(1000, 0))
                assert bus.statistics.rx_dropped == 0
        while frames := bus.recv_many(1000, 0):
            got += len(frames)
        assert got + bus.statistics.rx_dropped == 20 * len(burst)
        assert receives or LIMIT < got < 3 * LIMIT
        before = bus.statistics.rx_dropped
        adapter.arrive("321#FF")
        assert bus.recv(PATIENCE).data == b"\xff"
        assert bus.statistics.rx_dropped == before
        assert raised(bus.send, FRAME) is None


def test_the_first_loss_is_told_by_what_was_done_wrong(monkeypatch):
    monkeypatch.setattr("canbus.backends.slcan.line.MAX_FRAMES", 10)
    with opened() as (adapter, bus):
        for _ in range(3):
            adapter.arrive(*[f"321#{number:02X}" for number in range(20)])
            bus.send(FRAME, confirm=True, timeout=PATIENCE)
        with pytest.warns(can.CanWarning, match="frames were lost, as nobody received") as told:
            assert len(bus.recv_many(1000, 0)) > 10
        assert bus.recv_many(1000, 0) == []
        assert len(told) == 1
        assert "rcvbuf" not in str(told[0].message)
