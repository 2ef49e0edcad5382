"""links.device over sysfs trees in a folder; its twin on real drivers: tests/hardware."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from canbus.link_info import LinkDevice
from canbus.links.device import read_device

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")


class Sysfs:
    """A tree as the kernel shows it: devices, and links to them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 2

    def device(self, path: str, bus: str | None, driver: str | None, **files: str) -> Path:
        folder = self.root / "devices" / path
        folder.mkdir(parents=True)
        for target, link in ((bus, "subsystem"), (driver, "driver")):
            if target is not None:
                where = self.root / "bus" / (target if link == "subsystem" else f"{bus}/{target}")
                where.mkdir(parents=True, exist_ok=True)
                (folder / link).symlink_to(os.path.relpath(where, folder))
        for name, text in files.items():
            (folder / name).write_text(f"{text}\n")
        return folder

    def interface(self, name: str, device: Path | None, **files: str) -> Path:
        self.count += 1
        parent = device or self.root / "devices" / "virtual"
        folder = parent / "net" / name
        folder.mkdir(parents=True)
        known = {"ifindex": str(self.count), "dev_port": "0", "dev_id": "0x0"}
        for file, text in (known | files).items():
            (folder / file).write_text(f"{text}\n")
        if device is not None:
            (folder / "device").symlink_to("../..")
        shown = self.root / "class" / "net" / name
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.symlink_to(os.path.relpath(folder, shown.parent))
        return folder

    def usb(self, port: str, driver: str, **files: str) -> Path:
        """A USB adapter; the driver is bound to its interface 0."""
        self.device(f"pci0000:00/usb1/{port}", "usb", "usb", **files)
        return self.device(f"pci0000:00/usb1/{port}/{port}:1.0", "usb", driver)


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


CANDLE = {"idVendor": "1d50", "idProduct": "606f", "product": "candleLight USB to CAN adapter"}


def test_a_usb_adapter_of_one_channel(sysfs):
    adapter = sysfs.usb("1-1.4", "gs_usb", serial="004B0025", **CANDLE)
    sysfs.interface("can0", adapter)
    assert read_device("can0", sysfs.root) == LinkDevice(
        driver="gs_usb",
        bus="usb",
        path="1-1.4:1.0",
        usb_id="1d50:606f",
        serial_number="004B0025",
        product="candleLight USB to CAN adapter",
        channel=0,
    )


def channels(sysfs, *names):
    return [read_device(name, sysfs.root).channel for name in names]


@pytest.mark.parametrize("file", ["dev_port", "dev_id"])
def test_a_driver_that_numbers_its_channels_is_believed(sysfs, file):
    adapter = sysfs.usb("1-1", "peak_usb")
    sysfs.interface("can1", adapter, **{file: "0x1" if file == "dev_id" else "1"})
    sysfs.interface("can0", adapter)  # later, and so with a higher index
    assert channels(sysfs, "can0", "can1") == [0, 1]


def test_where_all_channels_say_0_the_order_of_the_interfaces_counts(sysfs):
    adapter = sysfs.usb("1-1", "gs_usb")
    for name in ("zebra", "can10", "can9"):
        sysfs.interface(name, adapter)
    assert channels(sysfs, "zebra", "can10", "can9") == [0, 1, 2]


def test_the_only_interface_of_the_second_half_of_an_adapter_is_its_channel(sysfs):
    sysfs.interface("can0", sysfs.usb("1-1", "peak_usb"), dev_port="3")
    assert channels(sysfs, "can0") == [3]


def test_two_adapters_with_one_serial_number_are_told_apart_by_their_ports(sysfs):
    for number, port in enumerate(("1-1", "1-2")):
        sysfs.interface(f"can{number}", sysfs.usb(port, "gs_usb", serial="0001", **CANDLE))
    one, other = read_device("can0", sysfs.root), read_device("can1", sysfs.root)
    assert one.serial_number == other.serial_number == "0001"
    assert (one.path, other.path) == ("1-1:1.0", "1-2:1.0")


def test_a_pci_card(sysfs):
    card = sysfs.device("pci0000:00/0000:00:04.0", "pci", "kvaser_pci")
    for name in ("can0", "can1"):
        sysfs.interface(name, card)
    expected = LinkDevice("kvaser_pci", "pci", "0000:00:04.0")
    assert read_device("can0", sysfs.root) == expected
    assert read_device("can1", sysfs.root) == expected._replace(channel=1)


def test_a_controller_on_spi(sysfs):
    chip = sysfs.device("platform/soc/3f204000.spi/spi_master/spi0/spi0.0", "spi", "mcp251x")
    sysfs.interface("can0", chip)
    assert read_device("can0", sysfs.root) == LinkDevice("mcp251x", "spi", "spi0.0")


def test_a_controller_of_the_processor(sysfs):
    chip = sysfs.device("platform/soc/44009000.can", "platform", "m_can_platform")
    sysfs.interface("can0", chip)
    assert read_device("can0", sysfs.root) == LinkDevice(
        "m_can_platform", "platform", "44009000.can"
    )


def test_what_has_no_device_has_none(sysfs):
    sysfs.interface("slcan0", None)
    assert read_device("slcan0", sysfs.root) is None


def test_an_interface_that_is_not_there_or_no_sysfs_is_none(sysfs):
    sysfs.interface("slcan0", None)
    for name in ("can7", "", "a\0b", "can\udcff", "x" * 300):
        assert read_device(name, sysfs.root) is None
    assert read_device("can0", sysfs.root / "nowhere") is None


def test_an_interface_of_another_network_namespace_is_not_taken(sysfs):
    card = sysfs.device("pci0000:00/0000:00:04.0", "pci", "kvaser_pci")
    sysfs.interface("can0", card, ifindex="12")
    assert read_device("can0", sysfs.root, index=12).driver == "kvaser_pci"
    assert read_device("can0", sysfs.root, index=3) is None
    assert read_device("can1", sysfs.root, index=3) is None


def test_what_is_missing_is_none_and_the_rest_is_told(sysfs):
    sysfs.interface("can0", sysfs.usb("1-1", "peak_usb", idVendor="0c72"))
    assert read_device("can0", sysfs.root) == LinkDevice("peak_usb", "usb", "1-1:1.0")
    bare = sysfs.device("bare/x.can", None, None)
    for file in ("dev_port", "dev_id", "ifindex"):
        (sysfs.interface(f"c_{file}", bare) / file).unlink()
    assert read_device("c_dev_port", sysfs.root)._replace(channel=0) == LinkDevice(path="x.can")


def test_an_empty_or_unreadable_text_is_none_or_printable(sysfs):
    adapter = sysfs.usb("1-1", "gs_usb", idVendor="1d50", idProduct="606f", product="")
    (adapter.parent / "serial").write_bytes(b"\xff01\n")
    sysfs.interface("can0", adapter, dev_port="what")
    assert read_device("can0", sysfs.root) == LinkDevice(
        "gs_usb", "usb", "1-1:1.0", "1d50:606f", "\\xff01", None
    )


@pytest.mark.parametrize("name", ["serial", "idVendor", "dev_port", "net"])
def test_a_file_that_may_not_be_read_is_missing(sysfs, monkeypatch, name):
    """Not by its mode: root may read everything."""
    adapter = sysfs.usb("1-1", "gs_usb", serial="0001", **CANDLE)
    sysfs.interface("can0", adapter)
    read, entries = Path.read_bytes, Path.iterdir

    def refuse(real):
        def maybe(path):
            if path.name == name:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        return maybe

    monkeypatch.setattr(Path, "read_bytes", refuse(read))
    monkeypatch.setattr(Path, "iterdir", refuse(entries))
    device = read_device("can0", sysfs.root)
    assert (device.driver, device.path, device.channel) == ("gs_usb", "1-1:1.0", 0)
    assert (device.serial_number is None) == (name == "serial")
    assert (device.usb_id is None) == (name == "idVendor")


def test_a_loop_of_links_is_nothing(sysfs):
    folder = sysfs.interface("can0", None)
    (folder / "device").symlink_to("device")
    assert read_device("can0", sysfs.root) is None
