"""codecs.lawicel: one table of frames both ways, cut anywhere; malformed lines; the bounds."""

from __future__ import annotations

import tracemalloc

import pytest

from canbus.codecs.lawicel import (
    MAX_HEADERS,
    MAX_LINE,
    LawicelDecoder,
    LawicelEvent,
    Malformed,
    Reply,
    ReplyKind,
    encode_frame,
)
from canbus.detailed_message import DetailedMessage
from canbus.errors import CanMessageError, CanUnsupportedError
from canbus.message import Message
from canbus.state import TimestampSource
from canbus.xl_message import XlMessage
from tests.unit.codecs.lawicel_lines import BOTH_WAYS, CASES, Case, extended, standard

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


# -- the table --------------------------------------------------------------------------


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_a_frame_is_encoded_as_its_line(name: str) -> None:
    assert encode_frame(CASES[name].frame) == CASES[name].line + b"\r"


@pytest.mark.parametrize("name", CASES)
def test_a_line_is_decoded_as_its_frame(name: str) -> None:
    decoder = LawicelDecoder("x")
    line = CASES[name].line + b"\r"
    for _ in range(2):  # the first time the beginning is read, then it is looked up
        check(one(decoder.feed(line, 7)), CASES[name])
        assert decoder.only_frames is (CASES[name].hardware_ns is None)
        assert decoder.pending == 0


@pytest.mark.parametrize("name", CASES)
def test_a_line_may_come_byte_by_byte(name: str) -> None:
    decoder = LawicelDecoder("x")
    line = CASES[name].line
    for number in range(len(line)):
        assert decoder.feed(line[number : number + 1], number) == []
        assert decoder.only_frames
        assert decoder.pending == len(line[: number + 1].lstrip(b"\n"))
    check(one(decoder.feed(b"\r", 99)), CASES[name], 99)
    assert decoder.pending == 0


@pytest.mark.parametrize("name", CASES)
def test_what_follows_a_line_stays_for_later(name: str) -> None:
    decoder = LawicelDecoder("x")
    check(one(decoder.feed(CASES[name].line + b"\rt12", 7)), CASES[name])
    assert decoder.pending == 3
    check(one(decoder.feed(b"30\r", 7)), CASES["line_feed_before"])


def test_all_lines_in_one_piece() -> None:
    cases = list(CASES.values())
    plain = [case for case in cases if case.hardware_ns is None]
    for chosen in (cases, plain):
        decoder = LawicelDecoder("x")
        events = decoder.feed(b"".join(case.line + b"\r" for case in chosen), 7)
        assert decoder.only_frames is (chosen is plain)
        for event, case in zip(events, chosen, strict=True):
            check(event, case)


def test_adapters_that_end_lines_with_cr_and_lf() -> None:
    decoder = LawicelDecoder("x")
    events = decoder.feed(b"".join(case.line + b"\r\n" for case in CASES.values()), 7)
    for event, case in zip(events, CASES.values(), strict=True):
        check(event, case)
    assert decoder.pending == 0
    assert decoder.feed(b"\n\n") == []
    assert decoder.pending == 0


@pytest.mark.parametrize("name", CASES)
def test_the_long_way_says_what_the_short_way_says(name: str) -> None:
    # LF before CR takes a line out of the tables' hands; nothing else may change.
    check(one(feed(CASES[name].line + b"\n\r")), CASES[name])


def test_extended_data_frames_for_a_candapter() -> None:
    assert encode_frame(extended(0x123, data=b"\xaa"), extended_x=True) == b"x000001231AA\r"
    assert encode_frame(standard(0x123), extended_x=True) == b"t1230\r"
    remote = extended(1, is_remote_frame=True)
    assert encode_frame(remote, extended_x=True) == encode_frame(remote)


def test_a_received_frame_can_be_sent_on_as_it_is() -> None:
    for name in BOTH_WAYS:
        line = CASES[name].line + b"\r"
        event = one(feed(line))
        assert isinstance(event, Message)
        assert encode_frame(event) == line


def test_esi_is_not_encoded() -> None:
    frame = standard(1, is_fd=True, error_state_indicator=True)
    assert encode_frame(frame) == b"d0010\r"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (standard(0x24, is_error_frame=True, data=bytes(8)), "an error frame"),
        (XlMessage(arbitration_id=1, data=b"1"), "a CAN XL frame"),
    ],
)
def test_frames_that_have_no_line_are_refused(frame: Message, words: str) -> None:
    with pytest.raises(CanUnsupportedError, match=words):
        encode_frame(frame)


def test_an_fd_length_that_the_wire_does_not_know_is_refused() -> None:
    with pytest.raises(CanMessageError, match="no frame of 9 bytes"):
        encode_frame(standard(1, is_fd=True, data=bytes(9)))


# -- malformed lines --------------------------------------------------------------------

MALFORMED = {
    b"t": "too short",
    b"t123": "too short",
    b"T123456": "too short",
    b"t8000": "'800' is no identifier of 11 bits",
    b"r8000": "'800' is no identifier of 11 bits",
    b"T200000000": "'20000000' is no identifier of 29 bits",
    b"B200000000": "'20000000' is no identifier of 29 bits",
    b"t12G0": "'12G' is no identifier",
    b"t+120": "'+12' is no identifier",
    b"t-120": "'-12' is no identifier",
    b"t 120": "' 12' is no identifier",
    b"t0x10": "'0x1' is no identifier",
    b"t1_20": "'1_2' is no identifier",
    b"T0_0_0_0_0": "'0_0_0_0_' is no identifier",
    b"t\xb2\xb300": "is no identifier",
    b"t1239" + b"00" * 9: "'9' is no length (0 to 8)",
    b"t123F" + b"00" * 64: "'F' is no length (0 to 8)",
    b"t123+": "'+' is no length (0 to 8)",
    b"r1239": "'9' is no length (0 to 8)",
    b"R000000019": "'9' is no length (0 to 8)",
    b"x00000001A" + b"00" * 16: "'A' is no length (0 to 8)",
    b"d123G": "'G' is no length (0 to F)",
    b"t1231": "too short: 0 digits where 2",
    b"t1232112": "too short: 3 digits where 4",
    b"t12321": "too short: 1 digits where 4",
    b"d1239" + b"00" * 11: "too short: 22 digits where 24",
    b"t1232112G": "data is not hexadecimal",
    b"t12321 22": "data is not hexadecimal",
    b"t123211_2": "data is not hexadecimal",
    b"t12321122\x80": "data is not hexadecimal",
    b"t1230S ": "data is not hexadecimal",
    b"t1230S0": "data is not hexadecimal",
    b"t12302": "1 digits behind 0 bytes of data",
    b"t123000": "2 digits behind 0 bytes of data",
    b"t1230000": "3 digits behind 0 bytes of data",
    b"t1230000000": "6 digits behind 0 bytes of data",
    b"t1230000000000000": "12 digits behind 0 bytes of data",
    b"t123000002": "5 digits behind 0 bytes of data",
    b"r1233AAAAAAA": "7 digits behind 0 bytes of data",
    b"d1230S\n0": "data is not hexadecimal",
    b"zt1231": "too short",
    b"zt8000": "is no identifier",
    b"e": "how many letters follow, 1 to 8",
    b"e0": "how many letters follow, 1 to 8",
    b"e9aaaaaaaaa": "how many letters follow, 1 to 8",
    b"ea": "how many letters follow, 1 to 8",
    b"e1": "an error report of 1 letters has 0",
    b"e1ab": "an error report of 1 letters has 2",
    b"e1x": "'x' stands for no error",
    b"e1\xff": "stands for no error",
    b"sf000000": "no line of the protocol",
    b"sp00000": "no line of the protocol",
    b"sp0000000": "no line of the protocol",
    b"sa+12000": "no line of the protocol",
    b"E4000000": "no line of the protocol",
    b"E47000000": "no line of the protocol",
    b"E0000000G": "no line of the protocol",
    b"F1": "no line of the protocol",
    b"FGG": "no line of the protocol",
    b"V10\x8013": "no line of the protocol",
    b"N\0\0": "no line of the protocol",
    b"\x00": "no line of the protocol",
    b"\xff\xfe": "no line of the protocol",
    b"zz": "no line of the protocol",
    b"123": "no line of the protocol",
    b"hello": "no line of the protocol",
}


@pytest.mark.parametrize("line", MALFORMED)
def test_a_bad_line_is_one_event_and_the_next_line_is_read(line: bytes) -> None:
    decoder = LawicelDecoder("x")
    for _ in range(2):
        events = decoder.feed(line + b"\rt1230\r", 7)
        bad, frame = events
        assert isinstance(bad, Malformed), bad
        assert bad.line == line
        assert MALFORMED[line] in bad.reason
        check(frame, CASES["line_feed_before"])
        assert not decoder.only_frames
    assert len(decoder.feed(b"t1230\r")) == 1
    assert decoder.only_frames


def test_bel_is_an_event_wherever_it_stands() -> None:
    for data, expected in {
        b"\a": [REFUSED],
        b"\a\a": [REFUSED, REFUSED],
        b"\a\r": [REFUSED, OK],
        b"\r\a\r": [OK, REFUSED, OK],
        b"z\a": [Reply(ReplyKind.SENT, b"z"), REFUSED],
        b"\n\a\n\r\n": [REFUSED, OK],
    }.items():
        assert feed(data) == expected


def test_what_stands_before_bel_is_a_line_of_its_own() -> None:
    frame, refused = feed(b"t1230\a")
    check(frame, CASES["line_feed_before"])
    assert refused == REFUSED
    bad, refused, frame = feed(b"t12\at1230\r")
    assert isinstance(bad, Malformed)
    assert bad.line == b"t12"
    assert refused == REFUSED
    check(frame, CASES["line_feed_before"])


def test_the_acknowledgement_of_a_candapter_has_no_cr() -> None:
    acknowledged, frame = feed(b"\x06t1230\r")
    assert acknowledged == ACKNOWLEDGED
    check(frame, CASES["line_feed_before"])
    assert feed(b"\x06\n\x06") == [ACKNOWLEDGED, ACKNOWLEDGED]
    assert feed(b"z\r\x06\a") == [Reply(ReplyKind.SENT, b"z"), ACKNOWLEDGED, REFUSED]
    decoder = LawicelDecoder("x")
    assert decoder.feed(b"\x06t12") == [ACKNOWLEDGED]
    assert decoder.pending == 3
    assert not decoder.only_frames


def test_an_acknowledgement_inside_a_line_is_noise() -> None:
    bad, frame = feed(b"t1\x06230\rt1230\r")
    assert isinstance(bad, Malformed)
    assert bad.line == b"t1\x06230"
    check(frame, CASES["line_feed_before"])


@pytest.mark.parametrize("name", CASES)
def test_fd_frames_may_be_unwanted(name: str) -> None:
    case = CASES[name]
    decoder = LawicelDecoder("x", fd=False)
    for end in (b"\r", b"\r", b"\n\r"):
        event = one(decoder.feed(case.line + end, 7))
        if case.frame.is_fd:
            assert event == Reply(ReplyKind.UNWANTED, case.line)
            assert not decoder.only_frames
        else:
            check(event, case)


def test_reset_forgets_a_half_line() -> None:
    decoder = LawicelDecoder("x")
    decoder.feed(b"t12345")
    decoder.reset()
    assert decoder.pending == 0
    check(one(decoder.feed(b"t1230\r", 7)), CASES["line_feed_before"])
    decoder.feed(b"?" * 1000)
    decoder.reset()
    check(one(decoder.feed(b"t1230\r", 7)), CASES["line_feed_before"])


# -- bounds -----------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"\r", b"\a"])
@pytest.mark.parametrize("cut", [1, 100, MAX_LINE, MAX_LINE + 1, 10_000])
def test_a_line_that_is_too_long_is_one_event(cut: int, end: bytes) -> None:
    data = b"t123" + b"0" * 2000 + end + b"t1230\r"
    decoder = LawicelDecoder("x")
    events: list[LawicelEvent] = []
    for start in range(0, len(data), cut):
        events += decoder.feed(data[start : start + cut], 7)
        assert decoder.pending <= MAX_LINE
    bad, *rest = events
    assert isinstance(bad, Malformed)
    assert bad.line == data[:MAX_LINE]
    assert bad.reason == f"longer than {MAX_LINE} bytes: no such line"
    assert rest[:-1] == ([REFUSED] if end == b"\a" else [])
    check(rest[-1], CASES["line_feed_before"])


def test_the_longest_line_and_one_more() -> None:
    longest = b">" + b"x" * (MAX_LINE - 1)
    assert feed(longest + b"\r") == [Reply(ReplyKind.TEXT, longest)]
    assert isinstance(one(feed(longest + b"x\r")), Malformed)
    assert feed(longest) == []
    assert isinstance(one(feed(longest + b"x")), Malformed)


def test_the_longest_frame_is_far_from_the_bound() -> None:
    line = b"ZB1FFFFFFFF" + b"00" * 64 + b"00000000" + b"1"
    assert len(line) == 148 < MAX_LINE
    assert one(feed(line + b"\r")) == Reply(ReplyKind.CONFIRMED, line)


def _peak_of(decoder: LawicelDecoder, pieces: list[bytes], times: int) -> int:
    tracemalloc.start()
    try:
        for _ in range(times):
            for piece in pieces:
                decoder.feed(piece)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_bounded_where_no_line_ends() -> None:
    decoder = LawicelDecoder()
    assert _peak_of(decoder, [b"t" * 10_000], 1000) < 100_000
    assert decoder.pending == 0


def test_memory_is_bounded_however_many_identifiers_come() -> None:
    decoder = LawicelDecoder()
    for first in range(0, 1_000_000, 10_000):
        data = b"".join(b"T%08X0\r" % number for number in range(first, first + 10_000))
        assert len(decoder.feed(data)) == 10_000
        assert 0 < len(decoder._extended) <= MAX_HEADERS
    data = b"".join(b"t%03X%d\r" % (number, 0) for number in range(0x800))
    data += b"".join(b"b%03X0\r" % number for number in range(0x800))
    data += b"".join(b"d%03X0\r" % number for number in range(0x800))
    assert len(decoder.feed(data)) == 3 * 0x800
    assert 0x800 <= len(decoder._standard) <= MAX_HEADERS


def test_identifiers_are_right_after_the_tables_were_emptied() -> None:
    decoder = LawicelDecoder("x")
    for number in (*range(MAX_HEADERS + 3), 0, MAX_HEADERS):
        event = one(decoder.feed(b"T%08X10F\r" % number))
        assert isinstance(event, Message)
        assert event.equals(extended(number, data=b"\x0f"), check_channel=False)
