"""The answer to `F` as a state, as words and as an error frame. No port."""

from __future__ import annotations

import pytest

import canbus as can
from canbus.backends.slcan.status import Status
from canbus.codecs.error_frame import decode_error_frame

_STATES = can.CanState


@pytest.mark.parametrize(
    ("flags", "has_bus_off", "state"),
    [
        (0x00, False, _STATES.ERROR_ACTIVE),
        (0x01, False, _STATES.ERROR_ACTIVE),
        (0x02, False, _STATES.ERROR_ACTIVE),
        (0x04, False, _STATES.ERROR_WARNING),
        (0x08, False, _STATES.ERROR_ACTIVE),
        (0x20, False, _STATES.ERROR_PASSIVE),
        (0x24, False, _STATES.ERROR_PASSIVE),
        (0x40, False, _STATES.ERROR_ACTIVE),
        (0x80, False, _STATES.ERROR_ACTIVE),
        (0x80, True, _STATES.BUS_OFF),
        (0xA4, True, _STATES.BUS_OFF),
        (0xFF, True, _STATES.BUS_OFF),
        (0xFF, False, _STATES.ERROR_PASSIVE),
    ],
)
def test_states(flags, has_bus_off, state):
    assert Status(f"F{flags:02X}", has_bus_off).can_state is state


@pytest.mark.parametrize("has_bus_off", [False, True])
@pytest.mark.parametrize("flags", range(256))
def test_the_error_frame_says_the_same(flags, has_bus_off):
    status = Status(f"F{flags:02x}", has_bus_off)
    frame = status.error_frame(17, "there")
    assert (frame is None) == (flags & ~0x10 == 0)
    assert (str(status) == "") == (frame is None)
    if frame is None:
        return
    assert frame.is_error_frame
    assert (frame.timestamp_ns, frame.channel, frame.dlc) == (17, "there", 8)
    decoded = decode_error_frame(frame)
    assert decoded.can_state in {status.can_state, None}
    if status.can_state is not _STATES.ERROR_ACTIVE:
        assert decoded.can_state is status.can_state


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (0x01, "receive buffer"),
        (0x02, "transmit buffer"),
        (0x04, "warning"),
        (0x08, "lost"),
        (0x20, "passive"),
        (0x40, "arbitration"),
        (0x80, "bus errors"),
    ],
)
def test_words(flags, words):
    assert words in str(Status(f"F{flags:02X}", False))
    assert "bus-off" in str(Status("F80", True))
