"""The doctor on emulated adapters under the stock drivers: what it finds first, and mends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from canbus.bringup import doctor
from canbus.bringup.doctor import System
from canbus.cli import main
from tests.hardware.network import ip, link_down, wait_until
from tests.hardware.test_slcand import NAME, link_names, slcand


def modules():
    """What is loaded."""
    return {line.split()[0] for line in Path("/proc/modules").read_text().splitlines()}


@pytest.fixture
def without_driver(pcan_usb):
    """A PCAN-USB whose driver is not loaded, as udev has not seen it."""
    subprocess.run(["modprobe", "-r", "peak_usb"], check=True)
    yield pcan_usb
    subprocess.run(["modprobe", "peak_usb"], check=True)
    wait_until(lambda: pcan_usb.netdevs)


@pytest.fixture
def others(controllers):
    """The Kvaser cards, which have their driver: nothing is to be said of them."""
    return controllers


def first_finding(channel):
    return doctor.run(channel, listen=0)[0]


def test_a_driver_that_is_not_loaded_is_found_first_and_loaded(others, without_driver, capsys):
    """Nothing else is touched: no other module goes or comes, no other link changes."""
    before, links = modules(), System().links
    first = first_finding("can9")
    assert first.name == "driver-not-loaded", first
    assert "0c72:000c" in first.evidence[0]
    assert [step.explain() for step in first.fix] == ["load the kernel module peak_usb"]

    assert main(["doctor", "can9", "--fix", "--listen", "0"]) == 4  # there is still no can9
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line.startswith("fixing")] == [
        "fixing: load the kernel module peak_usb"
    ]
    wait_until(lambda: without_driver.netdevs)
    assert modules() - before == {"peak_usb"}
    assert before - modules() == set()
    assert [one for one in System().links if one.name not in without_driver.netdevs] == list(links)
    assert "driver-not-loaded" not in {one.name for one in doctor.run("can9", listen=0)}


def test_an_interface_that_was_moved_away_is_said_to_be(pcan_usb, others):
    (name,) = pcan_usb.netdevs
    ip("netns", "add", "box")
    try:
        ip("link", "set", name, "netns", "box")
        first = first_finding(name)
        assert first.name == "in-another-namespace", first
        assert "0c72:000c" in first.what
    finally:
        ip("-n", "box", "link", "set", name, "netns", "1")
        ip("netns", "del", "box")
    link_down(name)
    assert "in-another-namespace" not in {one.name for one in doctor.run(name, listen=0)}


def test_an_adapter_that_was_unplugged_is_said_to_be(pcan_usb, others):
    (name,) = pcan_usb.netdevs
    pcan_usb.unplug()
    first = first_finding(name)
    assert first.name == "adapter-unplugged", first
    assert "USB disconnect" in first.evidence[0]
    pcan_usb.plug()


def test_slcand_that_ended_and_slcand_without_its_adapter(serial_adapter, others):
    port = serial_adapter.tty
    with slcand(serial_adapter, "-o", "-c", "-s6"):
        names = {one.name for one in doctor.run(NAME, listen=0)}
        assert not names & {"slcand-needed", "slcand-holds-dead-port", "no-such-interface"}
    ended = first_finding(NAME)
    assert ended.name == "slcand-ended", ended
    assert ended.evidence[0].endswith(f"slcan off {Path(port).name}.")
    with slcand(serial_adapter, "-o", "-c", "-s6"):
        serial_adapter.unplug()
        wait_until(lambda: NAME not in link_names())
        serial_adapter.plug()
        assert serial_adapter.tty != port
        first = first_finding(NAME)
        assert first.name == "slcand-holds-dead-port", first
        assert f"sudo canbus up serial {serial_adapter.tty} --bitrate 500k" in first.commands
