"""Calls at random from 16 threads while a bus over a real interface is shut down."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import canbus as can
from canbus.testing.torture import torture
from tests.scale import SOAK

ROUNDS = SOAK


@pytest.mark.parametrize("seed", range(100, 100 + ROUNDS))
def test_socketcan(open_bus: Callable[..., can.BusABC], seed: int) -> None:
    torture(open_bus(receive_own_messages=True), open_bus(), seed)


def test_a_receive_buffer_that_is_full(open_bus: Callable[..., can.BusABC]) -> None:
    torture(open_bus(rcvbuf=4096, on_loss="count"), open_bus(), 1)


@pytest.mark.soak  # the suite on vcan does it once
@pytest.mark.parametrize("seed", range(100, 100 + ROUNDS))
def test_vcan_that_goes_with_its_last_user(name: str, seed: int) -> None:
    bus, peer = (can.Bus(name, interface="vcan") for _ in range(2))
    torture(bus, peer, seed)
