"""frame_rules: which frames can exist, and how one is made fit to be sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.errors import CanMessageError, CanUnsupportedError, CanWarning
from canbus.frame_rules import FD_LENGTHS, FD_PADDED, id_fits, is_plain, prepare, validate
from canbus.message import Message


def _frame(**fields: Any) -> Message:
    """A message whose fields were set one by one, as a careless program does."""
    msg = Message(arbitration_id=0x123, is_extended_id=False, data=b"\1\2")
    for name, value in fields.items():
        setattr(msg, name, value)
    return msg


VALID = [
    _frame(),
    _frame(arbitration_id=0),
    _frame(arbitration_id=0x7FF),
    _frame(arbitration_id=0x1FFFFFFF, is_extended_id=True),
    _frame(data=b""),
    _frame(data=bytes(8)),
    _frame(data=b"", is_remote_frame=True, dlc=8),
    _frame(is_error_frame=True, arbitration_id=0x1FFFFFFF, data=bytes(8)),
    _frame(is_fd=True, data=bytes(64)),
    _frame(is_fd=True, bitrate_switch=True, error_state_indicator=True),
]

INVALID = [
    ({"arbitration_id": -1}, "negative"),
    ({"arbitration_id": 0x800}, "11 bits"),
    ({"arbitration_id": 0x20000000, "is_extended_id": True}, "29 bits"),
    ({"arbitration_id": "0x123"}, "must be an int"),
    ({"arbitration_id": 1.0}, "must be an int"),
    ({"arbitration_id": None}, "must be an int"),
    ({"is_remote_frame": True, "is_error_frame": True}, "both"),
    ({"is_remote_frame": True, "is_fd": True}, "no remote frames"),
    ({"is_error_frame": True, "is_fd": True}, "classic"),
    ({"bitrate_switch": True}, "bitrate_switch"),
    ({"error_state_indicator": True}, "error_state_indicator"),
    ({"data": bytes(9)}, "9 bytes do not fit a classic CAN frame"),
    ({"data": bytes(65), "is_fd": True}, "65 bytes do not fit a CAN FD frame"),
    ({"dlc": -1}, "dlc -1"),
    ({"dlc": 2.0}, "dlc 2.0"),
    ({"dlc": None}, "dlc None"),
    ({"dlc": 3}, "3 bytes but data has 2"),
    ({"is_remote_frame": True}, "carries no data"),
    ({"timestamp_ns": -1}, "negative"),
]


@pytest.mark.parametrize("msg", VALID, ids=str)
def test_a_frame_that_can_exist_is_sent_as_it_is(msg: Message) -> None:
    validate(msg)
    assert prepare(msg, fd=True, channel="can0") is msg


@pytest.mark.parametrize(("fields", "why"), INVALID)
def test_a_frame_that_cannot_exist_is_refused_with_the_reason(
    fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(CanMessageError, match=why):
        validate(_frame(**fields))


@pytest.mark.parametrize(
    # The time stamp is no part of what is sent.
    ("fields", "why"),
    [(fields, why) for fields, why in INVALID if "timestamp_ns" not in fields],
)
def test_the_quick_look_never_passes_what_the_rules_refuse(
    fields: dict[str, Any], why: str
) -> None:
    assert not is_plain(_frame(**fields)), why


@pytest.mark.parametrize("msg", VALID, ids=str)
def test_the_quick_look_passes_classic_data_frames_only(msg: Message) -> None:
    plain = not (msg.is_fd or msg.is_remote_frame or msg.is_error_frame)
    assert is_plain(msg) is plain


def test_too_much_classic_data_hints_at_fd() -> None:
    with pytest.raises(CanMessageError) as info:
        validate(_frame(data=bytes(12)))
    assert "is_fd=True" in (info.value.hint or "")


def test_an_id_with_flag_bits_hints_at_the_flags() -> None:
    with pytest.raises(CanMessageError) as info:
        validate(_frame(arbitration_id=0x80000123))
    assert "is_extended_id" in (info.value.hint or "")


def test_the_sixteen_fd_lengths_are_those_of_the_standard() -> None:
    assert FD_LENGTHS == (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)


@given(st.integers(0, 64))
def test_padding_reaches_the_next_length_that_exists(length: int) -> None:
    padded = FD_PADDED[length]
    assert padded in FD_LENGTHS
    assert padded >= length
    assert not [n for n in FD_LENGTHS if length <= n < padded]


def test_fd_data_is_padded_in_a_copy_with_a_warning() -> None:
    msg = _frame(is_fd=True, data=b"123456789")
    with pytest.warns(CanWarning, match="9 bytes"):
        sent = prepare(msg, fd=True, channel="can0")
    assert (bytes(sent), sent.dlc) == (b"123456789\0\0\0", 12)
    assert (bytes(msg), msg.dlc) == (b"123456789", 9)


def test_a_standard_id_is_cut_in_a_copy_with_a_warning() -> None:
    msg = _frame(arbitration_id=0x1F123)
    with pytest.warns(CanWarning, match="0x123 is sent"):
        sent = prepare(msg, fd=False, channel="can0")
    assert (sent.arbitration_id, msg.arbitration_id) == (0x123, 0x1F123)


def test_an_fd_frame_needs_an_fd_bus() -> None:
    with pytest.raises(CanUnsupportedError, match="can0") as info:
        prepare(_frame(is_fd=True), fd=False, channel="can0")
    assert "fd=True" in (info.value.hint or "")


@pytest.mark.parametrize("thing", [None, b"\1", {"arbitration_id": 1}, object()])
def test_what_is_not_a_message_is_refused(thing: Any) -> None:
    assert not is_plain(thing)
    with pytest.raises(TypeError, match=type(thing).__name__):
        prepare(thing, fd=False, channel="can0")


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"arbitration_id": 0x7FF}, True),
        ({"arbitration_id": 0x800}, False),
        ({"arbitration_id": 0x800, "is_extended_id": True}, True),
        ({"arbitration_id": 0x800, "is_error_frame": True}, True),
        ({"arbitration_id": 0x20000000, "is_extended_id": True}, False),
    ],
)
def test_an_identifier_fits_its_width_or_not(fields: dict[str, Any], fits: bool) -> None:
    assert id_fits(_frame(**fields)) is fits
