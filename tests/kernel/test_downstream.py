"""Downstream libraries on python-can on our socketcan buses: unmodified, through a real kernel."""

from __future__ import annotations

from contextlib import ExitStack

import can
import pytest

from tests.downstream.running import run_under_compat
from tests.downstream.suite import DownstreamSuite


class TestSocketcan(DownstreamSuite):
    can = can

    @pytest.fixture
    def pair(self, vcan):
        with ExitStack() as stack:
            yield [
                stack.enter_context(can.Bus(vcan, interface="canbus", fd=True)) for _ in range(2)
            ]

    def test_cyclic_frames_are_timed_by_the_kernel(self, pair):
        bus, peer = pair
        task = bus.send_periodic(self.frame(0x123, b"\1"), 0.01)
        assert task._task.engine == "bcm"
        task.modify_data(self.frame(0x123, b"\2"))
        while peer.recv(10).data != b"\2":
            pass
        task.stop()


def test_the_same_with_canbus_in_the_place_of_python_can(vcan):
    run_under_compat("socketcan", vcan)
