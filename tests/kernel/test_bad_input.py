"""Everything that can be wrong on a real kernel: a named error, and a hint that helps."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import canbus as can

CLASSIC_LINK = "vcanclassic"


@pytest.fixture
def classic_link() -> Iterator[str]:
    from canbus.links import create_vcan, delete_link

    create_vcan(CLASSIC_LINK, fd=False)
    yield CLASSIC_LINK
    delete_link(CLASSIC_LINK)


@pytest.mark.parametrize(
    ("channel", "error", "hint"),
    [
        ("can77", can.CanChannelNotFoundError, "canbus up can77 --bitrate"),
        ("vcan77", can.CanChannelNotFoundError, "ip link add dev vcan77 type vcan"),
        ("slcan7", can.CanChannelNotFoundError, "slcand"),
        ("lo", can.CanChannelNotFoundError, "type can"),
        ("a-name-far-too-long-for-linux", can.CanInitializationError, ""),
        (7, can.CanConfigError, "can0"),
    ],
)
def test_a_channel_that_cannot_be_opened_is_named_with_a_hint(channel, error, hint):
    with pytest.raises(error, match=str(channel)) as caught:
        can.Bus(channel, interface="socketcan")

    assert hint in (caught.value.hint or "")


def test_a_channel_error_is_an_oserror_with_errno_as_python_can_leaks_it():
    with pytest.raises(OSError, match="can77") as caught:
        can.Bus("can77", interface="socketcan")
    assert caught.value.errno == 19


@pytest.mark.parametrize("action", ["recv", "send"])
def test_a_down_interface_is_said_to_be_down(vcan, open_bus, action):
    bus = open_bus()
    subprocess.run(["ip", "link", "set", vcan, "down"], check=True)

    with pytest.raises(can.CanLinkDownError, match=vcan) as caught:
        bus.recv(5) if action == "recv" else bus.send(can.Message.parse("123#"))

    assert f"ip link set {vcan} up" in caught.value.hint


def test_after_up_the_same_bus_works(vcan, open_bus):
    bus, sender = open_bus(), open_bus()
    subprocess.run(["ip", "link", "set", vcan, "down"], check=True)
    for one in (bus, sender):
        with pytest.raises(can.CanLinkDownError):
            one.recv(5)

    subprocess.run(["ip", "link", "set", vcan, "up"], check=True)
    sender.send(can.Message.parse("123#"))

    assert bus.recv(5).arbitration_id == 0x123


def test_a_removed_interface_is_said_to_be_gone(vcan, open_bus):
    bus = open_bus()
    subprocess.run(["ip", "link", "del", vcan], check=True)
    try:
        with pytest.raises(can.CanChannelNotFoundError, match="gone"):
            bus.recv(5)
        with pytest.raises(can.CanChannelNotFoundError, match="gone"):
            bus.send(can.Message.parse("123#"))
    finally:
        subprocess.run(["ip", "link", "add", vcan, "type", "vcan"], check=True)


def test_an_fd_frame_on_a_link_without_fd_is_refused_with_the_command(classic_link):
    with (
        can.Bus(classic_link, interface="socketcan", fd=True) as bus,
        pytest.raises(can.CanMessageError, match="does not take CAN FD") as caught,
    ):
        bus.send(can.Message.parse("123##0AA"))
    assert "mtu 72" in caught.value.hint


BAD_FRAMES = [
    (can.Message(is_fd=True, data=[1]), can.CanUnsupportedError, "fd=True"),
    (can.Message(data=bytes(9)), can.CanMessageError, "is_fd=True"),
    (can.Message(arbitration_id=0x20000000), can.CanMessageError, "flag bits"),
    (can.Message(arbitration_id=-1), can.CanMessageError, ""),
    (can.Message(data=[1], dlc=2), can.CanMessageError, "dlc"),
    (can.Message(is_fd=True, is_remote_frame=True), can.CanMessageError, "is_fd=False"),
]


@pytest.mark.parametrize(("frame", "error", "hint"), BAD_FRAMES, ids=range(len(BAD_FRAMES)))
def test_a_frame_that_cannot_be_sent_is_refused_before_any_io(open_bus, frame, error, hint):
    bus, witness = open_bus(), open_bus()

    with pytest.raises(error) as caught:
        bus.send(frame)

    assert hint in (caught.value.hint or "")
    assert witness.recv(0) is None


def test_use_of_a_bus_is_refused_where_it_makes_no_sense(open_bus):
    bus = open_bus()
    with pytest.raises(ValueError, match="negative"):
        bus.recv(-1)
    with pytest.raises(can.CanConfigError, match="recieve_own_messages") as caught:
        open_bus(recieve_own_messages=True)
    assert "receive_own_messages" in caught.value.hint
    bus.shutdown()
    for use in (lambda: bus.recv(0), lambda: bus.send(can.Message()), bus.fileno):
        with pytest.raises(can.CanClosedError):
            use()


@pytest.mark.parametrize("option", ["bitrate", "data_bitrate"])
def test_a_bitrate_cannot_be_verified_on_a_vcan_and_that_is_said(vcan, option):
    options: dict[str, Any] = {option: 500_000}
    with pytest.warns(can.CanWarning, match="not verified"):
        can.Bus(vcan, interface="socketcan", **options).shutdown()


@pytest.fixture
def modules_removed() -> Iterator[None]:
    """A kernel without CAN: its modules are removed, and not loaded on demand."""
    on_demand = Path("/proc/sys/kernel/modprobe")
    before = on_demand.read_text().strip()
    on_demand.write_text("/bin/false")
    try:
        subprocess.run(["rmmod", "can_raw"], check=True)
        yield
    finally:
        on_demand.write_text(before)


@pytest.mark.guest
def test_a_kernel_without_can_is_named_with_the_module_to_load(modules_removed):
    with pytest.raises(can.CanKernelSupportError, match="no raw CAN sockets") as caught:
        can.Bus("vcan0", interface="socketcan")
    assert caught.value.hint == "modprobe can_raw"

    # Whatever other tests have had loaded: all that stands on can.ko.
    others = ["can_bcm", "can_gw", "can_isotp", "can_j1939"]
    subprocess.run(["modprobe", "-r", *others, "vxcan", "vcan", "slcan", "can"], check=False)
    with pytest.raises(can.CanKernelSupportError, match="this kernel has no CAN") as caught:
        can.Bus("vcan0", interface="socketcan")
    assert "interface='virtual'" in caught.value.hint
    assert isinstance(caught.value, OSError)


def test_creating_a_link_without_the_right_says_how_to_get_it(vcan):
    drop = ["setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin"]
    code = "import canbus.links\ncanbus.links.create_vcan('vcanx')"
    done = subprocess.run(
        [*drop, sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "CanLinkPermissionError" in done.stderr
    assert "CAP_NET_ADMIN" in done.stderr
