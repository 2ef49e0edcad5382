"""Lines of serial CAN adapters and what they mean: the table and checks of the codec's tests."""

from __future__ import annotations

from typing import Any, NamedTuple

from canbus.codecs.lawicel import LawicelDecoder, LawicelEvent, Reply, ReplyKind
from canbus.detailed_message import DetailedMessage
from canbus.message import Message
from canbus.state import TimestampSource


def standard(arbitration_id: int, **fields: Any) -> Message:
    return Message(arbitration_id=arbitration_id, is_extended_id=False, **fields)


def extended(arbitration_id: int, **fields: Any) -> Message:
    return Message(arbitration_id=arbitration_id, is_extended_id=True, **fields)


class Case(NamedTuple):
    """A line, and its frame; hardware_ns if the line has a stamp; both ways or only read."""

    line: bytes
    frame: Message
    hardware_ns: int | None = None
    both_ways: bool = True


def _read(line: bytes, frame: Message, hardware_ns: int | None = None) -> Case:
    return Case(line, frame, hardware_ns, both_ways=False)


_EIGHT = bytes(range(0xF8, 0x100))
_EIGHT_HEX = b"F8F9FAFBFCFDFEFF"
_TWELVE = bytes(range(12))
_TWELVE_HEX = b"000102030405060708090A0B"
_SIXTY_FOUR = bytes(range(0x80, 0xC0))

CASES = {
    "standard": Case(b"t1234DEADBEEF", standard(0x123, data=b"\xde\xad\xbe\xef")),
    "standard_empty": Case(b"t7FF0", standard(0x7FF)),
    "standard_zero": Case(b"t00010A", standard(0, data=b"\x0a")),
    "standard_full": Case(b"t0018" + _EIGHT_HEX, standard(1, data=_EIGHT)),
    "extended": Case(b"T1ABCDEF5211FF", extended(0x1ABCDEF5, data=b"\x11\xff")),
    "extended_empty": Case(b"T000000120", extended(0x12)),
    "extended_full": Case(b"T1FFFFFFF8" + _EIGHT_HEX, extended(0x1FFFFFFF, data=_EIGHT)),
    "remote": Case(b"r1235", standard(0x123, is_remote_frame=True, dlc=5)),
    "remote_none": Case(b"r0000", standard(0, is_remote_frame=True)),
    "remote_extended": Case(b"R123456788", extended(0x12345678, is_remote_frame=True, dlc=8)),
    "fd_empty": Case(b"d1230", standard(0x123, is_fd=True)),
    "fd": Case(b"d7FF9" + _TWELVE_HEX, standard(0x7FF, is_fd=True, data=_TWELVE)),
    "fd_16": Case(b"d001A" + b"00" * 16, standard(1, is_fd=True, data=bytes(16))),
    "fd_20": Case(b"d001B" + b"00" * 20, standard(1, is_fd=True, data=bytes(20))),
    "fd_24": Case(b"d001C" + b"00" * 24, standard(1, is_fd=True, data=bytes(24))),
    "fd_32": Case(b"d001D" + b"00" * 32, standard(1, is_fd=True, data=bytes(32))),
    "fd_48": Case(b"d001E" + b"00" * 48, standard(1, is_fd=True, data=bytes(48))),
    "fd_extended": Case(b"D000000011FF", extended(1, is_fd=True, data=b"\xff")),
    "fd_brs": Case(
        b"b1238" + _EIGHT_HEX, standard(0x123, is_fd=True, bitrate_switch=True, data=_EIGHT)
    ),
    "fd_brs_extended": Case(
        b"B1FFFFFFFF" + _SIXTY_FOUR.hex().upper().encode(),
        extended(0x1FFFFFFF, is_fd=True, bitrate_switch=True, data=_SIXTY_FOUR),
    ),
    # What only comes.
    "lower_case": _read(b"t7ff2abcd", standard(0x7FF, data=b"\xab\xcd")),
    "lower_case_extended": _read(b"T1abcdef51ef", extended(0x1ABCDEF5, data=b"\xef")),
    "lower_case_length": _read(b"d001a" + b"ff" * 16, standard(1, is_fd=True, data=b"\xff" * 16)),
    "candapter": _read(b"x000001231AA", extended(0x123, data=b"\xaa")),
    "line_feed_before": _read(b"\nt1230", standard(0x123)),
    "line_feed_behind": _read(b"t1230\n", standard(0x123)),
    "line_feed_both": _read(b"\nt12311F\n", standard(0x123, data=b"\x1f")),
    "milliseconds": _read(b"t100211334D67", standard(0x100, data=b"\x11\x33"), 0x4D67 * 1_000_000),
    "milliseconds_0": _read(b"t10000000", standard(0x100), 0),
    "milliseconds_extended": _read(b"T000001000ffff", extended(0x100), 65_535_000_000),
    "milliseconds_remote": _read(
        b"r12380001", standard(0x123, is_remote_frame=True, dlc=8), 1_000_000
    ),
    "microseconds": _read(b"t1001AAD693A3FF", standard(0x100, data=b"\xaa"), 3_599_999_999_000),
    "microseconds_fd": _read(
        b"B000000019" + _TWELVE_HEX + b"0000000f",
        extended(1, is_fd=True, bitrate_switch=True, data=_TWELVE),
        15_000,
    ),
    "esi": _read(
        b"b7E081122334455667788S",
        standard(
            0x7E0,
            is_fd=True,
            bitrate_switch=True,
            error_state_indicator=True,
            data=bytes.fromhex("1122334455667788"),
        ),
    ),
    "esi_digit": _read(
        b"d00111F1", standard(1, is_fd=True, error_state_indicator=True, data=b"\x1f")
    ),
    "esi_digit_0": _read(b"d00111F0", standard(1, is_fd=True, data=b"\x1f")),
    "esi_digit_classic": _read(b"t10020011000A0", standard(0x100, data=b"\x00\x11"), 10_000_000),
    "esi_digit_classic_1": _read(b"t10020011000A1", standard(0x100, data=b"\x00\x11"), 10_000_000),
    "esi_digit_microseconds": _read(
        b"d000" + b"1AB" + b"000000011",
        standard(0, is_fd=True, error_state_indicator=True, data=b"\xab"),
        1_000,
    ),
    "remote_with_rubbish_like_a_stamp": _read(
        b"r1232ABCD", standard(0x123, is_remote_frame=True, dlc=2), 0xABCD * 1_000_000
    ),
    "remote_with_rubbish": _read(
        b"r1238" + b"F0" * 8, standard(0x123, is_remote_frame=True, dlc=8)
    ),
    "remote_with_rubbish_extended": _read(
        b"R000000013" + b"AA" * 3, extended(1, is_remote_frame=True, dlc=3)
    ),
}

BOTH_WAYS = {name: case for name, case in CASES.items() if case.both_ways}

OK = Reply(ReplyKind.OK, b"")
ACKNOWLEDGED = Reply(ReplyKind.OK, b"\x06")
REFUSED = Reply(ReplyKind.REFUSED, b"\a")


def feed(data: bytes) -> list[LawicelEvent]:
    return LawicelDecoder("x").feed(data, 7)


def one(events: list[LawicelEvent]) -> LawicelEvent:
    assert len(events) == 1, events
    return events[0]


def check(event: LawicelEvent, case: Case, timestamp_ns: int = 7) -> None:
    assert isinstance(event, Message), event
    assert event.equals(case.frame, timestamp_delta=None, check_channel=False), event
    assert event.timestamp_ns == timestamp_ns
    assert event.channel == "x"
    assert event.is_rx
    assert event.timestamp_source is TimestampSource.HOST
    assert event.hardware_timestamp_ns == case.hardware_ns
    assert event.lost_before == 0
    assert isinstance(event, DetailedMessage) is (case.hardware_ns is not None)
