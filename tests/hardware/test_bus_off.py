"""Bus-off, unplugging and coming back, all on one bus object."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import canbus as can
from canbus.backends.socketcan.bus import SocketcanBus
from canbus.testing.support import Worker, number_of, numbered, receive, wait_until_blocked
from canbus.testing.usb import EmulatedAdapter
from tests.hardware.network import link_down, link_up, wait_until

PATIENCE = 30


@pytest.fixture
def name(pcan_usb: EmulatedAdapter) -> str:
    return pcan_usb.netdevs[0]


def _error_frame(bus: can.BusABC, error_class: can.ErrorClass) -> can.ErrorFrame:
    while True:
        msg = bus.recv(PATIENCE)
        assert msg is not None, f"no error frame of class {error_class}"
        if msg.is_error_frame and msg.arbitration_id & error_class:
            return can.decode_error_frame(msg)


def _drive_bus_off(bus: can.BusABC, adapter: EmulatedAdapter) -> None:
    adapter.fault("short")
    bus.send(numbered(1), PATIENCE)


def test_bus_off_is_seen_and_restart_ms_brings_the_same_bus_back(
    pcan_usb: EmulatedAdapter, name: str
) -> None:
    link_up(name, "restart-ms", "200")
    with SocketcanBus(name) as bus:
        assert bus.can_state is can.CanState.ERROR_ACTIVE
        before = bus.controller_status
        _drive_bus_off(bus, pcan_usb)
        off = _error_frame(bus, can.ErrorClass.BUS_OFF)
        assert off.can_state is can.CanState.BUS_OFF
        pcan_usb.fault("none")
        again = _error_frame(bus, can.ErrorClass.RESTARTED)
        assert again.can_state is can.CanState.ERROR_ACTIVE
        wait_until(lambda: bus.can_state is can.CanState.ERROR_ACTIVE)
        status = bus.controller_status
        assert (status.bus_off, status.restarts) == (
            (before.bus_off or 0) + 1,
            (before.restarts or 0) + 1,
        )
        assert status.restart_ms == 200
        _frames_flow(bus, pcan_usb)
        with pytest.raises(can.CanLinkError, match="restarts by itself"):
            bus.restart()


def test_bus_off_lasts_until_the_bus_is_restarted(pcan_usb: EmulatedAdapter, name: str) -> None:
    link_up(name, "restart-ms", "0")
    with SocketcanBus(name) as bus:
        with pytest.raises(can.CanLinkError, match="not bus-off"):
            bus.restart()
        _drive_bus_off(bus, pcan_usb)
        _error_frame(bus, can.ErrorClass.BUS_OFF)
        assert (bus.can_state, bus.state) == (can.CanState.BUS_OFF, can.BusState.ERROR)
        pcan_usb.fault("none")
        bus.restart()
        _error_frame(bus, can.ErrorClass.RESTARTED)
        wait_until(lambda: bus.can_state is can.CanState.ERROR_ACTIVE)
        assert bus.controller_status.restarts >= 1
        _frames_flow(bus, pcan_usb)


def _frames_flow(bus: SocketcanBus, adapter: EmulatedAdapter) -> None:
    adapter.forget_sent()
    bus.send(numbered(42), PATIENCE)
    assert number_of(adapter.wait_for_sent(1)[0].msg) == 42
    adapter.frame("321#CAFE")
    while format(msg := receive(bus), "candump") != "321#CAFE":
        assert msg.is_error_frame or can.phantom_error(msg) is not None


def test_what_pcan_usb_confirms_is_only_that_the_driver_has_sent_it(
    pcan_usb: EmulatedAdapter, name: str
) -> None:
    """It echoes when the USB transfer is over, also with nobody to acknowledge."""
    link_up(name)
    pcan_usb.fault("noack")
    with SocketcanBus(name) as bus:
        receipt = bus.send(numbered(1), PATIENCE, confirm=True)
        assert receipt.confirmed_by is can.ConfirmedBy.DRIVER
        assert pcan_usb.sent == []


def test_a_ttl_frame_that_bus_off_threw_away_does_not_stop_the_next(
    gs_usb: EmulatedAdapter,
) -> None:
    for one in gs_usb.netdevs:
        link_up(one)
    name = gs_usb.netdevs[0]
    with SocketcanBus(name) as bus:
        gs_usb.fault("noack")
        bus.send(numbered(1), ttl=0.1)
        gs_usb.fault("none")
        link_down(name)
        link_up(name)
        gs_usb.forget_sent()
        try:
            bus.send(numbered(2), ttl=20)
        except can.CanLinkDownError:  # said once
            bus.send(numbered(2), ttl=20)
        assert number_of(gs_usb.wait_for_sent(1)[0].msg) == 2


USES: list[Callable[[can.BusABC], object]] = [
    lambda bus: bus.recv(0),
    lambda bus: bus.recv(),
    lambda bus: bus.send(numbered(1)),
    lambda bus: bus.send(numbered(1), 5, confirm=True),
    lambda bus: bus.can_state,
]


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


@pytest.fixture(params=["pcan_usb", "gs_usb"])
def adapter(request: pytest.FixtureRequest) -> EmulatedAdapter:
    found: EmulatedAdapter = request.getfixturevalue(request.param)
    return found


def test_unplugged_is_a_named_error_and_replugged_the_bus_can_be_reopened(
    adapter: EmulatedAdapter,
) -> None:
    for one in adapter.netdevs:
        link_up(one)
    name = adapter.netdevs[0]
    before = _descriptors()
    with SocketcanBus(name) as bus:
        bus.send(numbered(1), PATIENCE, confirm=True)
        readers = [Worker(bus.recv) for _ in range(3)]
        wait_until_blocked(*readers)
        adapter.unplug()
        for reader in readers:
            assert isinstance(reader.error(), (can.CanLinkDownError, can.CanChannelNotFoundError))
        for use in USES * 2:
            with pytest.raises(can.CanChannelNotFoundError):
                use(bus)
        with pytest.raises(can.CanChannelNotFoundError):
            bus.reopen()
        adapter.plug()
        assert adapter.netdevs[0] == name
        with pytest.raises(can.CanChannelNotFoundError):
            bus.recv(0)
        bus.reopen()
        for one in adapter.netdevs:
            link_up(one)
        with suppress(can.CanLinkDownError):  # it was down when it was bound: said once
            bus.recv(0)
        _frames_flow(bus, adapter)
    assert _descriptors() == before


def test_hardware_stamps_of_gs_usb_are_wall_time_and_say_what_they_are(
    gs_usb: EmulatedAdapter,
) -> None:
    for one in gs_usb.netdevs:
        link_up(one)
    with can.Bus(gs_usb.netdevs[0], interface="socketcan", timestamping="hardware") as bus:
        gs_usb.frames(["123#01", "123#02"], 0)
        for _ in range(2):
            msg = bus.recv(PATIENCE)
            assert msg.timestamp_source is can.TimestampSource.HARDWARE
            assert msg.timestamp_ns == msg.hardware_timestamp_ns
        receipt = bus.send(numbered(1), PATIENCE, confirm=True)
        assert receipt.timestamp_source in {
            can.TimestampSource.HARDWARE,
            can.TimestampSource.KERNEL,
        }


def test_the_boot_clock_of_peak_usb_is_not_passed_off_as_wall_time(
    pcan_usb: EmulatedAdapter, name: str
) -> None:
    link_up(name)
    with can.Bus(name, interface="socketcan", timestamping="hardware") as bus:
        stamps = []
        for number in range(20):
            pcan_usb.frame(f"123#{number:02X}")
            msg = bus.recv(PATIENCE)
            assert msg.timestamp_source is can.TimestampSource.KERNEL
            assert msg.timestamp_ns > 1_600_000_000 * 10**9
            stamps.append(msg.hardware_timestamp_ns)
        known = [stamp for stamp in stamps if stamp is not None]
        assert known
        assert max(known) < 10**6 * 10**9  # seconds since boot, not since 1970
        assert known == sorted(known)


def test_a_device_without_stamps_refuses_hardware_stamps(controllers: tuple[str, str]) -> None:
    with pytest.raises(can.CanUnsupportedError, match="no time stamps in hardware"):
        can.Bus(controllers[0], interface="socketcan", timestamping="hardware")
