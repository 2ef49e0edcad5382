"""Asking a running serial adapter, over a socket, and its handle; unplugged."""

from __future__ import annotations

import socket
import threading

import pytest

import canbus as can
from canbus.testing.slcan import NoAck, Say, Silent
from canbus.testing.usb import EmulatedSerialAdapter
from canbus.testing.usb.__main__ import main
from canbus.testing.usb.cdc_acm import CdcAcm
from canbus.testing.usb.control import Client, Server
from canbus.testing.usb.emulator import Emulator
from canbus.testing.usb.serial_commands import SerialCommands
from canbus.testing.usb.wire import Wire


@pytest.fixture
def device():
    return CdcAcm(Wire(), "lawicel")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "control")


@pytest.fixture
def client(device, path):
    emulator = Emulator(device)
    ours, theirs = socket.socketpair()
    server = Server(emulator, SerialCommands(emulator, device))
    server.listen(path)
    server.serve(theirs, is_owner=True)
    thread = threading.Thread(target=emulator.run)
    thread.start()
    client = Client(ours)
    yield client
    client.close()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def adapter(client):
    return EmulatedSerialAdapter(client, 1, waits=False)


def test_faults_are_values_or_text_and_none_mends_all(adapter, device):
    adapter.fault(Say("V", b"V\xff\r"))
    adapter.fault("silent:N,F")
    adapter.fault("noack")
    assert device.faults.faults == [Say("V", b"V\xff\r"), Silent("N", "F")]
    assert adapter.state()["channels"][0]["fault"] == "noack"
    adapter.clear_faults(Say)
    assert device.faults.faults == [Silent("N", "F")]
    adapter.fault("none")
    assert device.faults.faults == []
    assert adapter.state()["channels"][0]["fault"] == "none"


def test_nobody_acknowledges_as_a_fault_of_either(adapter, device):
    adapter.fault(NoAck())
    assert not device.slcan.transmitter.is_heard
    adapter.fault("noack")
    adapter.clear_faults()
    assert not device.slcan.transmitter.is_heard
    adapter.fault("none")
    assert device.slcan.transmitter.is_heard


@pytest.mark.parametrize("fault", ["deaf", "split:0", "refused:S"])
def test_what_is_no_fault(adapter, fault):
    with pytest.raises(can.CanConfigError):
        adapter.fault(fault)


def test_an_unknown_fault_comes_with_those_that_are_known(adapter):
    with pytest.raises(can.CanConfigError, match="unknown fault 'deaf'") as info:
        adapter.fault("deaf")
    assert {"noack", "silent"} <= set(info.value.hint.replace(",", "").split())


def test_what_the_host_has_said_is_recorded_and_forgotten(adapter, device):
    device.bulk_out(1, b"S6\rV\xe4\r")
    adapter.wait_for_command(b"V\xe4")
    assert adapter.commands == [b"S6", b"V\xe4"]
    adapter.forget_sent()
    assert adapter.commands == []
    with pytest.raises(can.CanTimeoutError, match="did not come"):
        adapter.wait_for_command(b"S6", timeout=0.01)


def test_frames_that_wait_are_waited_for(adapter, device):
    adapter.fault("noack")
    device.bulk_out(1, b"S6\rO\rt1230\r")
    adapter.wait_for_pending(1)
    assert adapter.state()["channels"][0]["pending"] == 1
    adapter.fault("none")
    assert [str(frame.msg.arbitration_id) for frame in adapter.wait_for_sent(1)] == [str(0x123)]


def test_flags_and_bytes_for_the_host(adapter, device):
    device.bulk_out(1, b"")  # somebody is there
    adapter.write(b"\xff\r")
    adapter.status(0x20)
    assert device.slcan.status == 0x20
    assert device.talk.outbox.size == 2


def test_unplugged_it_has_no_serial_port(adapter):
    with pytest.raises(can.CanOperationError, match="unplugged") as info:
        _ = adapter.tty
    assert "plug()" in info.value.hint
    adapter.wait_until_unplugged()


def test_a_shell_breaks_mends_and_looks(adapter, device, path, capsys):
    def shell(*words):
        return main(["control", path, *words]), capsys.readouterr().out

    assert shell("fault", "silent:V") == (0, "")
    assert device.faults.faults == [Silent("V")]
    assert shell("clear_faults") == (0, "")
    assert device.faults.faults == []
    device.bulk_out(1, b"S6\r")
    assert shell("commands") == (0, '[\n  "S6"\n]\n')


def test_a_dialect_that_is_not_known_is_an_error(capsys):
    assert main(["cdc_acm", "--dialect", "x"]) == 1
    assert "no emulated adapter of the dialect 'x'" in capsys.readouterr().err
