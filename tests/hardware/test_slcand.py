"""slcand of can-utils on an emulated adapter: what bringing such an adapter up has to cope with."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hardware.network import PATIENCE, RawCan, link_details, link_up, wait_until

NAME = "slcan0"
CLASSIC = ["123#DEADBEEF", "7FF#", "1F334455#0011223344556677", "321#R5"]


def sent_texts(adapter, count):
    return [format(frame.msg, "candump") for frame in adapter.wait_for_sent(count)]


def link_names():
    return {name for _, name in socket.if_nameindex()}


@contextmanager
def slcand(adapter, *options):
    """Run slcand in the foreground; the interface is there, and down."""
    process = subprocess.Popen(["slcand", "-F", *options, adapter.tty, NAME])
    try:
        wait_until(lambda: NAME in link_names() or process.poll() is not None)
        assert process.poll() is None
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)
        wait_until(lambda: NAME not in link_names())


def set_up():
    subprocess.run(["ip", "link", "set", NAME, "up"], check=True)


def test_frames_go_both_ways(serial_adapter):
    with slcand(serial_adapter, "-o", "-c", "-s6"):
        set_up()
        assert serial_adapter.commands == [b"C", b"S6", b"O"]
        with RawCan(NAME) as bus:
            for text in CLASSIC:
                bus.send(text)
            assert sent_texts(serial_adapter, len(CLASSIC)) == CLASSIC
            serial_adapter.frames(CLASSIC)
            assert [bus.receive_text() for _ in CLASSIC] == CLASSIC


def test_the_kernel_opens_the_channel_if_slcand_does_not(serial_adapter):
    with slcand(serial_adapter):
        assert serial_adapter.commands == []
        link_up(NAME, bitrate=250_000)
        serial_adapter.wait_for_command(b"O")
        channel = serial_adapter.state()["channels"][0]
        assert (channel["on"], channel["bitrate"]) == (True, 250_000)


@pytest.mark.parametrize("fault", ["silent", "refuse"])
def test_neither_slcand_nor_the_kernel_notices_an_adapter_that_does_not_work(serial_adapter, fault):
    serial_adapter.fault(fault)
    with slcand(serial_adapter, "-o", "-c", "-s6") as process:
        set_up()
        with RawCan(NAME, own=True) as bus:
            bus.send("123#")
            assert bus.receive_text() == "123#"  # the echo: all seems well
        serial_adapter.wait_for_command(b"t1230")
        assert process.poll() is None
        assert "UP" in link_details(NAME)["flags"]
    assert serial_adapter.sent == []


def test_unplugged_slcand_lives_on_and_keeps_the_number_of_the_port(serial_adapter):
    tty = serial_adapter.tty
    with slcand(serial_adapter, "-o", "-c", "-s6") as process:
        set_up()
        serial_adapter.unplug()
        wait_until(lambda: NAME not in link_names())
        assert process.poll() is None
        (new,) = serial_adapter.plug()
        assert new != tty
        assert not Path(tty).exists()
        serial_adapter.unplug()
    assert serial_adapter.plug() == (tty,)
