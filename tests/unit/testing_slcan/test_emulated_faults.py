"""An emulated adapter that fails on command, and one that hangs on a bus."""

from __future__ import annotations

import sys
import time

import pytest

import canbus as can
from canbus.errors import CanLinkDownError, CanTimeoutError
from canbus.message import Message
from tests.unit.testing_slcan.host import PATIENCE, Host

if sys.platform != "linux":
    pytest.skip("emulated serial adapters need Linux", allow_module_level=True)


from canbus.testing.slcan import (
    Echo,
    FirstOnly,
    Garbage,
    LoseAnswers,
    NoAck,
    Refuse,
    Say,
    Silent,
    SlcanEmulator,
    Slow,
    Split,
)
from tests.unit.testing_slcan.emulated import texts

# -- faults


@pytest.mark.parametrize(
    ("fault", "sent", "answer"),
    [
        (Refuse("V"), b"V\rN\r", b"\aNA123\r"),
        (Silent("V"), b"V\rN\r", b"NA123\r"),
        (LoseAnswers(2), b"N\rV\rN\r", b"NA123\rNA123\r"),
        (Say("V", b"V0000\r"), b"V\r", b"V0000\r"),
        (Garbage(b"\xff\xfe"), b"V\r", b"\xff\xfeV1013\r"),
        (Split(1), b"V\rN\r", b"V1013\rNA123\r"),
        (Slow(bytes_per_second=2000), b"V\rN\r", b"V1013\rNA123\r"),
        (FirstOnly(), b"V\rN\r", b"V1013\r"),
        (Echo(), b"V\r", b"V\rV1013\r"),
        ("refuse:N", b"V\rN\r", b"V1013\r\a"),
    ],
)
def test_a_fault_does_its_work_and_can_be_mended(adapter, host, fault, sent, answer):
    adapter.fault(fault)
    host.ask(sent, answer)
    adapter.clear_faults()
    host.ask(b"V\r", b"V1013\r")


def test_a_slow_answer_comes_late_and_frames_wait_behind_it(adapter, host):
    host.open_channel()
    adapter.fault(Slow(delay=0.1))
    begin = time.monotonic()
    host.write(b"V\r")
    adapter.wait_for_command(b"V")
    adapter.arrive("123#")
    assert host.read(12) == b"V1013\rt1230\r"
    assert time.monotonic() - begin >= 0.1


def test_a_slow_line_takes_its_time(adapter, host):
    host.open_channel()
    adapter.fault(Slow(bytes_per_second=1000))
    begin = time.monotonic()
    adapter.arrive(*["123#1122"] * 10)
    assert host.read(100) == b"t12321122\r" * 10
    assert time.monotonic() - begin >= 0.09


def test_a_host_that_never_reads_loses_whole_lines_and_hears_of_it():
    with SlcanEmulator(buffer=1000) as adapter, Host(adapter.port) as host:
        host.open_channel()
        for _ in range(200):
            adapter.arrive(*["123#1122334455667788"] * 50)
        overflowed = adapter.counters.overflowed
        assert overflowed > 0
        assert adapter.counters.pending_bytes <= 1000
        whole = 22 * (10_000 - overflowed)
        assert host.read(whole) == b"t12381122334455667788\r" * (10_000 - overflowed)
        adapter.wait_until_written()
        host.ask(b"F\rF\r", b"F09\rF00\r")


def test_a_host_that_never_reads_can_still_be_left():
    with SlcanEmulator() as adapter, Host(adapter.port) as host:
        host.open_channel()
        # Far more than the terminal takes, and what the adapter holds for it.
        adapter.arrive(*["123#1122334455667788"] * 10_000)
        host.write(b"t1230\r")
        adapter.wait_for_sent(1)
        with pytest.raises(CanTimeoutError, match="bytes are left"):
            adapter.wait_until_written(timeout=0.01)


def test_while_nobody_acknowledges_frames_wait_in_the_adapter():
    with SlcanEmulator("usbtin") as adapter, Host(adapter.port) as host:
        host.open_channel()
        adapter.fault(NoAck())
        host.ask(b"t0010\rt0020\rt0030\rt0040\r", b"z\rz\rz\r\a")
        adapter.wait_for_pending(3)
        with pytest.raises(CanTimeoutError, match="4 frames that wait: there are 3"):
            adapter.wait_for_pending(4, timeout=0.01)
        assert adapter.counters.pending == 3
        assert adapter.sent == []
        adapter.clear_faults(NoAck)
        assert texts(adapter.wait_for_sent(3)) == ["001#", "002#", "003#"]


# -- a bus


def test_two_adapters_on_one_bus_hear_each_other():
    with (
        can.Bus("slcan emulator", interface="virtual") as one,
        can.Bus("slcan emulator", interface="virtual") as two,
        SlcanEmulator(bus=one) as first,
        SlcanEmulator(bus=two) as second,
        Host(first.port) as left,
        Host(second.port) as right,
    ):
        left.open_channel()
        right.open_channel()
        for _ in range(100):
            left.ask(b"t1232DEAD\r", b"z\r")
            assert right.read(10) == b"t1232DEAD\r"
            right.ask(b"T1F3344550\r", b"Z\r")
            assert left.read(11) == b"T1F3344550\r"


def test_a_bus_without_a_descriptor_has_a_thread_of_its_own(monkeypatch):
    def refuse(self):
        raise can.CanUnsupportedError("no descriptor")

    with (
        can.Bus("slcan emulator 2", interface="virtual") as near,
        can.Bus("slcan emulator 2", interface="virtual") as far,
    ):
        monkeypatch.setattr(type(near), "fileno", refuse)
        with SlcanEmulator(bus=near) as adapter, Host(adapter.port) as host:
            host.open_channel()
            far.send(Message.parse("123#11"))
            assert host.read(8) == b"t123111\r"
            host.ask(b"t3210\r", b"z\r")
            assert far.recv(PATIENCE).arbitration_id == 0x321


def test_a_bus_that_fails_is_told_and_left_alone(monkeypatch):
    with (
        can.Bus("slcan emulator 3", interface="virtual") as near,
        can.Bus("slcan emulator 3", interface="virtual") as far,
        SlcanEmulator(bus=near) as adapter,
        Host(adapter.port) as host,
    ):
        host.open_channel()

        def fail(*_, **__):
            raise CanLinkDownError("the link is down")

        monkeypatch.setattr(near, "recv_many", fail)
        far.send(Message.parse("123#11"))
        assert isinstance(adapter.wait_for_bus_error(PATIENCE), CanLinkDownError)
        assert adapter.bus_error is not None
        monkeypatch.setattr(near, "send", fail)
        host.ask(b"t1230\r", b"\a")
        assert adapter.sent == []


def test_what_the_bus_cannot_carry_is_refused():
    with (
        can.Bus("slcan emulator 4", interface="virtual") as bus,
        SlcanEmulator("canable2-nakakiyo", bus=bus) as adapter,
        Host(adapter.port) as host,
    ):
        host.ask(b"S6\rO\rd1230\rt1230\r", b"\r\r\az\r")
        assert adapter.bus_error is None
        assert texts(adapter.sent) == ["123#"]
