"""Emulated CAN controllers, driven by the stock drivers: Kvaser cards, and USB adapters."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from canbus.testing.usb import EmulatedAdapter, EmulatedSerialAdapter, emulate
from tests.hardware.network import link_down

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.hardware)
    # First, as no adapter is plugged in then: on the pages, can0 is the only one.
    items.sort(key=lambda item: item.path != HERE / "test_pages.py")


@pytest.fixture(scope="session")
def controllers() -> Iterator[tuple[str, str]]:
    """The names of two interfaces that are up at 500 kbit/s and joined by a wire."""
    subprocess.run(["modprobe", "kvaser_pci"], check=True)
    # Not by name: the USB adapters of other tests may have come first.
    links = Path("/sys/class/net").glob("*/device/driver")
    names = sorted(link.parts[4] for link in links if link.resolve().name == "kvaser_pci")
    for name in names:
        command = f"ip link set {name} up type can bitrate 500000"
        subprocess.run(command.split(), check=True)
    yield names[0], names[1]
    for name in names:
        subprocess.run(["ip", "link", "set", name, "down"], check=True)


# A driver takes a second or two to bind, so an adapter serves the whole run; the fixture that
# a test names makes it as new: plugged in, sound, its interfaces down, nothing recorded.


@pytest.fixture(scope="session")
def _gs_usb() -> Iterator[EmulatedAdapter]:
    with emulate("gs_usb", channels=2) as adapter:
        yield adapter


@pytest.fixture(scope="session")
def _pcan_usb() -> Iterator[EmulatedAdapter]:
    with emulate("pcan_usb") as adapter:
        yield adapter


@pytest.fixture(scope="session")
def _serial_adapter() -> Iterator[EmulatedSerialAdapter]:
    with emulate("cdc_acm") as adapter:
        yield adapter


@pytest.fixture
def gs_usb(_gs_usb: EmulatedAdapter) -> Iterator[EmulatedAdapter]:
    """A candleLight with two channels on one wire; names of the interfaces: `.netdevs`."""
    _make_as_new(_gs_usb)
    yield _gs_usb
    _make_as_new(_gs_usb)


@pytest.fixture
def pcan_usb(_pcan_usb: EmulatedAdapter) -> Iterator[EmulatedAdapter]:
    """A PCAN-USB with nothing else on its wire; name of the interface: `.netdevs[0]`."""
    _make_as_new(_pcan_usb)
    yield _pcan_usb
    _make_as_new(_pcan_usb)


@pytest.fixture
def serial_adapter(_serial_adapter: EmulatedSerialAdapter) -> Iterator[EmulatedSerialAdapter]:
    """A CANable that speaks slcan and answers; path of its serial port: `.tty`."""
    _make_as_new(_serial_adapter)
    yield _serial_adapter
    _make_as_new(_serial_adapter)


def _make_as_new(adapter: EmulatedAdapter) -> None:
    if not adapter.state()["plugged"]:
        adapter.plug()
    for name in adapter.netdevs:
        link_down(name)
    for channel in range(len(adapter.state()["channels"])):
        adapter.fault("none", channel)
    adapter.forget_sent()
