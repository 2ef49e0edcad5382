"""The doctor on emulated adapters under the stock drivers: what it finds first, and mends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from canbus.bringup import doctor
from canbus.bringup.doctor import System
from canbus.cli import main
from tests.hardware.network import ip, wait_until


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


def test_a_driver_that_is_not_loaded_is_found_first_and_loaded(without_driver, capsys):
    """Nothing else is touched: no other module goes or comes, no other link changes."""
    others, links = modules(), System().links
    first = doctor.run(listen=0)[0]
    assert first.name == "driver-not-loaded"
    assert first.evidence == ("USB 1-1: 0c72:000c (PCAN-USB)",), first
    assert [step.explain() for step in first.fix] == ["load the kernel module peak_usb"]

    main(["doctor", "--fix", "--listen", "0"])
    assert "fixing: load the kernel module peak_usb" in capsys.readouterr().out
    wait_until(lambda: without_driver.netdevs)
    after = [link for link in System().links if link.name not in without_driver.netdevs]
    assert after == list(links)
    assert others - modules() == set()
    found = {finding.name for finding in doctor.run(listen=0)}
    assert "driver-not-loaded" not in found
    assert ip("link", "show", without_driver.netdevs[0])
