"""Channels by what they are, and which there are, on emulated adapters under the stock drivers."""

from __future__ import annotations

import pytest

import canbus as can
from canbus.links import get_link
from tests.hardware.network import ip, link_down, link_up, wait_until

PATIENCE = 30


def test_links_are_detected_down_and_up(controllers, gs_usb):
    name, other = gs_usb.netdevs
    found = {one["channel"]: one for one in can.detect_available_configs("socketcan")}
    assert {*controllers, name, other} <= set(found)
    facts = found[name].facts
    assert (facts["is_up"], facts["state"], facts["driver"]) == (False, "STOPPED", "gs_usb")
    assert (facts["serial_number"], facts["channel"]) == ("EMULATED", 0)
    up = found[controllers[0]].facts
    assert (up["is_up"], up["bitrate"], up["bus"]) == (True, 500_000, "pci")
    assert found[other].address == "usb:EMULATED/1"
    assert found[controllers[0]].address == f"path:{up['path']}"


def test_a_channel_of_an_adapter_opens_by_its_serial_number_whatever_it_is_called(gs_usb):
    name, other = gs_usb.netdevs
    ip("link", "set", other, "name", "renamed0")
    try:
        link_up(name)
        link_up("renamed0")
        with (
            can.Bus("usb:EMULATED", "socketcan") as first,
            can.Bus("usb:EMULATED/1", "socketcan") as second,
        ):
            assert (first.channel, second.channel) == (name, "renamed0")
            first.send(can.Message.parse("123#01"), PATIENCE)
            assert second.recv(PATIENCE).channel == "renamed0"
        path = get_link(name).device.path
        with can.Bus(f"path:{path}/1", "socketcan") as bus:
            assert bus.channel == "renamed0"
    finally:
        link_down("renamed0")
        ip("link", "set", "renamed0", "name", other)


def test_one_that_is_not_plugged_in_says_what_is(gs_usb):
    with pytest.raises(can.CanChannelNotFoundError, match="usb:1234 is not plugged in") as caught:
        can.Bus("usb:1234", "socketcan")
    assert "usb:EMULATED" in str(caught.value.hint)


def test_a_serial_adapter_is_found_by_its_number_under_another_port(serial_adapter):
    adapter = serial_adapter
    found = [one for one in can.detect_available_configs("slcan") if one["channel"] == adapter.tty]
    assert [one.address for one in found] == ["usb:EMULATED"]
    with can.Bus("usb:EMULATED", "slcan", bitrate=500_000) as bus:
        adapter.unplug()
        with pytest.raises(can.CanChannelNotFoundError):
            bus.recv(PATIENCE)
        adapter.plug()
        wait_until(lambda: bool(can.detect_available_configs("slcan")))
        bus.reopen()
        bus.send(can.Message.parse("123#01"), PATIENCE)
        adapter.wait_for_sent(1)
