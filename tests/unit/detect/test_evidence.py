"""What of all that is heard proves something."""

from __future__ import annotations

from dataclasses import replace

import pytest

from canbus.bringup.detect.evidence import Tally
from canbus.codecs.error_frame import encode_error_frame
from canbus.error_flags import ControllerProblem, ErrorClass, ProtocolViolation
from canbus.error_frame import ErrorFrame
from canbus.link_info import LinkDevice, LinkStatistics
from canbus.message import Message
from canbus.state import CanState
from tests.unit.detect.fake_bus import DOWN

CONTROLLER, PROTOCOL = ErrorClass.CONTROLLER, ErrorClass.PROTOCOL
BUS_ERROR = ErrorClass.BUS_ERROR
PHANTOM = Message.parse("200#0010000000000080")


def heard(*frames, link=DOWN):
    tally = Tally(500_000, link)
    tally.hear(frames)
    return tally.evidence(1.5)


def error(classes, **more):
    return encode_error_frame(ErrorFrame(classes, **more))


def test_data_frames_are_counted():
    found = heard(Message.parse("123#01"), Message.parse("1F334455#R"))
    assert (found.data_frames, found.error_frames, found.errors) == (2, 0, 0)
    assert (found.bitrate, found.seconds) == (500_000, 1.5)


def test_what_this_machine_sends_proves_nothing():
    assert heard(Message(arbitration_id=1, is_rx=False)).data_frames == 0


@pytest.mark.parametrize(
    ("frame", "kinds"),
    [
        (error(PROTOCOL | BUS_ERROR, protocol=ProtocolViolation.STUFF), {"stuff": 1}),
        (error(PROTOCOL, protocol=ProtocolViolation.FORM), {"form": 1}),
        (error(PROTOCOL, protocol=ProtocolViolation.BIT0 | ProtocolViolation.BIT1), {"bit": 1}),
        (error(BUS_ERROR), {"unspecified": 1}),
        (error(CONTROLLER, controller=ControllerProblem.RX_WARNING), {"warning": 1}),
        (error(CONTROLLER, controller=ControllerProblem.RX_PASSIVE), {"passive": 1}),
    ],
)
def test_errors_are_counted_by_kind(frame, kinds):
    found = heard(frame)
    assert (found.kinds, found.error_frames, found.data_frames) == (kinds, 1, 0)
    assert found.errors


@pytest.mark.parametrize(
    "frame",
    [
        error(CONTROLLER, controller=ControllerProblem.RX_OVERFLOW),
        error(CONTROLLER, controller=ControllerProblem.ACTIVE),
        error(ErrorClass.RESTARTED),
        error(ErrorClass.LOST_ARBITRATION),
        error(ErrorClass.NO_ACK),
        error(ErrorClass.BUS_OFF),
        error(CONTROLLER, controller=ControllerProblem.TX_PASSIVE),
    ],
)
def test_other_reports_are_no_errors_of_the_bit_rate(frame):
    found = heard(frame)
    assert (found.kinds, found.error_frames, found.data_frames) == ({}, 0, 0)


def test_a_report_that_pcan_usbs_driver_passes_off_as_a_frame_is_none():
    pcan = replace(DOWN, device=LinkDevice("peak_usb"))
    assert heard(PHANTOM).data_frames == 1
    found = heard(PHANTOM, link=pcan)
    assert (found.data_frames, found.kinds) == (0, {"passive": 1})


def test_counters_count_from_the_beginning_of_the_visit():
    before = replace(DOWN, rx_errors=5, statistics=LinkStatistics(bus_errors=100))
    tally = Tally(500_000, before)
    after = LinkStatistics(bus_errors=107)
    tally.look(replace(before, rx_errors=96, state=CanState.ERROR_WARNING, statistics=after))
    found = tally.evidence(1.0)
    assert (found.bus_errors, found.rx_errors, found.rx_errors_risen) == (7, 96, 91)
    assert (found.state, found.errors) == (CanState.ERROR_WARNING, 91)


def test_counters_that_fall_or_are_not_told_are_no_errors():
    tally = Tally(500_000, replace(DOWN, rx_errors=5))
    tally.look(replace(DOWN, rx_errors=0))
    assert (tally.evidence(1.0).rx_errors_risen, tally.evidence(1.0).bus_errors) == (0, None)
    assert heard().errors == 0


@pytest.mark.parametrize("state", [CanState.ERROR_WARNING, CanState.ERROR_PASSIVE])
def test_a_fresh_listener_that_is_not_active_has_heard_many_errors(state):
    """Some drivers tell no counters, and the report of the state came before we listened."""
    bad = replace(DOWN, state=state)
    assert Tally(500_000, bad, is_fresh=True).evidence(0.0).errors == 96
    assert Tally(500_000, bad).evidence(0.0).errors == 0  # an old state, of sending maybe
    good = replace(DOWN, state=CanState.ERROR_ACTIVE)
    assert Tally(500_000, good, is_fresh=True).evidence(0.0).errors == 0


def test_a_warning_tells_of_all_the_errors_before_it():
    warning = error(CONTROLLER, controller=ControllerProblem.RX_WARNING)
    assert heard(warning).rx_errors_risen == 96
