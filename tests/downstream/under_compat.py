"""The libraries with canbus in the place of python-can. Collected only where compat_plugin is.

Which backend, the variable DOWNSTREAM_BACKEND says.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from itertools import count

import can
import pytest

import canbus
from tests.downstream.suite import DownstreamSuite

_numbers = count()
BACKEND = os.environ["DOWNSTREAM_BACKEND"]


class TestUnderCompat(DownstreamSuite):
    can = can
    fd = BACKEND != "slcan"

    @pytest.fixture
    def pair(self):
        with ExitStack() as stack:
            yield [stack.enter_context(bus) for bus in opened(stack)]

    def test_it_is_canbus(self, pair):
        ours: object = canbus.Message
        assert can.Message is ours
        assert isinstance(pair[0], canbus.BusABC)


def opened(stack):
    """Two buses that hear each other."""
    if BACKEND == "slcan":
        from canbus.testing.slcan import SlcanEmulator

        wire = f"downstream-{next(_numbers)}"
        for _ in range(2):
            node = stack.enter_context(canbus.Bus(wire, "virtual"))
            adapter = stack.enter_context(SlcanEmulator(bus=node))
            yield can.Bus(adapter.port, interface="slcan", bitrate=500_000)
        return
    channel = os.environ.get("DOWNSTREAM_CHANNEL", f"downstream-{next(_numbers)}")
    for _ in range(2):
        yield can.Bus(channel, interface=BACKEND, fd=True)
