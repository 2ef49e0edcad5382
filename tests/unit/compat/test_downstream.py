"""Downstream libraries on python-can on buses of ours: `virtual`, and `slcan` as emulated."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count

import pytest

import canbus
from canbus.testing.slcan import SlcanEmulator
from tests.downstream.suite import DownstreamSuite

can = pytest.importorskip("can")

_numbers = count()


class TestVirtual(DownstreamSuite):
    can = can

    @pytest.fixture
    def pair(self):
        channel = f"downstream-{next(_numbers)}"
        with ExitStack() as stack:
            yield [
                stack.enter_context(
                    can.Bus(channel, interface="canbus", backend="virtual", fd=True)
                )
                for _ in range(2)
            ]


class TestSlcan(DownstreamSuite):
    can = can
    fd = False

    @pytest.fixture
    def pair(self):
        wire = f"downstream-{next(_numbers)}"
        with ExitStack() as stack:
            buses = []
            for _ in range(2):
                node = stack.enter_context(canbus.Bus(wire, "virtual"))
                adapter = stack.enter_context(SlcanEmulator(bus=node))
                bus = can.Bus(adapter.port, interface="canbus", backend="slcan", bitrate=500_000)
                buses.append(stack.enter_context(bus))
            yield buses
