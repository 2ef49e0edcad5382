"""codecs.phantom_error: what PCAN-USB's driver can make of a report, and what it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.phantom_error import phantom_error
from canbus.error_flags import ControllerProblem, ErrorClass
from canbus.message import Message
from canbus.state import CanState, FrameOrigin

ACTIVE, WARNING, PASSIVE = CanState.ERROR_ACTIVE, CanState.ERROR_WARNING, CanState.ERROR_PASSIVE

# contents, state, transmit and receive error counter
REPORTS = [
    ("0008000000006000", WARNING, 0x60, 0),  # as recorded from a driver of kernel 6.1
    ("0004000000000160", WARNING, 1, 0x60),
    ("000C000000000000", WARNING, 0, 0),
    ("0020000000008000", PASSIVE, 0x80, 0),
    ("0010000000007F80", PASSIVE, 0x7F, 0x80),
    ("003000000000FFFF", PASSIVE, 0xFF, 0xFF),
    ("0040000000005F00", ACTIVE, 0x5F, 0),
    ("0009000000006000", WARNING, 0x60, 0),  # together with a receive overflow
]


@pytest.mark.parametrize(("data", "state", "tx_errors", "rx_errors"), REPORTS)
def test_a_report_is_recognised(data: str, state: CanState, tx_errors: int, rx_errors: int) -> None:
    error = phantom_error(Message.parse(f"200#{data}"))
    assert error.classes == ErrorClass.CONTROLLER | ErrorClass.COUNTERS
    assert (error.can_state, error.tx_errors, error.rx_errors) == (state, tx_errors, rx_errors)


@pytest.mark.parametrize(
    "text",
    [
        "201#0008000000006000",
        "00000200#0008000000006000",
        "20000200#0008000000006000",  # a true error frame
        "200#R8",
        "200##00008000000006000",
        "200#00080000000060",
        "200#",
        "200#0108000000006000",
        "200#0008010000006000",
        "200#0008000000016000",
        "200#0000000000006000",  # no state
        "200#0001000000006000",  # an overflow alone changes no state, and keeps its error flag
        "200#0002000000006000",  # the driver reports no transmit overflow
        "200#0048000000006000",  # two states
        "200#0004000000006000",  # blames the smaller counter
        "200#0008000000008000",  # warning, with the counter of error-passive
        "200#0020000000007F00",  # error-passive, with the counter of warning
        "200#0028000000008000",
    ],
)
def test_what_the_driver_cannot_make_is_a_data_frame(text: str) -> None:
    assert phantom_error(Message.parse(text)) is None


def test_a_frame_sent_on_this_machine_is_a_data_frame() -> None:
    msg = Message.parse("200#0008000000006000")
    msg.origin = FrameOrigin.LOCAL
    assert phantom_error(msg) is None


def as_the_driver_does(level: int, tx_errors: int, rx_errors: int) -> int:
    """data[1] by `pcan_usb_decode_error` and `can_change_state`; level: 0 active, 1 bus heavy."""
    state = (2 if tx_errors >= 128 or rx_errors >= 128 else 1) if level else 0
    tx_state = state if tx_errors >= rx_errors else 0
    rx_state = state if tx_errors <= rx_errors else 0
    bits = 0
    if tx_state >= rx_state:
        bits |= (0x40, 0x08, 0x20)[tx_state]
    if tx_state <= rx_state:
        bits |= (0x40, 0x04, 0x10)[rx_state]
    return bits


@given(st.integers(0, 1), st.integers(0, 255), st.integers(0, 255), st.booleans())
def test_all_that_the_driver_can_make_is_recognised(
    level: int, tx_errors: int, rx_errors: int, overflow: bool
) -> None:
    status = as_the_driver_does(level, tx_errors, rx_errors) | overflow
    data = bytes([0, status, 0, 0, 0, 0, tx_errors, rx_errors])
    error = phantom_error(Message(arbitration_id=0x200, is_extended_id=False, data=data))
    assert error.controller == ControllerProblem(status)
    assert error.can_state is not None


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_whatever_is_recognised_the_driver_can_make(
    status: int, tx_errors: int, rx_errors: int
) -> None:
    data = bytes([0, status, 0, 0, 0, 0, tx_errors, rx_errors])
    error = phantom_error(Message(arbitration_id=0x200, is_extended_id=False, data=data))
    if error is not None:
        made = {as_the_driver_does(level, data[6], data[7]) for level in (0, 1)}
        assert data[1] & ~1 in made
