"""message: python-can's constructor and defaults; copies, time stamps and data of our own."""

from __future__ import annotations

import copy
import inspect
import pickle
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.errors import CanMessageError, CanWarning
from canbus.frame_flags import (
    NOT_RX,
    OWN,
)
from canbus.message import (
    Message,
    received,
)
from canbus.state import FrameOrigin
from canbus.timestamps import seconds_to_ns

PYTHON_CAN_ORDER = {
    "timestamp": 0.0,
    "arbitration_id": 0,
    "is_extended_id": True,
    "is_remote_frame": False,
    "is_error_frame": False,
    "channel": None,
    "dlc": None,
    "data": None,
    "is_fd": False,
    "is_rx": True,
    "bitrate_switch": False,
    "error_state_indicator": False,
    "check": False,
}

FLAGS = [
    "is_extended_id",
    "is_remote_frame",
    "is_error_frame",
    "is_fd",
    "is_rx",
    "bitrate_switch",
    "error_state_indicator",
]


def test_constructor_order_and_defaults_are_python_cans() -> None:
    parameters = list(inspect.signature(Message).parameters.values())
    positional = {p.name: p.default for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
    assert list(positional.items()) == list(PYTHON_CAN_ORDER.items())


def test_every_positional_argument_lands_in_its_field() -> None:
    msg = Message(1.5, 0x12, False, False, False, "c", 2, b"\1\2", True, False, True, True)
    assert (msg.timestamp, msg.arbitration_id, msg.channel, msg.dlc) == (1.5, 0x12, "c", 2)
    assert msg.data == b"\1\2"
    assert [getattr(msg, flag) for flag in FLAGS] == [False, False, False, True, False, True, True]


def test_an_empty_message_has_python_cans_defaults() -> None:
    msg = Message()
    assert (msg.timestamp, msg.arbitration_id, msg.channel, msg.dlc) == (0.0, 0, None, 0)
    assert msg.data == bytearray()
    assert [getattr(msg, f) for f in FLAGS] == [True, False, False, False, True, False, False]


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("value", [True, False])
def test_a_flag_can_be_given_and_set_and_touches_no_other(flag: str, value: bool) -> None:
    given_msg = Message(**{flag: value})  # type: ignore[arg-type]
    set_msg = Message()
    setattr(set_msg, flag, value)
    for name in FLAGS:
        expected = value if name == flag else PYTHON_CAN_ORDER[name]
        assert getattr(given_msg, name) is getattr(set_msg, name) is expected


@pytest.mark.parametrize(
    "data", [b"\1\2", bytearray(b"\1\2"), memoryview(b"\1\2"), [1, 2], (1, 2), iter([1, 2])]
)
def test_data_may_be_any_row_of_bytes(data: Any) -> None:
    msg = Message(data=data)
    assert type(msg.data) is bytearray
    assert (bytes(msg.data), msg.dlc) == (b"\1\2", 2)


def test_data_is_a_copy_of_what_was_given() -> None:
    mine = bytearray(b"\1\2")
    msg = Message(data=mine)
    mine[0] = 9
    assert msg.data == b"\1\2"
    msg.data = mine
    mine[0] = 8
    assert msg.data == b"\x09\2"


def test_data_can_be_changed_in_place() -> None:
    msg = received(1, 0, b"\1\2", 2, 0, None)  # a receiver stores bytes
    msg.data[0] = 9
    assert bytes(msg) == b"\x09\2"


def test_assigning_data_sets_the_dlc() -> None:
    msg = Message(data=b"\1")
    msg.data = [1, 2, 3]
    assert msg.dlc == len(msg) == 3


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        (5, TypeError, r"data=\[5\]"),
        (True, TypeError, "data must be bytes"),
        ("DEAD", TypeError, "fromhex"),
        ([256], ValueError, "256"),
        ([-1], ValueError, "-1"),
        ([1.5], TypeError, "1.5"),
        (1.5, TypeError, "1.5"),
        ([None], TypeError, "None"),
    ],
)
def test_data_that_is_no_row_of_bytes_is_refused(
    data: Any, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        Message(data=data)
    with pytest.raises(error, match=why):
        Message().data = data


def test_an_object_that_is_a_number_is_not_a_row_of_bytes() -> None:
    class Number:
        def __index__(self) -> int:
            return 5

    with pytest.raises(TypeError):
        Message(data=Number())  # type: ignore[arg-type]


def test_data_of_a_remote_frame_is_dropped_with_a_warning_at_the_users_line() -> None:
    with pytest.warns(CanWarning, match="2 bytes") as caught:
        msg = Message(is_remote_frame=True, data=b"\1\2", dlc=4)
    assert (bytes(msg.data), msg.dlc) == (b"", 4)
    assert caught[0].filename == __file__


def test_a_remote_frame_with_empty_data_is_fine() -> None:
    assert Message(is_remote_frame=True, data=b"", dlc=4).dlc == 4


def test_check_refuses_at_once() -> None:
    with pytest.raises(CanMessageError, match="11 bits"):
        Message(arbitration_id=0x800, is_extended_id=False, check=True)
    with pytest.raises(CanMessageError, match="remote"):
        Message(is_remote_frame=True, data=b"\1", check=True)
    assert Message(arbitration_id=0x800, is_extended_id=False).arbitration_id == 0x800


# -- time ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "nanoseconds"),
    [
        (0, 0),
        (1, 10**9),
        (1.5, 1_500_000_000),
        (0.1, 100_000_000),
        (1700000000.5, 1_700_000_000_500_000_000),
        (-1.5, -1_500_000_000),
        (1e-9, 1),
    ],
)
def test_seconds_become_nanoseconds(seconds: float, nanoseconds: int) -> None:
    assert seconds_to_ns(seconds) == nanoseconds
    assert Message(timestamp=seconds).timestamp_ns == nanoseconds
    msg = Message()
    msg.timestamp = seconds
    assert msg.timestamp_ns == nanoseconds


@given(st.integers(0, 2**63))
def test_nanoseconds_are_kept_exactly(ns: int) -> None:
    assert Message(timestamp_ns=ns).timestamp_ns == ns


@given(st.floats(0, 4e9))
def test_a_float_time_stamp_comes_back_as_it_was(seconds: float) -> None:
    assert abs(Message(timestamp=seconds).timestamp - seconds) <= 1e-9 + seconds * 2**-52


def test_two_time_stamps_at_once_are_refused() -> None:
    with pytest.raises(CanMessageError, match="give one"):
        Message(timestamp=5.0, timestamp_ns=7)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_a_time_stamp_that_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(CanMessageError, match="not a point in time"):
        Message(timestamp=seconds)


# -- direction ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "is_rx", "origin"),
    [
        (0, True, FrameOrigin.WIRE),
        (NOT_RX, False, FrameOrigin.LOCAL),
        (NOT_RX | OWN, False, FrameOrigin.OWN),
    ],
)
def test_origin_tells_who_sent_it(bits: int, is_rx: bool, origin: FrameOrigin) -> None:
    msg = received(1, bits, b"", 0, 0, None)
    assert (msg.is_rx, msg.origin) == (is_rx, origin)
    msg.is_rx = True
    assert msg.origin is FrameOrigin.WIRE


# -- copies -------------------------------------------------------------------------------


class Tagged(Message):
    """A subclass with slots of its own."""

    __slots__ = ("note",)
    note: Any


class Loose(Message):
    """A subclass with a dictionary."""

    extra: Any


def _every_way() -> list[Any]:
    return [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda msg: pickle.loads(pickle.dumps(msg)), id="pickle"),
    ]


@pytest.mark.parametrize("duplicate", _every_way())
@pytest.mark.parametrize("cls", [Message, Tagged, Loose])
def test_a_copy_is_equal_and_owns_its_data(cls: type[Message], duplicate: Any) -> None:
    msg = cls(1.5, 0x12, False, channel="c", data=b"\1\2", is_fd=True, bitrate_switch=True)
    same = duplicate(msg)
    assert type(same) is cls
    assert same is not msg
    assert same.equals(msg, timestamp_delta=0)
    same.data[0] = 9
    same.arbitration_id = 7
    assert (bytes(msg), msg.arbitration_id) == (b"\1\2", 0x12)


@pytest.mark.parametrize("duplicate", _every_way())
def test_a_copy_of_a_subclass_keeps_its_own_fields(duplicate: Any) -> None:
    tagged, loose = Tagged(data=b"\1"), Loose(data=b"\1")
    tagged.note, loose.extra = "mine", "yours"
    assert duplicate(tagged).note == "mine"
    assert duplicate(loose).extra == "yours"
    assert not hasattr(duplicate(Tagged()), "note")


def test_a_deep_copy_of_a_subclass_owns_its_fields() -> None:
    msg = Loose()
    msg.extra = [1]
    copy.deepcopy(msg).extra.append(2)
    assert msg.extra == [1]


@pytest.mark.parametrize("duplicate", _every_way())
def test_a_copy_keeps_the_origin(duplicate: Any) -> None:
    msg = received(1, NOT_RX | OWN, b"\1", 1, 5, "c")
    assert duplicate(msg).origin is FrameOrigin.OWN


def test_a_message_can_be_referred_to_weakly() -> None:
    msg = Message()
    assert weakref.ref(msg)() is msg


def test_a_misspelt_attribute_is_refused() -> None:
    with pytest.raises(AttributeError):
        Message().arbitration = 5  # type: ignore[attr-defined]


# -- comparing and showing ----------------------------------------------------------------


def test_equality_is_identity_as_in_python_can() -> None:
    msg = Message()
    assert msg == msg
    assert msg != Message()
    assert len({msg, Message()}) == 2


@pytest.mark.parametrize(
    ("change", "options", "equal"),
    [
        ({}, {}, True),
        ({"arbitration_id": 0x13}, {}, False),
        ({"data": b"\1\3"}, {}, False),
        ({"dlc": 3}, {}, False),
        ({"is_extended_id": False}, {}, False),
        ({"is_error_frame": True}, {}, False),
        ({"is_fd": True}, {}, False),
        ({"is_fd": True, "bitrate_switch": True}, {}, False),
        ({"error_state_indicator": True}, {}, False),
        ({"channel": "d"}, {}, False),
        ({"channel": "d"}, {"check_channel": False}, True),
        ({"is_rx": False}, {}, False),
        ({"is_rx": False}, {"check_direction": False}, True),
        ({"timestamp": 1.6}, {}, False),
        ({"timestamp": 1.6}, {"timestamp_delta": 0.2}, True),
        ({"timestamp": 1.6}, {"timestamp_delta": None}, True),
        ({"timestamp": 1.5000005}, {}, True),
        ({"timestamp": 1.500000001}, {"timestamp_delta": 0}, False),
    ],
)
def test_equals_compares_field_by_field(
    change: dict[str, Any], options: dict[str, Any], equal: bool
) -> None:
    fields: dict[str, Any] = {
        "timestamp": 1.5,
        "arbitration_id": 0x12,
        "channel": "c",
        "data": b"\1\2",
    }
    one, other = Message(**fields), Message(**{**fields, **change})
    assert one.equals(other, **options) is equal
    assert other.equals(one, **options) is equal


def test_len_is_the_dlc_and_every_message_is_true() -> None:
    assert len(Message(is_remote_frame=True, dlc=5)) == 5
    assert bool(Message())
    assert bytes(Message(data=b"\1\2")) == b"\1\2"


def test_format_writes_text_or_the_candump_notation() -> None:
    msg = Message(arbitration_id=0x123, is_extended_id=False, data=b"\xde\xad")
    assert f"{msg}" == str(msg)
    assert f"{msg:candump}" == "123#DEAD"
    with pytest.raises(ValueError, match="unknown format"):
        f"{msg:hex}"


def test_repr_makes_an_equal_message() -> None:
    msg = Message(1.5, 0x12, False, channel="c", data=b"\1\2", is_fd=True, bitrate_switch=True)
    made = eval(repr(msg), {"can": __import__("canbus")})
    assert made.equals(msg, timestamp_delta=0)
