"""Calls at random from 16 threads while the bus is shut down: more of it than the suite has."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

import canbus as can
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.torture import torture
from tests.scale import SOAK

ROUNDS = 3 * SOAK


@pytest.mark.parametrize("seed", range(100, 100 + 3 * ROUNDS))
def test_virtual(seed: int) -> None:
    channel = f"torture-{seed}"
    with (
        can.Bus(channel, interface="virtual", receive_own_messages=True) as bus,
        can.Bus(channel, interface="virtual") as peer,
    ):
        torture(bus, peer, seed)


def test_receive_queues_that_are_full() -> None:
    channel = "torture-full"
    with (
        can.Bus(channel, interface="virtual", rx_queue_size=3) as bus,
        can.Bus(channel, interface="virtual", rx_queue_size=1) as peer,
    ):
        torture(bus, peer, 1)


@pytest.mark.parametrize("seed", range(100, 100 + ROUNDS))
@pytest.mark.parametrize("dialect", ["lawicel", "canable2"])
def test_slcan(dialect: str, seed: int) -> None:
    with ExitStack() as stack:

        def open_one() -> can.BusABC:
            wire = can.Bus(f"torture-{dialect}-{seed}", interface="virtual", fd=True)
            adapter = SlcanEmulator(dialect, bus=stack.enter_context(wire))
            port = stack.enter_context(adapter).port
            return can.Bus(port, interface="slcan", bitrate=500_000, dialect=dialect)

        torture(open_one(), open_one(), seed)
