"""The kernel's end, on a make-believe /sys; the true one is in tests/hardware."""

from __future__ import annotations

import os
import sys

import pytest

import canbus as can
from canbus.testing.usb import emulate, vhci

STATUS = """\
hub port sta spd dev      sockfd local_busid
hs  0000 006 002 00000001 000003 3-1
hs  0001 004 000 00000000 000000 0-0
hs  0002 004 000 00000000 000000 0-0
ss  0008 004 000 00000000 000000 0-0
"""


@pytest.fixture
def sysfs(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(vhci, "SYS", tmp_path / "vhci_hcd.0")
    monkeypatch.setattr(vhci, "_DRIVERS", tmp_path / "drivers")
    monkeypatch.setattr(vhci, "modprobe", lambda module: f"there is no {module}")
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    return tmp_path / "vhci_hcd.0"


@pytest.fixture
def ports(sysfs):
    sysfs.mkdir()
    (sysfs / "status").write_text(STATUS)
    (sysfs / "attach").touch()
    return sysfs


def test_elsewhere_than_on_linux_it_says_so(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(can.CanUnsupportedError, match="darwin"), emulate("gs_usb"):
        pass


def test_a_kernel_without_vhci_is_named(sysfs):
    with pytest.raises(can.CanKernelSupportError, match="no vhci-hcd") as info:
        vhci.prepare(None)
    assert "CONFIG_USBIP_VHCI_HCD" in info.value.hint


def test_a_kernel_without_the_driver_is_named(ports):
    vhci.prepare(None)
    with pytest.raises(can.CanKernelSupportError, match="no gs_usb"):
        vhci.prepare("gs_usb")


def test_who_is_not_root_is_told(sysfs, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(can.CanPermissionError, match="vhci-hcd") as info:
        vhci.prepare(None)
    assert "modprobe vhci-hcd" in info.value.hint


def test_the_right_to_attach_is_looked_at(ports, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(can.CanPermissionError, match="attach"):
        vhci.prepare(None)


def test_the_first_free_port_is_taken(ports):
    assert vhci.attach(5, 2) == 1
    assert (ports / "attach").read_text() == "1 5 2 2"


def test_no_free_port(ports):
    (ports / "status").write_text(STATUS.replace(" 004 ", " 006 "))
    with pytest.raises(can.CanInitializationError, match="in use"):
        vhci.attach(5, 2)


def test_interfaces_are_named_in_order_of_the_channels(ports):
    for name, port, index in (("can7", 0, 12), ("can5", 1, 11)):
        folder = ports / "usb3" / "3-1" / "3-1:1.0" / "net" / name
        folder.mkdir(parents=True)
        (folder / "dev_id").write_text("0x0\n")
        (folder / "dev_port").write_text(f"{port}\n")
        (folder / "ifindex").write_text(f"{index}\n")
    assert vhci.interfaces(0) == {12: "can7", 11: "can5"}
    assert vhci.interfaces(1) == {}


def test_a_serial_port_is_found_on_whichever_interface_it_is(ports):
    folder = ports / "usb3" / "3-1" / "3-1:1.0" / "tty" / "ttyACM7"
    folder.mkdir(parents=True)
    assert vhci.terminals(0) == (folder,)
    assert vhci.terminals(1) == ()


def test_the_option_of_a_driver_that_is_not_for_can(ports):
    with pytest.raises(can.CanKernelSupportError) as info:
        vhci.prepare("cdc_acm")
    assert "CONFIG_USB_ACM" in info.value.hint


@pytest.mark.parametrize(("kind", "channels"), [("pcan_usb", 2), ("gs_usb", 4), ("gs_usb", 0)])
def test_adapters_that_do_not_exist(kind, channels):
    with pytest.raises(can.CanConfigError), emulate(kind, channels=channels):
        pass


def test_an_unknown_kind():
    with pytest.raises(can.CanConfigError, match="no emulated adapter") as info, emulate("x"):  # type: ignore[call-overload]
        pass
    assert "gs_usb" in info.value.hint
