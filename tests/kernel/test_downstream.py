"""Downstream libraries on python-can on our socketcan buses: unmodified, through a real kernel."""

from __future__ import annotations

from contextlib import ExitStack

import can
import pytest

import canbus
from tests.downstream.monitor import watch_until
from tests.downstream.running import run_under_compat
from tests.downstream.suite import DBC, DownstreamSuite


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


@pytest.mark.parametrize("on_canbus", [False, True])
def test_cantools_monitor(vcan, tmp_path, on_canbus):
    database = tmp_path / "speed.dbc"
    database.write_text(DBC)
    with canbus.Bus(vcan, "socketcan") as bus:
        words = ["-i", "socketcan" if on_canbus else "canbus", "-c", vcan]
        speed = canbus.Message(
            arbitration_id=256, data=(8_000).to_bytes(2, "little") + bytes(6), is_extended_id=False
        )
        watch_until("80", database, words, lambda: bus.send(speed), on_canbus=on_canbus)


def test_the_libraries_on_a_serial_adapter_with_canbus_in_the_place_of_python_can():
    run_under_compat("slcan")
