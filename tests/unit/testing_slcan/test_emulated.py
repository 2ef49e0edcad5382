"""An emulated adapter from plugging to the end: threads, descriptors, hosts that misbehave."""

from __future__ import annotations

import os
import sys
import threading

import pytest

import canbus as can
from canbus.errors import CanClosedError, CanConfigError, CanTimeoutError
from canbus.message import Message
from tests.unit.testing_slcan.host import PATIENCE, Host

if sys.platform != "linux":
    pytest.skip("emulated serial adapters need Linux", allow_module_level=True)

import termios

from canbus.testing.slcan import (
    SlcanEmulator,
    UnplugAfter,
)
from tests.unit.testing_slcan.emulated import texts, wait_until_alone

# -- a sound adapter


def test_commands_frames_and_answers(adapter, host):
    host.ask(b"V\rS6\r", b"V1013\r\r")
    assert not adapter.is_open
    host.ask(b"O\r", b"\r")
    assert adapter.is_open
    host.ask(b"t1232DEAD\rT0000012300\r"[:-2] + b"\r", b"z\rZ\r")
    assert texts(adapter.wait_for_sent(2)) == ["123#DEAD", "00000123#"]
    adapter.arrive("321#01", Message.parse("1F334455#22"))
    assert host.read(8 + 13) == b"t321101\rT1F334455122\r"
    assert adapter.commands[:3] == [b"V", b"S6", b"O"]
    adapter.forget()
    assert (adapter.sent, adapter.commands) == ([], [])


def test_ten_thousand_frames_come_in_order(adapter, host):
    host.open_channel()
    frames = [Message.parse(f"123#{number:08X}") for number in range(10_000)]
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(host.read(14 * 10_000)))
    reader.start()
    for begin in range(0, 10_000, 100):
        adapter.arrive(*frames[begin : begin + 100])
        adapter.wait_until_written(PATIENCE)
    reader.join(PATIENCE)
    assert received[0] == b"".join(b"t1234%08X\r" % number for number in range(10_000))


def test_waiting_for_what_the_host_does_not_do_has_a_deadline(adapter, host):
    with pytest.raises(CanTimeoutError, match="2 frames: there are 0"):
        adapter.wait_for_sent(2, timeout=0.01)
    host.write(b"V\r")
    adapter.wait_for_command(b"V")
    with pytest.raises(CanTimeoutError, match=r"b'O': there were \[b'V'\]"):
        adapter.wait_for_command(b"O", timeout=0.01)
    with pytest.raises(CanTimeoutError):
        adapter.wait_for_bus_error(timeout=0.01)
    with pytest.raises(CanTimeoutError):
        adapter.wait_until_unplugged(timeout=0.01)


def test_status_and_raw_bytes(adapter, host):
    host.open_channel()
    adapter.status(0x20)
    host.ask(b"F\r", b"F20\r")
    adapter.write(b"sb256256\r")
    assert host.read(9) == b"sb256256\r"


@pytest.mark.parametrize("name", ["B9600", "B115200", "B3000000"])
def test_the_baud_rate_of_the_host_can_be_seen(adapter, host, name):
    settings = termios.tcgetattr(host.fd)
    settings[4] = settings[5] = getattr(termios, name)
    termios.tcsetattr(host.fd, termios.TCSANOW, settings)
    assert adapter.baudrate == int(name[1:])
    adapter.unplug()
    assert adapter.baudrate is None


def test_time_stamps_come_from_the_clock():
    with SlcanEmulator(clock=lambda: 1_234_000_000) as adapter, Host(adapter.port) as host:
        host.ask(b"Z1\rS6\rO\r", b"\r\r\r")
        adapter.arrive("123#")
        assert host.read(10) == b"t123004D2\r"


def test_a_trace_shows_both_directions():
    seen: list[tuple[str, bytes]] = []
    with (
        SlcanEmulator(trace=lambda way, data: seen.append((way, data))) as adapter,
        Host(adapter.port) as host,
    ):
        host.open_channel()
    assert seen == [("<", b"S6"), (">", b"\r"), ("<", b"O"), (">", b"\r")]


def test_counters(adapter, host):
    host.open_channel()
    host.ask(b"t1230\r", b"z\r")
    adapter.arrive("123##0")
    counters = adapter.counters
    assert (counters.read_bytes, counters.written_bytes, counters.sent) == (11, 4, 1)
    assert (counters.unheard, counters.pending_bytes, counters.overflowed) == (1, 0, 0)


# -- life


def test_it_can_be_used_within_its_block_only():
    adapter = SlcanEmulator()
    for call in (adapter.plug, adapter.unplug, lambda: adapter.arrive("123#")):
        with pytest.raises(CanClosedError):
            call()
    with adapter:
        pass
    adapter.close()
    with pytest.raises(CanClosedError):
        adapter.write(b"x")
    with pytest.raises(CanClosedError), adapter:
        pass


def test_a_bus_that_is_closed_is_refused():
    bus = can.Bus("slcan emulator 5", interface="virtual")
    bus.shutdown()
    with pytest.raises(CanClosedError), SlcanEmulator(bus=bus):
        pass


def test_elsewhere_than_on_linux_there_is_none(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(can.CanUnsupportedError, match="Linux") as caught:
        SlcanEmulator()
    assert caught.value.hint


def test_an_unknown_dialect_or_fault_is_refused(adapter):
    with pytest.raises(CanConfigError, match="nonsense"):
        SlcanEmulator("nonsense")
    with pytest.raises(CanConfigError, match="nonsense"):
        adapter.fault("nonsense")


def test_a_link_that_cannot_be_made_leaves_nothing_behind(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CanConfigError), SlcanEmulator(link=str(tmp_path / "file")):
        pass


def test_a_thread_that_waits_is_woken_by_the_end():
    errors: list[can.CanError] = []

    def wait(adapter, begun):
        begun.set()
        try:
            adapter.wait_for_bus_error()
        except can.CanError as exc:
            errors.append(exc)

    with SlcanEmulator() as adapter:
        adapter.unplug()
        begun = threading.Event()
        thread = threading.Thread(target=wait, args=(adapter, begun))
        thread.start()
        assert begun.wait(PATIENCE)
    thread.join(PATIENCE)
    assert [type(error) for error in errors] == [CanClosedError]


def test_a_host_may_close_and_open_again_and_the_channel_stays_as_it_was(adapter):
    for number in range(20):
        with Host(adapter.port) as host:
            if number == 0:
                host.open_channel()
            host.ask(b"t1230\r", b"z\r")
            adapter.arrive("123#11")
            adapter.wait_until_written()  # and nobody reads it
        wait_until_alone(adapter)
    assert len(adapter.sent) == 20


def test_it_costs_nothing_while_nobody_is_there(adapter):
    with Host(adapter.port) as host:
        host.open_channel()
    wait_until_alone(adapter)
    turns = [0]
    serve = adapter._engine._serve

    def counted(ready):
        turns[0] += 1
        return serve(ready)

    adapter._engine._serve = counted
    with pytest.raises(CanTimeoutError):
        adapter.wait_for_sent(1, timeout=0.2)
    assert turns[0] < 20


# -- unplugging


def test_unplugging_is_an_end_of_file_and_plugging_makes_a_new_port(adapter):
    with Host(adapter.port) as host:
        host.open_channel()
        adapter.unplug()
        assert host.read(1) == b""
        assert not adapter.is_plugged
        assert not adapter.is_open
        adapter.arrive("123#")
        adapter.unplug()
        port = adapter.plug()
        assert port == adapter.port == adapter.plug()
    with Host(port) as host:
        host.ask(b"O\r", b"\a")  # it was switched off, and has forgotten its bit rate
        host.open_channel()


@pytest.mark.parametrize("dialect", ["lawicel", "slcan"])
def test_nothing_waits_for_an_adapter_that_is_unplugged(dialect):
    with SlcanEmulator(dialect) as adapter:
        adapter.unplug()
        adapter.write(b"lost")
        adapter.arrive("123#")
        with Host(adapter.plug()) as host:
            adapter.write(b"V1013\r")
            assert host.read(6) == b"V1013\r"


def test_a_port_with_the_number_of_a_bus_that_was_closed_works():
    bus = can.Bus("slcan emulator 6", interface="virtual")
    with SlcanEmulator(bus=bus) as adapter:
        adapter.unplug()
        number = bus.fileno()
        bus.shutdown()
        below = [os.open(os.devnull, os.O_RDONLY)]
        while below[-1] != number:  # so that the port gets it
            below.append(os.open(os.devnull, os.O_RDONLY))
        os.close(below.pop())
        port = adapter.plug()
        assert adapter._engine.terminal.fileno() == number
        with Host(port) as host:
            host.open_channel()
        for fd in below:
            os.close(fd)


def test_a_link_is_stable(tmp_path):
    link = tmp_path / "ttyFAKE"
    with SlcanEmulator(link=str(link)) as adapter:
        assert adapter.port == str(link)
        for _ in range(3):
            with Host(adapter.port) as host:
                host.open_channel()
                adapter.unplug()
                assert not link.is_symlink()
                assert adapter.plug() == str(link)
    assert not link.is_symlink()


def test_the_cable_is_pulled_in_the_middle_of_a_line(adapter, host):
    host.open_channel()
    adapter.fault(UnplugAfter(5))
    adapter.arrive("123#1122334455667788")
    assert host.read(5) == b"t1238"
    assert host.read(1) == b""
    adapter.wait_until_unplugged()
    adapter.plug()
    with Host(adapter.port) as again:
        again.open_channel()


def test_a_cable_that_shall_be_pulled_and_is_mended_stays(adapter, host):
    adapter.fault(UnplugAfter(3))
    host.write(b"V\r")
    assert host.read(3) == b"V10"
    adapter.clear_faults()
    assert host.read(3) in {b"13\r", b""}
