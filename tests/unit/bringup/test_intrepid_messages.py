"""What Intrepid's daemon says, as its sources have it, and what becomes of that."""

from __future__ import annotations

import errno

import pytest

from canbus.bringup.families.intrepid.messages import failure, made, troubles
from canbus.errors import CanLinkError, CanLinkPermissionError

BOTH = "Please ensure that both the usermode daemon and kernel driver are up to date\n"
CASES = {
    "not loaded": (
        (
            "Could not open the kernel driver\nError 2: No such file or directory\n\n"
            "This usually happens if the driver has not been loaded with insmod\n"
        ),
        (CanLinkError, errno.ENOENT, "intrepid is not loaded", "sudo modprobe intrepid"),
    ),
    "second": (
        (
            "Could not open the kernel driver\nError 5: Input/output error\n\n"
            "This usually happens if there is already a daemon running\n"
        ),
        (CanLinkError, errno.EIO, "another one is running", "stop it where it was started"),
    ),
    "not root": (
        (
            "Could not open the kernel driver\nError 13: Permission denied\n\n"
            "This usually happens if the daemon is not being run as root (use sudo)\n"
        ),
        (CanLinkPermissionError, errno.EACCES, "only root may open", "sudo"),
    ),
    "other open": (
        "Could not open the kernel driver\nError 16: Device or resource busy\n",
        (CanLinkError, None, "cannot open /dev/intrepid_netdevice", "dmesg"),
    ),
    "older module": (
        (
            "Error reading the version from the kernel driver\nError 22: Invalid argument\n\n"
            "This can happen if the driver is too old"
        ),
        (CanLinkError, errno.EINVAL, "different generations", "build both anew"),
    ),
    "newer module": (
        f"This version of the usermode daemon is too old to work with this driver\n{BOTH}",
        (CanLinkError, None, "too old for the kernel module", "build both anew"),
    ),
    "not taken": (
        (
            "The kernel driver reports an incompatibility with this version of the usermode "
            f"daemon\n{BOTH}"
        ),
        (CanLinkError, None, "does not take this version", "build both anew"),
    ),
    "numbers": (
        "Error reading the shared memory size from the kernel driver\nError 22: Invalid\n",
        (CanLinkError, None, "does not answer as it should", "build both anew"),
    ),
    "memory": (
        "Error setting up shared memory with the kernel driver\n",
        (CanLinkError, None, "gets no memory", "dmesg"),
    ),
    "usage": (
        "The libicsneo SocketCAN Usermode Daemon\n\nUsage: icsscand [option]\n\nOptions:\n",
        (CanLinkError, None, "does not run as canbus calls it", "git clone"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_text_becomes_an_error_with_a_hint(name):
    said, (kind, code, why, hint) = CASES[name]
    header = "Daemon v3.2.0\nlibicsneo v1.0.0\n\n"
    error = failure("/usr/local/bin/icsscand", 1, header + said)
    assert type(error) is kind
    assert error.error_code == code
    assert str(error).startswith("Intrepid's daemon /usr/local/bin/icsscand ends at once: ")
    assert why in str(error)
    assert hint in error.hint


def test_what_is_not_known_is_quoted():
    error = failure("/x/icsscand", 127, "icsscand: error while loading libusb-1.0.so.0\n\n")
    assert "/x/icsscand ends at once with status 127: icsscand: error while loading" in str(error)
    assert "LIBICSNEO_USE_SERVD=0 /x/icsscand" in error.hint


def test_who_says_nothing():
    assert str(failure("/x/icsscand", None, "")) == "Intrepid's daemon /x/icsscand ends at once"


def test_troubles_with_devices():
    said = (
        "Waiting for connections...\n"
        "ValueCAN 4-2 V20227 failed to connect. Will keep trying...\n"
        "API Error: System error, check errno/GetLastError()\n"
        "RAD-Moon2 RM0001 has no supported networks\n"
        "neoVI FIRE 2 CY1234 failed to create network interfaces. Will keep trying...\n"
    )
    assert troubles(said) == [
        (
            "ValueCAN 4-2 V20227 failed to connect. API Error: System error, check "
            "errno/GetLastError()"
        ),
        "RAD-Moon2 RM0001 has no supported networks",
        "neoVI FIRE 2 CY1234 failed to create network interfaces.",
    ]
    assert troubles("ValueCAN 4-2 V20227 failed to connect. Will keep trying...") == [
        "ValueCAN 4-2 V20227 failed to connect."
    ]
    assert troubles("Waiting for connections...\n") == []


def test_links_that_were_made():
    said = (
        "Creating network interface hscan_61777\nCreated network interface hscan_61777\n"
        "Created network interface mscan_61777\nCreated network interface hscan_61777\n"
    )
    assert made(said) == ["hscan_61777", "mscan_61777"]
