"""CAN XL through a socketcan bus, on a vcan that takes frames of 2060 bytes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

import canbus as can
from canbus.testing.support import receive


@pytest.fixture
def xl_link(vcan: str) -> str:
    """A link that takes CAN XL."""
    for words in (["down"], ["mtu", "2060"], ["up"]):
        subprocess.run(["ip", "link", "set", vcan, *words], check=True)
    return vcan


Open = Callable[..., can.BusABC]


@pytest.fixture
def open_xl(xl_link: str, open_bus: Open) -> Open:
    def open_one(**options: Any) -> can.BusABC:
        return open_bus(xl_link, xl=True, **options)

    return open_one


def _frame(size: int = 5, priority: int = 0x123, **fields: Any) -> can.XlMessage:
    data = bytes(number % 251 for number in range(size))
    return can.XlMessage(arbitration_id=priority, data=data, **fields)


@pytest.mark.parametrize("size", [1, 8, 64, 65, 500, 2047, 2048])
def test_a_frame_of_every_length_crosses(open_xl: Open, size: int) -> None:
    bus, other = open_xl(), open_xl()
    sent = _frame(size, sdt=3, af=0xDEADBEEF)
    bus.send(sent)
    got = receive(other)
    assert isinstance(got, can.XlMessage)
    assert got.equals(sent, timestamp_delta=None, check_channel=False, check_direction=False)
    assert got.timestamp_source is can.TimestampSource.KERNEL
    assert got.origin is can.FrameOrigin.LOCAL


def test_all_kinds_share_one_bus_in_order(open_xl: Open) -> None:
    bus, other = open_xl(), open_xl()
    frames = [
        can.Message.parse("123#01"),
        _frame(2048),
        can.Message.parse("123##1" + "AA" * 64),
        _frame(3),
        can.Message.parse("1F334455#"),
    ]
    bus.send_many(frames)
    got = other.recv_many(10, 5)
    assert [(msg.is_xl, msg.is_fd, bytes(msg.data)) for msg in got] == [
        (msg.is_xl, msg.is_fd, bytes(msg.data)) for msg in frames
    ]
    assert bus.protocol is can.CanProtocol.CAN_XL


def test_filters_see_the_priority(open_xl: Open) -> None:
    bus, other = open_xl(), open_xl(can_filters=[can.CanFilter(0x200, 0x7FF, extended=False)])
    for priority in (0x100, 0x200, 0x300):
        bus.send(_frame(priority=priority))
    assert receive(other).arbitration_id == 0x200
    assert other.recv(0) is None
    other.set_filters([can.CanFilter(0x300, 0x7FF, extended=False)])
    for priority in (0x200, 0x300):
        bus.send(_frame(priority=priority))
    assert receive(other).arbitration_id == 0x300


def test_a_loss_is_placed_and_the_frame_stays_what_it_is(open_xl: Open) -> None:
    bus, slow = open_xl(), open_xl(rcvbuf=4096, on_loss="count")
    for _ in range(50):
        bus.send(_frame(2048))
    first = len(slow.recv_many(100, 0))
    bus.send(_frame(7))
    got = receive(slow)
    assert isinstance(got, can.XlMessage)
    assert (got.dlc, got.lost_before) == (7, 50 - first)


def test_an_xl_frame_is_confirmed(open_xl: Open) -> None:
    bus, other = open_xl(), open_xl()
    receipt = bus.send(_frame(100), 20, confirm=True)
    assert receive(other).timestamp_ns == receipt.timestamp_ns


def test_a_bus_that_was_not_opened_for_it_refuses(open_bus: Open, xl_link: str) -> None:
    with pytest.raises(can.CanUnsupportedError, match="xl=True"):
        open_bus(xl_link, fd=True).send(_frame())


def test_a_link_that_does_not_take_it_is_named(open_bus: Open, vcan: str) -> None:
    with pytest.raises(can.CanMessageError, match="does not take CAN XL"):
        open_bus(vcan, xl=True).send(_frame(2048))


def _kernel_has_virtual_networks() -> bool:
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(minor)) >= (6, 9)


def test_virtual_networks_are_refused_by_name_where_the_kernel_has_none(open_xl: Open) -> None:
    """Linux 6.12 has them, the guest's 6.1 has not."""
    if _kernel_has_virtual_networks():
        bus, other = open_xl(vcid=0x42), open_xl()
        bus.send(_frame())
        other.send(_frame(vcid=0x43))
        got = receive(other)
        assert isinstance(got, can.XlMessage)
        assert got.vcid == 0x42
        assert bus.recv(0) is None
        return
    with pytest.raises(can.CanKernelSupportError, match="vcid") as caught:
        open_xl(vcid=0x42)
    assert "6.12" in (caught.value.hint or "")
    with pytest.raises(can.CanUnsupportedError, match="vcid"):
        open_xl().send(_frame(vcid=0x42))


@pytest.mark.parametrize(
    "options", [{"vcid": 256, "xl": True}, {"vcid": -1, "xl": True}, {"vcid": 1}]
)
def test_a_virtual_network_that_cannot_be_is_refused(
    open_bus: Open, options: dict[str, Any]
) -> None:
    with pytest.raises(can.CanConfigError, match="vcid"):
        open_bus(**options)
