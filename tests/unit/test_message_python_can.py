"""message: `str`, `repr` and `equals` agree with python-can, where that is installed."""

from __future__ import annotations

import inspect
from itertools import product
from typing import Any

import pytest

import canbus

can = pytest.importorskip("can")

TABLE: list[dict[str, Any]] = [
    {},
    {"arbitration_id": 0x123, "is_extended_id": False, "data": b"\xde\xad\xbe\xef"},
    {"arbitration_id": 0x1FFFFFFF, "data": bytes(range(8)), "timestamp": 1700000000.123456},
    {"arbitration_id": 0x7FF, "is_extended_id": False, "data": b"hello", "channel": "can0"},
    {"arbitration_id": 5, "is_extended_id": False, "is_remote_frame": True, "dlc": 4},
    {"arbitration_id": 5, "is_remote_frame": True, "channel": 3},
    {"arbitration_id": 0x20, "is_error_frame": True, "data": bytes(8)},
    {"arbitration_id": 1, "is_fd": True, "data": bytes(64)},
    {"arbitration_id": 1, "is_fd": True, "bitrate_switch": True, "data": b"\1"},
    {"arbitration_id": 1, "is_fd": True, "error_state_indicator": True, "data": b""},
    {"arbitration_id": 1, "data": b"\1", "is_rx": False},
    {"arbitration_id": 1, "data": b"ab c", "timestamp": 0.000001},
    {"arbitration_id": 1, "data": b"abc", "channel": ""},
    {"arbitration_id": 1, "data": b"\1\2\3", "dlc": 2},
    {"arbitration_id": 1, "data": b"\1\2\3", "dlc": 8},
]


@pytest.mark.parametrize("fields", TABLE)
@pytest.mark.parametrize("show", [str, repr, len, bytes, bool])
def test_a_message_shows_itself_as_in_python_can(fields: dict[str, Any], show: Any) -> None:
    assert show(canbus.Message(**fields)) == show(can.Message(**fields))


@pytest.mark.parametrize("options", [{}, {"check_channel": False}, {"timestamp_delta": None}])
def test_messages_are_equal_where_python_cans_are(options: dict[str, Any]) -> None:
    for one, other in product(TABLE, TABLE):
        ours = canbus.Message(**one).equals(canbus.Message(**other), **options)
        theirs = can.Message(**one).equals(can.Message(**other), **options)
        assert ours == theirs, (one, other)


def test_the_constructor_takes_python_cans_arguments() -> None:
    theirs = [(p.name, p.default) for p in inspect.signature(can.Message).parameters.values()]
    ours = [(p.name, p.default) for p in inspect.signature(canbus.Message).parameters.values()]
    assert ours[: len(theirs)] == theirs
    assert [name for name, _ in ours[len(theirs) :]] == ["timestamp_ns"]
