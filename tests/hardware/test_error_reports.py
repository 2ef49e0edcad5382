"""What stock drivers report, through our codecs: error frames, phantoms, controller status."""

from __future__ import annotations

import canbus as can
from canbus.backends.socketcan.link_state import read_can_state, read_controller_status
from tests.hardware.network import RawCan, link_details, link_up, wait_until

ACTIVE, WARNING, PASSIVE = (
    can.CanState.ERROR_ACTIVE,
    can.CanState.ERROR_WARNING,
    can.CanState.ERROR_PASSIVE,
)


def test_a_kvaser_card_is_active_and_has_counters(controllers):
    status = read_controller_status(controllers[0])
    assert (status.is_up, status.state, status.restart_ms) == (True, ACTIVE, 0)
    assert (status.tx_errors, status.rx_errors) == (0, 0)
    assert status.bus_off == 0


def test_pcan_usb_delivers_reports_as_data_and_they_are_recognised(pcan_usb):
    name = pcan_usb.netdevs[0]
    link_up(name)
    with RawCan(name) as bus:  # which asks for no error frames
        for counters, state in [
            ((96, 0), WARNING),
            ((0, 200), PASSIVE),
            ((130, 130), None),  # no change, no report
            ((0, 0), ACTIVE),
        ]:
            pcan_usb.error_counters(*counters)
            if state is None:
                continue
            msg = bus.receive().msg
            error = can.phantom_error(msg)
            assert error is not None, f"{msg:candump}"
            assert (error.can_state, error.tx_errors, error.rx_errors) == (state, *counters)
            assert read_can_state(name) is state


def test_the_status_of_pcan_usb_is_what_ip_says(pcan_usb):
    name = pcan_usb.netdevs[0]
    assert not read_controller_status(name).is_up
    link_up(name, "restart-ms", "300")
    pcan_usb.error_counters(100, 7)
    wait_until(lambda: read_can_state(name) is WARNING)
    pcan_usb.overflow()
    wait_until(lambda: read_controller_status(name).rx_over_errors == 1)

    status = read_controller_status(name)

    assert (status.is_up, status.state, status.restart_ms) == (True, WARNING, 300)
    assert (status.tx_errors, status.rx_errors) == (100, 7)
    link = link_details(name)
    xstats = link["linkinfo"]["info_xstats"]
    names = ("error_warning", "error_passive", "bus_off", "arbitration_lost", "restarts")
    for counter in names:
        assert getattr(status, counter) == xstats.get(counter, xstats.get(f"{counter}s")), counter
    assert status.bus_errors == xstats["bus_error"]
    received, sent = link["stats64"]["rx"], link["stats64"]["tx"]
    assert status.rx_dropped == received["dropped"]
    assert status.rx_over_errors == received["over_errors"]
    assert status.tx_dropped == sent["dropped"]


def test_bus_off_and_restart_are_decoded_and_counted(pcan_usb):
    name = pcan_usb.netdevs[0]
    link_up(name, "restart-ms", "300")
    before = read_controller_status(name)
    pcan_usb.short()
    with RawCan(name, errors=True) as bus:
        bus.send("123#00")
        off = can.decode_error_frame(bus.receive_error(can.ErrorClass.BUS_OFF))
        assert off.can_state is can.CanState.BUS_OFF
        pcan_usb.fault("none")
        again = can.decode_error_frame(bus.receive_error(can.ErrorClass.RESTARTED))
        assert (again.can_state, str(again)) == (ACTIVE, "restarted after bus-off")
    wait_until(lambda: read_can_state(name) is ACTIVE)
    after = read_controller_status(name)
    assert after.bus_off > before.bus_off
    assert after.restarts > before.restarts


def test_gs_usb_has_error_frames_of_the_adapters_own_making(gs_usb):
    name = gs_usb.netdevs[0]
    link_up(name)
    with RawCan(name, errors=True) as bus:
        gs_usb.error_frame(0x88, bytes.fromhex("0000041900000000"))
        error = can.decode_error_frame(bus.receive_error(can.ErrorClass.BUS_ERROR))
    assert error.protocol == can.ProtocolViolation.STUFF
    assert error.location == can.ProtocolLocation.ACK
    assert (error.tx_errors, error.unknown) == (None, ())


def test_a_driver_without_error_counters_says_so(gs_usb):
    status = read_controller_status(gs_usb.netdevs[0])
    assert status.state is can.CanState.STOPPED
    info = link_details(gs_usb.netdevs[0])["linkinfo"]["info_data"]
    assert (status.tx_errors is None) == ("berr_counter" not in info)
