"""`canbus list`, `show`, `stats`, `watch` and `restart` on controllers with their stock drivers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import canbus as can
from canbus.cli import main
from tests.hardware.network import link_down, link_up

CHECKOUT = Path(__file__).parents[2]
TIMEOUT = 90  # seconds; only a failure takes that long


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def canbus(capsys):
    """Runs a command; in this process, as starting Python takes seconds here."""

    def run(*words: str) -> Done:
        capsys.readouterr()
        return Done(main(words), *capsys.readouterr())

    return run


@pytest.fixture
def listed(canbus):
    """The line of one interface, without its name."""

    def line(name: str) -> str:
        done = canbus("list")
        assert done.status == 0, done.err
        (line,) = [row for row in done.out.splitlines() if row.split()[0] == name]
        return " ".join(line.split()[1:])

    return line


def path_of(name: str) -> str:
    return Path(f"/sys/class/net/{name}/device").resolve().name


def test_a_pair_of_cards(controllers, canbus, listed):
    one, other = controllers
    assert listed(one) == f"kvaser_pci up 500 kbit/s PCI {path_of(one)}"
    assert listed(other) == f"kvaser_pci up 500 kbit/s PCI {path_of(other)}"
    shown = canbus("show", one).out
    for line in (
        "  bit rate             500 kbit/s\n",
        "  sample point         87.5 %\n",
        "  time quantum         125 ns\n",
        "  clock                    8 MHz\n",
        "  controller               sja1000\n",
        "  prescaler                1 to 64 in steps of 1\n",
        "  controller              error-active\n",
        "  driver   kvaser_pci\n",
    ):
        assert line in shown
    facts = json.loads(canbus("show", one, "--json").out)
    assert (facts["bitrate"], facts["state"]) == (500_000, "ERROR_ACTIVE")
    assert facts["bit_timing"]["sample_point"] == 87.5


def test_the_channels_of_a_candlelight(gs_usb, canbus, listed):
    one, other = gs_usb.netdevs
    link_up(one, "dbitrate", "2000000", "fd", "on")
    try:
        for channel, name in enumerate((one, other)):
            words = listed(name)
            assert words.startswith(
                "gs_usb up 500 kbit/s, data 2 Mbit/s" if name == one else "gs_usb down"
            )
            assert "USB 1d50:606f" in words
            assert f"path {path_of(name)}, channel {channel}" in words
        shown = canbus("show", one).out
        assert "bit timing of the data phase\n  bit rate             2 Mbit/s\n" in shown
        assert "  on              fd\n" in shown
        assert "  can be       none, 120 ohms\n" in shown
    finally:
        link_down(one)
        link_up(one, "fd", "off")
        link_down(one)


def test_bus_off_is_shown_and_restart_brings_it_back(pcan_usb, canbus, listed):
    name = pcan_usb.netdevs[0]
    link_up(name, "restart-ms", "0")
    assert listed(name).startswith("peak_usb up 500 kbit/s USB 0c72:000c")
    done = canbus("restart", name)
    assert (done.status, done.out) == (1, "")
    assert f"cannot restart {name}: the controller is not bus-off" in done.err
    with can.Bus(name, interface="socketcan") as bus:
        pcan_usb.fault("short")
        bus.send(can.Message.parse("123#01"), TIMEOUT)
        wait_for_bus_off(bus)
        assert listed(name).startswith("peak_usb up, bus-off 500 kbit/s USB 0c72:000c")
        assert "after bus-off  by `canbus restart` only" in canbus("show", name).out
        assert canbus("stats", name).out.startswith(f"{name}: up, bus-off\n")
        pcan_usb.fault("none")
        done = canbus("restart", name)
        assert (done.status, done.err) == (0, "")
        assert done.out == f"{name}: bus-off -> error-active\n"
        assert listed(name).startswith("peak_usb up 500 kbit/s")


def wait_for_bus_off(bus: can.BusABC) -> None:
    while True:
        msg = bus.recv(TIMEOUT)
        assert msg is not None, "no bus-off"
        if msg.is_error_frame and msg.arbitration_id & can.ErrorClass.BUS_OFF:
            return


def test_watch_tells_of_bus_off_and_of_unplugging(pcan_usb):
    name = pcan_usb.netdevs[0]
    link_up(name, "restart-ms", "0")
    with subprocess.Popen(
        [sys.executable, "-m", "canbus", "watch", name],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.split("  ", 1)[1] == f"{name}: peak_usb, up, 500 kbit/s\n"
            with can.Bus(name, interface="socketcan") as bus:
                pcan_usb.fault("short")
                bus.send(can.Message.parse("123#01"), TIMEOUT)
            while "BUS_OFF" not in (line := process.stdout.readline()):
                assert line
            pcan_usb.unplug()
            while not (line := process.stdout.readline()).endswith(f"{name}: gone\n"):
                assert line
        finally:
            process.kill()
