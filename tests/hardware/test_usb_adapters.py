"""The emulated USB adapters under the stock drivers: what tests with them may rely on."""

from __future__ import annotations

import errno
import socket
import time

import pytest

import canbus as can
from canbus.testing.usb import emulate
from tests.hardware.network import (
    RawCan,
    can_state,
    ip,
    link_details,
    link_down,
    link_up,
    wait_until,
)

BUS_OFF, RESTARTED, CONTROLLER, BUS_ERROR = 0x40, 0x100, 0x04, 0x80
CLASSIC = ["123#DEADBEEF", "7FF#", "1F334455#0011223344556677", "00000001#01", "321#R5"]
FD = ["123##0", "123##1" + "A5" * 64, "1F334455##0" + "11" * 12]


def texts(sent):
    return [format(frame.msg, "candump") for frame in sent]


# -- both adapters ------------------------------------------------------------------------


@pytest.fixture(params=["gs_usb", "pcan_usb"])
def adapter(request):
    return request.getfixturevalue(request.param)


def test_the_stock_driver_binds(adapter):
    for name in adapter.netdevs:
        link = link_details(name)
        driver = {"gs_usb": "gs_usb", "pcan_usb": "pcan_usb"}[adapter.state()["kind"]]
        assert link["linkinfo"]["info_data"]["bittiming_const"]["name"] == driver


def test_the_bitrate_is_the_one_that_was_set(adapter):
    name = adapter.netdevs[0]
    for bitrate in (125_000, 1_000_000):
        link_up(name, bitrate=bitrate)
        channel = adapter.state()["channels"][0]
        assert (channel["on"], channel["bitrate"]) == (True, bitrate)
        link_down(name)
    assert adapter.state()["channels"][0]["on"] is False


def test_frames_go_both_ways(adapter):
    name = adapter.netdevs[0]
    link_up(name)
    with RawCan(name) as bus:
        for text in CLASSIC:
            bus.send(text)
        assert texts(adapter.wait_for_sent(len(CLASSIC))) == CLASSIC
        adapter.frames(CLASSIC, channel=0)
        assert [bus.receive_text() for _ in CLASSIC] == CLASSIC


def test_hardware_stamps_rise_with_the_frames(adapter):
    name = adapter.netdevs[0]
    link_up(name)
    with RawCan(name, stamps=True) as bus:
        if adapter.state()["kind"] == "pcan_usb":
            wait_for_first_stamp(adapter, bus)
        stamps = []
        for _ in range(3):
            adapter.frame("123#00", channel=0)
            stamps.append(bus.receive().hardware_ns or 0)
    assert 0 not in stamps
    assert stamps == sorted(stamps)
    assert stamps[0] < stamps[-1]


def wait_for_first_stamp(adapter, bus):
    """peak_usb stamps after two records of the adapter's clock, a second apart."""

    def stamped():
        adapter.frame("7FF#", channel=0)
        return bus.receive().hardware_ns is not None

    wait_until(stamped)


def test_nobody_acknowledges_then_all_frames_go_out_in_order(adapter):
    name = adapter.netdevs[0]
    link_up(name)
    adapter.fault("noack")
    with RawCan(name) as bus:
        accepted = bus.send_until_full()
        wait_until(lambda: can_state(name) == "ERROR-PASSIVE")
        channel = adapter.state()["channels"][0]
        assert (channel["state"], channel["tec"]) == ("ERROR_PASSIVE", 128)
        assert adapter.sent == []

        adapter.fault("none")

        sent = adapter.wait_for_sent(accepted)
        assert [frame.msg.arbitration_id for frame in sent] == list(range(accepted))
        times = [frame.monotonic_ns for frame in sent]
        assert times == sorted(times)
        wait_until(lambda: can_state(name) != "ERROR-PASSIVE")


def test_unplugging_removes_the_interfaces_and_plugging_in_makes_new_ones(adapter):
    before = adapter.netdevs
    link_up(before[0])
    with RawCan(before[0]) as bus:
        adapter.unplug()

        assert adapter.netdevs == ()
        assert not {name for _, name in socket.if_nameindex()} & set(before)
        with pytest.raises(OSError) as info:  # noqa: PT012 - the first says down, the next gone
            for _ in range(3):
                bus.receive(1.0)
        assert info.value.errno in {errno.ENETDOWN, errno.ENODEV}

    names = adapter.plug()

    assert names == adapter.netdevs
    assert len(names) == len(before)
    link_up(names[0])
    with RawCan(names[0]) as bus:
        bus.send("123#01")
        assert texts(adapter.wait_for_sent(1)) == ["123#01"]


def test_a_lost_frame_is_told_as_an_overflow(adapter):
    name = adapter.netdevs[0]
    link_up(name)
    with RawCan(name, errors=True) as bus:
        adapter.overflow()
        adapter.frame("123#00", channel=0)
        assert bus.receive_error(CONTROLLER).data[1] & 0x01
    assert link_details(name)["stats64"]["rx"]["over_errors"] == 1


def test_error_counters_lead_to_error_passive(adapter):
    name = adapter.netdevs[0]
    link_up(name)
    adapter.error_counters(100, 0)
    wait_until(lambda: can_state(name) == "ERROR-WARNING")
    adapter.error_counters(0, 200)
    wait_until(lambda: can_state(name) == "ERROR-PASSIVE")
    adapter.error_counters(0, 0)
    wait_until(lambda: can_state(name) == "ERROR-ACTIVE")


# -- candleLight ----------------------------------------------------------------------------


def test_fd_frames_go_both_ways(gs_usb):
    name = gs_usb.netdevs[0]
    link_up(name, "dbitrate", "2000000", "fd", "on")
    channel = gs_usb.state()["channels"][0]
    assert (channel["fd"], channel["data_bitrate"]) == (True, 2_000_000)
    with RawCan(name) as bus:
        for text in FD:
            bus.send(text)
        assert texts(gs_usb.wait_for_sent(len(FD))) == FD
        gs_usb.frames(FD, channel=0)
        assert [bus.receive_text() for _ in FD] == FD


def test_two_channels_are_joined_by_the_wire(gs_usb):
    one, other = gs_usb.netdevs
    for name in (one, other):
        link_up(name)
    with RawCan(one) as left, RawCan(other) as right:
        left.send("123#01")
        assert right.receive_text() == "123#01"
        right.send("124#02")
        assert left.receive_text() == "124#02"
    assert [frame.channel for frame in gs_usb.sent] == [0, 1]


def test_bus_off_lasts_until_the_interface_is_restarted(gs_usb):
    name = gs_usb.netdevs[0]
    link_up(name)
    gs_usb.short()
    with RawCan(name, errors=True) as bus:
        bus.send("123#00")
        bus.receive_error(BUS_OFF)
        assert can_state(name) == "BUS-OFF"
        gs_usb.fault("none")
    with pytest.raises(RuntimeError, match="restart"):
        ip("link", "set", name, "type", "can", "restart")
    link_down(name)
    link_up(name)
    assert can_state(name) == "ERROR-ACTIVE"
    assert gs_usb.sent == []


def test_firmware_that_recovers_by_itself_says_so_and_goes_on(gs_usb):
    name = gs_usb.netdevs[0]
    link_up(name)
    with RawCan(name, errors=True) as bus:
        gs_usb.bus_off()
        bus.receive_error(BUS_OFF)
        bus.send("123#00")
        gs_usb.wait_for_pending(1)
        gs_usb.recover()
        bus.receive_error(RESTARTED)
        assert can_state(name) == "ERROR-ACTIVE"
    assert texts(gs_usb.wait_for_sent(1)) == ["123#00"]


def test_an_error_frame_arrives_as_it_is(gs_usb):
    name = gs_usb.netdevs[0]
    link_up(name)
    with RawCan(name, errors=True) as bus:
        gs_usb.error_frame(0x88, bytes.fromhex("0000041900000000"))
        assert bus.receive_text() == "20000088#0000041900000000"


def test_termination_and_listen_only_arrive(gs_usb):
    name = gs_usb.netdevs[0]
    ip("link", "set", name, "type", "can", "termination", "120")
    link_up(name, "listen-only", "on")
    channel = gs_usb.state()["channels"][0]
    assert (channel["termination"], channel["listen_only"]) == (120, True)
    link_down(name)
    ip("link", "set", name, "type", "can", "listen-only", "off", "termination", "0")


# -- PCAN-USB -------------------------------------------------------------------------------


def test_restart_ms_brings_it_back_from_bus_off(pcan_usb):
    name = pcan_usb.netdevs[0]
    link_up(name, "restart-ms", "300")
    pcan_usb.short()
    with RawCan(name, errors=True) as bus:
        before = time.monotonic()
        bus.send("123#00")
        bus.receive_error(BUS_OFF)
        pcan_usb.fault("none")
        bus.receive_error(RESTARTED)
        assert 0.3 <= time.monotonic() - before < 0.3 * 10
        assert can_state(name) == "ERROR-ACTIVE"
        bus.send("124#00")
        assert texts(pcan_usb.wait_for_sent(1)) == ["124#00"]  # 123 was lost, not kept
    assert link_details(name)["linkinfo"]["info_xstats"]["restarts"] >= 1


def test_bus_off_lasts_until_a_restart_by_hand(pcan_usb):
    name = pcan_usb.netdevs[0]
    link_up(name, "restart-ms", "0")
    pcan_usb.short()
    with RawCan(name, errors=True) as bus:
        bus.send("123#00")
        bus.receive_error(BUS_OFF)
        assert can_state(name) == "BUS-OFF"
        assert "LOWER_UP" not in link_details(name)["flags"]
        pcan_usb.fault("none")
        ip("link", "set", name, "type", "can", "restart")
        bus.receive_error(RESTARTED)
        wait_until(lambda: can_state(name) == "ERROR-ACTIVE")
        wait_until(lambda: "LOWER_UP" in link_details(name)["flags"])
        bus.send("124#00")
        assert texts(pcan_usb.wait_for_sent(1)) == ["124#00"]


def test_it_has_no_error_frames_of_ones_own_choice(pcan_usb):
    with pytest.raises(can.CanUnsupportedError, match="pcan_usb"):
        pcan_usb.error_frame(0x88)


# -- the wire -------------------------------------------------------------------------------


def test_a_vcan_is_the_other_end_of_the_wire():
    from canbus.links import temporary_vcan

    with temporary_vcan() as vcan, emulate("gs_usb", wire=vcan.name, paced=True) as adapter:
        (name,) = adapter.netdevs
        link_up(name, bitrate=10_000)
        with RawCan(name) as host, RawCan(vcan.name) as outside:
            outside.send("100#0011223344556677")
            assert host.receive_text() == "100#0011223344556677"
            accepted = host.send_until_full()  # a sound bus, and yet there is no room
            arrived = [outside.receive().msg.arbitration_id for _ in range(accepted)]
        assert arrived == list(range(accepted))
        times = [frame.monotonic_ns for frame in adapter.sent]
        assert times[-1] - times[0] >= (accepted - 2) * 47 * 10**9 // 10_000
