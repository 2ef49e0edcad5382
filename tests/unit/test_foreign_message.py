"""Frames of another library are sent as they are: python-can's, where it is, and a stranger's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import canbus
from canbus.foreign_message import is_frame, own_message

PATIENCE = 10.0
TABLE: list[dict[str, Any]] = [
    {"arbitration_id": 0x123, "is_extended_id": False, "data": b"\xde\xad"},
    {"arbitration_id": 0x1FFFFFFF, "data": bytes(range(8)), "timestamp": 1.5},
    {"arbitration_id": 5, "is_extended_id": False, "is_remote_frame": True, "dlc": 4},
    {"arbitration_id": 0x20, "is_error_frame": True, "data": bytes(8)},
    {"arbitration_id": 1, "is_fd": True, "data": bytes(64), "bitrate_switch": True},
    {"arbitration_id": 1, "is_fd": True, "error_state_indicator": True},
    {"arbitration_id": 1, "data": b"\1", "is_rx": False, "channel": "can7"},
]


@pytest.mark.parametrize("fields", TABLE)
def test_every_kind_of_frame_of_python_can(fields):
    can = pytest.importorskip("can")
    theirs = can.Message(**fields)
    assert is_frame(theirs)
    assert own_message(theirs).equals(canbus.Message(**fields))


def stranger(**fields: Any) -> Any:
    """The least that a frame has."""
    frame = SimpleNamespace(
        arbitration_id=0x123, is_extended_id=False, is_remote_frame=False, is_error_frame=False,
        dlc=1, data=bytearray(b"\1"),
    )  # fmt: skip
    vars(frame).update(fields)
    return frame


def test_it_is_sent_and_not_changed():
    with canbus.Bus("wire", "virtual") as bus, canbus.Bus("wire", "virtual") as peer:
        frame = stranger()
        bus.send(frame)
        assert peer.recv(PATIENCE).equals(canbus.Message.parse("123#01"), None, check_channel=False)
        assert bus.send_many([frame, canbus.Message.parse("123#02"), frame]) == 3
        assert [bytes(msg.data) for msg in peer.recv_many()] == [b"\1", b"\2", b"\1"]
        assert frame == stranger()


def test_it_is_sent_periodically_and_changed():
    with canbus.Bus("wire", "virtual") as bus, canbus.Bus("wire", "virtual") as peer:
        frame = stranger()
        task = bus.send_periodic(frame, 0.001)
        assert peer.recv(PATIENCE).data == b"\1"
        frame.data[0] = 9  # the task has a copy
        task.modify_data(stranger(data=bytearray(b"\2")))
        while peer.recv(PATIENCE).data == b"\1":
            pass
        task.stop()
        assert {bytes(msg.data) for msg in peer.recv_many(64, 0)} <= {b"\2"}


@pytest.mark.parametrize("thing", [None, b"123#01", object(), SimpleNamespace(arbitration_id=1)])
def test_what_is_no_frame_is_a_type_error(thing):
    with canbus.Bus("wire", "virtual") as bus:
        with pytest.raises(TypeError, match="nor like one"):
            bus.send(thing)
        with pytest.raises(TypeError):
            bus.send_periodic(thing, 1)


def test_a_frame_that_cannot_be_is_refused_as_ours_is():
    with canbus.Bus("wire", "virtual") as bus:
        with pytest.raises(canbus.CanMessageError):
            bus.send(stranger(data=bytearray(9), dlc=9))
        with pytest.raises(canbus.CanUnsupportedError):
            bus.send(stranger(is_fd=True))
