"""Which serial adapter is meant, and where it is: on a tree like sysfs, and a folder like /dev."""

from __future__ import annotations

from pathlib import Path

import pytest

from canbus.bringup import serial_port
from canbus.bringup.serial_port import SerialPort, identify


class Usb:
    """What a driver and the kernel show of serial adapters on USB."""

    def __init__(self, tmp_path: Path):
        self.sysfs, self.dev = tmp_path / "sys", tmp_path / "dev"
        self.dev.mkdir()
        (self.sysfs / "class/tty").mkdir(parents=True)

    def plug(self, name, path, serial="A7", usb_id="16d0:117e", interface="1.0", below=""):
        """As cdc_acm, or with `below` as a driver of usb-serial, which has one folder more."""
        adapter = self.sysfs / "devices" / path
        device = adapter / f"{path}:{interface}" / below
        device.mkdir(parents=True)
        vendor, product = usb_id.split(":")
        (adapter / "idVendor").write_text(f"{vendor}\n")
        (adapter / "idProduct").write_text(f"{product}\n")
        if serial:
            (adapter / "serial").write_text(f"{serial}\n")
        tty = self.sysfs / "class/tty" / name
        tty.mkdir(exist_ok=True)
        (tty / "device").symlink_to(device)
        (self.dev / name).touch()

    def unplug(self, name):
        (self.sysfs / "class/tty" / name / "device").unlink()
        (self.dev / name).unlink()

    def identify(self, name):
        """As by its path, which is no link here, though the folder's entries are."""
        one = identify(str(self.dev / name), str(self.sysfs))
        facts = {each: getattr(one, each) for each in ("usb_id", "serial_number", "usb_path")}
        return SerialPort(path=f"/dev/{name}", interface=one.interface, **facts)

    def find(self, port):
        return port.find(str(self.sysfs), str(self.dev))


@pytest.fixture
def usb(tmp_path, monkeypatch):
    """Files stand for device nodes, which only root can make."""
    real = serial_port._device_at

    def device_at(path):
        return path if Path(path).is_file() else real(path)

    monkeypatch.setattr(serial_port, "_device_at", device_at)
    return Usb(tmp_path)


def test_what_usb_tells(usb):
    usb.plug("ttyACM0", "1-1.4")
    assert usb.identify("ttyACM0") == SerialPort(
        path="/dev/ttyACM0",
        usb_id="16d0:117e",
        serial_number="A7",
        usb_path="1-1.4",
        interface="1.0",
    )


def test_a_driver_of_usb_serial_has_one_folder_more(usb):
    usb.plug("ttyUSB0", "2-3", below="ttyUSB0", usb_id="0403:6001")
    found = usb.identify("ttyUSB0")
    assert (found.usb_id, found.usb_path, found.interface) == ("0403:6001", "2-3", "1.0")


def test_a_port_that_is_not_on_usb_is_its_path(usb, tmp_path):
    (usb.sysfs / "class/tty/ttyS0").mkdir()
    port = identify("/dev/null", str(usb.sysfs))
    assert port == SerialPort(path="/dev/null")
    assert usb.find(port) == "/dev/null"
    assert usb.find(SerialPort(path=str(tmp_path / "ttyS7"))) is None


def test_it_is_found_under_another_number(usb):
    usb.plug("ttyACM0", "1-1")
    port = usb.identify("ttyACM0")
    usb.unplug("ttyACM0")
    assert usb.find(port) is None
    usb.plug("ttyACM1", "1-2")  # another socket, too: the serial number tells
    assert usb.find(port) == str(usb.dev / "ttyACM1")


def test_another_adapter_is_not_it(usb):
    usb.plug("ttyACM0", "1-1")
    port = usb.identify("ttyACM0")
    usb.unplug("ttyACM0")
    usb.plug("ttyACM0", "1-1x", serial="B8")
    usb.plug("ttyACM1", "1-2x", usb_id="0403:6001")
    usb.plug("ttyACM2", "1-3x", interface="1.2")
    assert usb.find(port) is None


def test_without_a_serial_number_the_place_tells(usb):
    usb.plug("ttyACM0", "1-1", serial="")
    port = usb.identify("ttyACM0")
    usb.unplug("ttyACM0")
    usb.plug("ttyACM0", "1-2", serial="")
    assert usb.find(port) is None
    usb.plug("ttyACM1", "1-1b", serial="")
    (usb.sysfs / "class/tty/ttyACM1/device").unlink()
    (usb.sysfs / "class/tty/ttyACM1/device").symlink_to(usb.sysfs / "devices/1-1/1-1:1.0")
    assert usb.find(port) == str(usb.dev / "ttyACM1")


def test_of_two_with_the_same_number_the_one_at_its_place_is_it(usb):
    usb.plug("ttyACM0", "1-1")
    usb.plug("ttyACM1", "1-2")
    assert usb.find(usb.identify("ttyACM1")) == str(usb.dev / "ttyACM1")
    assert usb.find(usb.identify("ttyACM0")) == str(usb.dev / "ttyACM0")


def test_a_link_that_somebody_named_is_followed_whatever_usb_tells(usb, tmp_path):
    usb.plug("ttyACM0", "1-1")
    link = tmp_path / "usb-canbus-if00"
    link.symlink_to(usb.dev / "ttyACM0")
    port = identify(str(link), str(usb.sysfs))
    assert usb.find(port) == str(link)
    usb.unplug("ttyACM0")
    usb.plug("ttyACM1", "1-9")
    assert usb.find(port) is None  # its link is not back yet
    link.unlink()
    link.symlink_to(usb.dev / "ttyACM1")
    assert usb.find(port) == str(link)


def test_a_file_is_no_port(tmp_path):
    (tmp_path / "ttyACM0").touch()
    assert identify(str(tmp_path / "ttyACM0")).find() is None


def test_the_same_adapter_by_two_names():
    facts = {"usb_id": "16d0:117e", "serial_number": "A7", "interface": "1.0"}
    one = SerialPort(path="/dev/ttyACM0", usb_path="1-1", **facts)
    other = SerialPort(path="/dev/serial/by-id/x", usb_path="1-2", **facts)
    assert one.is_same_adapter(other)
    assert not one.is_same_adapter(SerialPort(path="/dev/ttyACM1"))
    assert one.is_same_adapter(SerialPort(path="/dev/ttyACM0"))  # of which nothing is known now
    assert SerialPort(path="/dev/ttyS0").is_same_adapter(SerialPort(path="/dev/ttyS0"))
    assert not SerialPort(path="/dev/ttyS0").is_same_adapter(SerialPort(path="/dev/ttyS1"))


def test_another_adapter_where_one_was_is_not_the_same(usb, tmp_path):
    usb.plug("ttyACM0", "1-1")
    link = tmp_path / "can-front"  # which somebody has named: whatever is behind it is meant
    link.symlink_to(usb.dev / "ttyACM0")
    first, named = usb.identify("ttyACM0"), identify(str(link), str(usb.sysfs))
    usb.unplug("ttyACM0")
    usb.plug("ttyACM0", "1-1x", serial="B8")
    second = usb.identify("ttyACM0")
    assert first.path == second.path
    assert not first.is_same_adapter(second)
    assert named.is_same_adapter(identify(str(link), str(usb.sysfs)))
