"""codecs.lawicel: one table of frames both ways, in any piece."""

from __future__ import annotations

import pytest

from canbus.codecs.lawicel import LawicelDecoder, Reply, ReplyKind, encode_frame
from canbus.errors import CanMessageError, CanUnsupportedError
from canbus.message import Message
from canbus.xl_message import XlMessage
from tests.unit.codecs.lawicel_lines import (
    BOTH_WAYS,
    CASES,
    check,
    extended,
    feed,
    one,
    standard,
)


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
