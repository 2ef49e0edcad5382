"""codecs.lawicel: malformed lines, answers in the wrong place, and the bounds."""

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
)
from canbus.message import Message
from tests.unit.codecs.lawicel_lines import (
    ACKNOWLEDGED,
    CASES,
    OK,
    REFUSED,
    check,
    extended,
    feed,
    one,
)

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
