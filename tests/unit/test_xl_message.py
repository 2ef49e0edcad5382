"""XlMessage: the value, its rules, its text."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given

import canbus as can
from canbus.codecs.candump import ScreenLayout, log_line
from canbus.detailed_message import detailed
from canbus.frame_rules import is_plain, prepare
from tests.unit.codecs.test_canxl_frame import frames

TEXT = "45123#81:03:12345678#11223344556677"


def frame(**changes: Any) -> can.XlMessage:
    facts: dict[str, Any] = {
        "arbitration_id": 0x123,
        "data": bytes.fromhex("11223344556677"),
        "sdt": 3,
        "af": 0x12345678,
        "vcid": 0x45,
        "sec": True,
    }
    return can.XlMessage(**facts | changes)


def test_it_is_a_message_of_its_own_kind() -> None:
    msg = frame(timestamp_ns=5, channel="can0")
    assert isinstance(msg, can.Message)
    kinds = (msg.is_xl, msg.is_fd, msg.is_extended_id, msg.is_remote_frame, msg.is_error_frame)
    assert kinds == (True, False, False, False, False)
    assert (len(msg), msg.dlc, bytes(msg), msg.timestamp_ns) == (7, 7, bytes(msg.data), 5)
    assert (msg.sec, msg.rrs, msg.is_rx, msg.channel) == (True, False, True, "can0")
    assert (msg.lost_before, msg.hardware_timestamp_ns) == (0, None)


def test_flags_and_data_may_be_changed() -> None:
    msg = frame()
    msg.rrs, msg.sec, msg.data = True, False, bytearray(2048)
    assert (msg.rrs, msg.sec, msg.xl_flags, msg.dlc) == (True, False, 2, 2048)
    msg.rrs, msg.sec = False, True
    assert msg.xl_flags == 1


def test_sent_from_this_machine() -> None:
    assert frame(is_rx=False).origin is can.FrameOrigin.LOCAL


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda msg: pickle.loads(pickle.dumps(msg))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_is_equal_and_owns_its_data(copied: Any) -> None:
    msg = frame(rrs=True, is_rx=False, timestamp=1.5, channel="can0")
    msg.lost_before = 3
    new = copied(msg)
    assert type(new) is can.XlMessage
    assert new.equals(msg)
    assert new.lost_before == 3
    new.data[0] ^= 0xFF
    assert not new.equals(msg)


@pytest.mark.parametrize(
    "change",
    [
        {"arbitration_id": 0x124},
        {"data": b"\1"},
        {"sdt": 4},
        {"af": 1},
        {"vcid": 0},
        {"sec": False},
        {"rrs": True},
        {"channel": "can1"},
        {"is_rx": False},
        {"timestamp": 1.0},
    ],
)
def test_frames_that_differ_are_not_equal(change: dict[str, Any]) -> None:
    assert frame().equals(frame())
    assert not frame().equals(frame(**change))


def test_a_classic_frame_with_the_same_id_and_data_is_not_equal() -> None:
    msg = can.XlMessage(arbitration_id=0x123, data=b"\1")
    classic = can.Message(arbitration_id=0x123, is_extended_id=False, data=b"\1")
    assert not msg.equals(classic)
    assert not classic.equals(msg)


def test_facts_of_reception_have_their_place() -> None:
    msg = frame()
    assert detailed(msg, 7, 99) is msg
    assert (msg.lost_before, msg.hardware_timestamp_ns) == (7, 99)


# -- rules --------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"\0", bytes(2048)])
def test_a_frame_that_can_exist_is_valid(data: bytes) -> None:
    frame(data=data, check=True)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"arbitration_id": 0x800}, "arbitration_id 0x800 .* 0..0x7ff"),
        ({"arbitration_id": -1}, "arbitration_id"),
        ({"arbitration_id": "1"}, "arbitration_id '1'"),
        ({"sdt": 256}, "sdt 0x100"),
        ({"af": 2**32}, "af 0x100000000"),
        ({"vcid": 256}, "vcid 0x100"),
        ({"vcid": None}, "vcid None"),
        ({"data": b""}, "1..2048 bytes of data, not 0"),
        ({"data": bytes(2049)}, "1..2048 bytes of data, not 2049"),
        ({"dlc": 3}, "dlc says 3 bytes but data has 7"),
    ],
)
def test_a_frame_that_cannot_exist_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(can.CanMessageError, match=why):
        frame(**change, check=True)


@pytest.mark.parametrize(
    "name", ["is_extended_id", "is_remote_frame", "is_error_frame", "is_fd", "bitrate_switch"]
)
def test_a_frame_of_two_kinds_is_refused(name: str) -> None:
    msg = frame()
    setattr(msg, name, True)
    with pytest.raises(can.CanMessageError, match="cannot be"):
        msg.validate()


def test_reserved_flags_are_refused() -> None:
    msg = frame()
    msg.xl_flags = 0x40
    with pytest.raises(can.CanMessageError, match="reserved"):
        msg.validate()


def test_a_negative_time_stamp_is_refused() -> None:
    with pytest.raises(can.CanMessageError, match="negative"):
        frame(timestamp_ns=-1, check=True)


def test_it_is_not_plain_and_is_sent_only_where_xl_was_asked_for() -> None:
    msg = frame(arbitration_id=1, data=b"\1")
    assert not is_plain(msg)
    assert prepare(msg, fd=False, channel="can0", xl=True) is msg
    for fd in (False, True):
        with pytest.raises(can.CanUnsupportedError, match="XL frame on can0") as caught:
            prepare(msg, fd=fd, channel="can0")
        assert caught.value.hint == "open it with xl=True"


def test_a_priority_that_is_too_large_is_refused_rather_than_cut() -> None:
    with pytest.raises(can.CanMessageError, match="0x800"):
        prepare(frame(arbitration_id=0x800), fd=True, channel="can0", xl=True)


# -- text ---------------------------------------------------------------------------------


def test_the_compact_notation_is_that_of_can_utils() -> None:
    msg = can.Message.parse("45123#81:03:12345678#11223344.556677")
    assert msg.equals(frame())
    assert f"{msg:candump}" == TEXT


def test_the_mark_of_can_xl_may_be_left_out() -> None:
    assert can.Message.parse(TEXT.replace("#81", "#01")).equals(frame())


@pytest.mark.parametrize(
    "text",
    [
        "45123#",
        "45123#AABB",
        "45123#81:03:12345678",
        "45123#81:03:12345678#",  # no data
        "45123#81:03:12345678#1",
        "45123#81:03:12345678#.11",
        "45123#81:3:12345678#11",
        "45923#81:03:12345678#11",  # a priority of 12 bits
        "45123#C1:03:12345678#11",  # a reserved flag
        "4512G#81:03:12345678#11",
    ],
)
def test_what_is_no_frame_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(can.CanMessageError, match="cannot read the CAN XL frame") as caught:
        can.Message.parse(text)
    assert "45123#81:00:12345678#AABB" in (caught.value.hint or "")


@given(frames)
def test_every_frame_comes_back_from_its_text(msg: can.XlMessage) -> None:
    assert can.Message.parse(f"{msg:candump}").equals(msg)


@given(frames)
def test_every_frame_comes_back_from_its_repr(msg: can.XlMessage) -> None:
    msg.timestamp_ns, msg.channel, msg.is_rx = 1234, "can0", False
    assert eval(repr(msg)).equals(msg)


def test_the_line_for_people() -> None:
    assert str(frame(channel="can0")) == (
        "Timestamp:        0.000000    Priority: 123    XL Rx SEC    VCID: 45    SDT: 03    "
        "AF: 12345678    DL:    7    11 22 33 44 55 66 77    Channel: can0"
    )
    assert str(frame(data=bytes(65))).endswith("DL:   65    " + "00 " * 64 + "...")


def test_the_lines_of_candump() -> None:
    # From the text of can-utils' lib.c (2025.01): no such candump was at hand to be run.
    msg = frame(channel="vcan0")
    screen = ScreenLayout()
    assert screen.line(msg) == "  vcan0  123 [0007] (45|81:03:12345678) 11 22 33 44 55 66 77"
    assert log_line(msg) == f"(0000000000.000000) vcan0 {TEXT}"
    screen.line(can.Message(channel="vcan0"))
    assert screen.line(msg).startswith("  vcan0       123 [0007] (45|")
    msg.data = bytearray(2048)
    assert screen.line(msg).endswith("[2048] (45|81:03:12345678) " + "00 " * 64 + "...")
