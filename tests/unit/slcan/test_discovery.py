"""Which ports are taken for CAN adapters, and as which."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from canbus.backends.slcan import discovery, port_list, usb_ids
from canbus.backends.slcan.discovery import candidates
from canbus.backends.slcan.port_list import nearest_ports, serial_ports
from canbus.backends.slcan.usb_ids import TABLE, Likelihood
from tests.unit.slcan.serial_lines import Adapter, no_leak

KNOWN, NAMED, MAYBE, OTHER = (
    Likelihood.KNOWN,
    Likelihood.NAMED,
    Likelihood.MAYBE,
    Likelihood.OTHER,
)


def port(
    usb_id: str | None = None,
    product: str | None = None,
    maker: str | None = None,
    device: str = "/dev/ttyACM0",
    serial_number: str | None = None,
) -> ListPortInfo:
    """As pyserial lists a port."""
    info = ListPortInfo(device)
    if usb_id is not None:
        info.vid, info.pid = (int(half, 16) for half in usb_id.split(":"))
        info.product, info.manufacturer, info.serial_number = product, maker, serial_number
        info.apply_usb_info()
    return info


@pytest.mark.parametrize(
    ("usb_id", "product", "maker", "adapter", "dialect", "likelihood"),
    [
        ("0403:ffa8", "CANUSB", "LAWICEL", "LAWICEL CANUSB", "lawicel", KNOWN),
        ("0403:9f80", None, None, "Ewert CANdapter", "candapter", KNOWN),
        ("0403:fac6", None, None, "EasySync USB2-F-7x01", "lawicel", KNOWN),
        (
            "16d0:117e",
            "CANable2 b158aa7 github.com/normaldotcom/canable2.git",
            "Openlight Labs",
            "CANable 2",
            "canable2",
            KNOWN,
        ),
        (
            "16d0:117e",
            "CANable2 1.4 github.com/Nakakiyo092/canable2-fw.git",
            "Openlight Labs",
            "CANable 2",
            "canable2-nakakiyo",
            KNOWN,
        ),
        ("16d0:117e", "CANable 2.5 slcan", None, "CANable 2.5", None, KNOWN),
        ("16d0:117e", None, None, "CANable 2, or a clone", None, KNOWN),
        (
            "ad50:60c4",
            "CANable b158aa4 github.com/normaldotcom/cantact-fw.git",
            "Protofusion Labs",
            "CANable",
            "canable1",
            KNOWN,
        ),
        ("ad50:60c4", "CANtact dev", "CANtact", "CANtact", "cantact", KNOWN),
        ("ad50:60c4", None, None, "CANtact, or a clone", None, KNOWN),
        ("04d8:000a", "USBtin", "Microchip Technology, Inc.", "USBtin", "usbtin", KNOWN),
        ("0483:5740", "USB2CANV1 ComPort", "WeAct Studio", "WeAct USB2CANFD", "weact", KNOWN),
        ("0483:5740", "CAN_USB_ConverterBasic", "CANDevices", "CANDevices UCCB", None, KNOWN),
        ("1234:5678", "USBtin EB", None, "USBtin", "usbtin", NAMED),
        ("1234:5678", "USB-CAN Analyzer", None, "CAN adapter", None, NAMED),
        ("0403:6001", "CAN232 cable", "FTDI", "CAN adapter", None, NAMED),
        ("1a86:7523", "USB2CAN", None, "CAN adapter", None, NAMED),
        ("1234:5678", "my slcan", None, "CAN adapter", None, NAMED),
        ("0483:5740", "STM32 Virtual ComPort", "STMicroelectronics", None, None, MAYBE),
        ("04d8:000a", "CDC RS-232 Emulation Demo", "Microchip", None, None, MAYBE),
        ("0403:6001", "FT232R USB UART", "FTDI", "FTDI converter", None, MAYBE),
        ("0403:6015", "FT231X USB UART", "FTDI", "FTDI converter", None, MAYBE),
        ("10c4:ea60", "CP2102 USB to UART Bridge", "Silicon Labs", "CP210x converter", None, MAYBE),
        ("1a86:7523", "USB Serial", None, "CH340 converter", None, MAYBE),
        ("1a86:55d4", "USB Single Serial", None, "WCH converter", None, MAYBE),
        ("04a9:1234", "Canon Scanner", "Canon", "serial port", None, OTHER),
        ("1234:5678", "American Modem", None, "serial port", None, OTHER),
        ("1199:9071", "EM7455", "Sierra Wireless", "serial port", None, OTHER),
        (None, None, None, "serial port", None, OTHER),
    ],
)
def test_the_table(
    usb_id: str | None,
    product: str | None,
    maker: str | None,
    adapter: str | None,
    dialect: str | None,
    likelihood: Likelihood,
) -> None:
    (found,) = candidates([port(usb_id, product, maker)], everything=True, by_id="/nowhere")
    assert (found.dialect, found.likelihood) == (dialect, likelihood)
    assert adapter is None or found.adapter == adapter
    assert found.usb_id == usb_id
    assert found.why
    if likelihood >= NAMED and product:
        assert usb_id in found.why or product in found.why


def test_each_row_has_a_source_and_can_be_reached() -> None:
    from canbus.backends.slcan import dialects

    names = {one.name for one in vars(dialects).values() if isinstance(one, dialects.Dialect)}
    for index, row in enumerate(TABLE):
        assert row.source
        assert row.dialect is None or row.dialect in names
        covered = [other for other in TABLE[:index] if other.usb_id == row.usb_id]
        assert all(other.words for other in covered), f"{row} comes too late"


def test_the_likeliest_come_first_and_what_nothing_speaks_for_does_not_come() -> None:
    ports = [
        port(None, device="/dev/ttyS0"),
        port("0403:6001", device="/dev/ttyUSB0"),
        port("1234:5678", "USB2CAN", device="/dev/ttyACM2"),
        port("16d0:117e", device="/dev/ttyACM1"),
        port("0403:6001", device="/dev/ttyUSB1"),
        port("ad50:60c4", device="/dev/ttyACM3"),
    ]
    paths = [one.path for one in candidates(ports)]
    acm = ["/dev/ttyACM1", "/dev/ttyACM3", "/dev/ttyACM2"]
    assert paths == [*acm, "/dev/ttyUSB0", "/dev/ttyUSB1"]
    assert [one.path for one in candidates(ports, everything=True)] == [*paths, "/dev/ttyS0"]


def test_identity_and_link(tmp_path: Path) -> None:
    device, by_id = tmp_path / "ttyACM0", tmp_path / "by-id"
    by_id.mkdir()
    device.touch()
    (by_id / "usb-Openlight_Labs_CANable2-if00").symlink_to("../ttyACM0")
    (by_id / "usb-other").symlink_to("../ttyACM1")
    listed = port("16d0:117e", "CANable2", device=str(device), serial_number="2064")
    (found,) = candidates([listed], by_id=str(by_id))
    assert found.by_id == str(by_id / "usb-Openlight_Labs_CANable2-if00")
    assert found.serial_number == "2064"
    assert (found.vid, found.pid) == (0x16D0, 0x117E)
    assert found.is_allowed
    (found,) = candidates([listed], by_id=str(tmp_path / "none"))
    assert found.by_id is None


def test_two_adapters_with_one_serial_number_are_two_candidates() -> None:
    ports = [port("16d0:117e", "CANable2", device=f"/dev/ttyACM{n}") for n in (0, 1)]
    for one in ports:
        one.serial_number = "SN0001"
    assert [one.path for one in candidates(ports)] == ["/dev/ttyACM0", "/dev/ttyACM1"]


def test_rights_are_read_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = port("16d0:117e", device=str(tmp_path / "gone"))
    (found,) = candidates([listed])
    assert not found.is_allowed


def test_this_machine_is_looked_at_and_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = os.open

    def no_device(path, *args, **options):
        is_device = Path(path).exists() and stat.S_ISCHR(Path(path).stat().st_mode)
        assert not is_device, path
        return genuine(path, *args, **options)

    monkeypatch.setattr(os, "open", no_device)
    with no_leak():
        found = candidates(everything=True)
    assert [one.path for one in found if not one.path.startswith("/dev/")] == []


def test_the_ports_of_this_machine_are_those_with_hardware_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, kind in (("ttyS0", "4"), ("ttyS1", "0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(f"{kind}\n")
    assert port_list._is_there("ttyS0", str(tmp_path))
    assert not port_list._is_there("ttyS1", str(tmp_path))
    assert port_list._is_there("ttyACM0", str(tmp_path))


def test_without_pyserial_there_are_no_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "serial.tools.list_ports", None)
    assert serial_ports() == []
    assert nearest_ports("/dev/ttyACM0") == []
    assert candidates() == []


def test_a_real_tty_that_carries_the_facts_of_an_adapter(tmp_path: Path) -> None:
    """What is found can be opened: the link, the device, and both name the same port."""
    from canbus.backends.slcan.port import open_port

    adapter = Adapter(tmp_path)
    device = os.path.realpath(adapter.path)
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    (by_id / "usb-CANable2").symlink_to(device)
    (found,) = candidates([port("16d0:117e", "CANable2", device=device)], by_id=str(by_id))
    assert found.is_allowed
    opened = open_port(found.by_id or "", 115200)
    adapter.say(b"x")
    opened.close()
    adapter.unplug()


def test_the_modules_import_no_pyserial() -> None:
    assert "serial" not in vars(discovery)
    assert "serial" not in vars(usb_ids)
