"""What keeps a module from being loaded: modprobe.d, and the kernel's command line."""

from __future__ import annotations

import pytest

from canbus.bringup.doctor.blocked import block_of
from tests.unit.doctor.fake_system import FakeSystem


@pytest.mark.parametrize(
    ("path", "text", "is_hard"),
    [
        ("/etc/modprobe.d/a.conf", "blacklist peak_usb", False),
        ("/usr/lib/modprobe.d/a.conf", "# x\n  blacklist  peak-usb  ", False),
        ("/lib/modprobe.d/a.conf", "install peak_usb /bin/false", True),
        ("/run/modprobe.d/a.conf", "blacklist peak_usb\ninstall peak_usb /bin/true", True),
        ("/proc/cmdline", "quiet module_blacklist=x,peak_usb ro", True),
        ("/proc/cmdline", "modprobe.blacklist=peak_usb", False),
    ],
)
def test_a_line_blocks(tmp_path, path, text, is_hard):
    block = block_of(FakeSystem(tmp_path, {"files": {path: text}}), "peak_usb")
    assert block is not None
    assert (block.where, block.is_hard) == (path, is_hard)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/modprobe.d/a.conf", "#blacklist peak_usb"),
        ("/etc/modprobe.d/a.conf", "blacklist peak_usb2"),
        ("/etc/modprobe.d/a.conf", "options peak_usb x=1"),
        ("/etc/modprobe.d/a.conf", "install peak_usb /sbin/modprobe --ignore-install peak_usb"),
        ("/etc/modprobe.d/a.txt", "blacklist peak_usb"),
        ("/proc/cmdline", "quiet"),
    ],
)
def test_a_line_does_not(tmp_path, path, text):
    assert block_of(FakeSystem(tmp_path, {"files": {path: text}}), "peak_usb") is None
