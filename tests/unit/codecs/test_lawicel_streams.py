"""codecs.lawicel: any frame, any cut of the stream, any noise (hypothesis)."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from canbus.codecs.lawicel import (
    MAX_LINE,
    LawicelDecoder,
    LawicelEvent,
    Malformed,
    Reply,
    encode_frame,
)
from canbus.frame_rules import FD_LENGTHS, prepare
from canbus.message import Message
from tests.fuzz.lawicel_check import SEEDS, check
from tests.unit.codecs.lawicel_lines import CASES
from tests.unit.codecs.test_lawicel_bad_lines import MALFORMED
from tests.unit.codecs.test_lawicel_replies import REPLIES


@st.composite
def frames(draw: st.DrawFn) -> Message:
    fd = draw(st.booleans())
    remote = not fd and draw(st.booleans())
    extended = draw(st.booleans())
    length = draw(st.sampled_from(FD_LENGTHS) if fd else st.integers(0, 8))
    return Message(
        arbitration_id=draw(st.integers(0, 0x1FFFFFFF if extended else 0x7FF)),
        is_extended_id=extended,
        is_remote_frame=remote,
        is_fd=fd,
        bitrate_switch=fd and draw(st.booleans()),
        dlc=length,
        data=None if remote else draw(st.binary(min_size=length, max_size=length)),
    )


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


def facts(event: LawicelEvent) -> Any:
    """What can be compared of an event."""
    if not isinstance(event, Message):
        return event
    return (
        event.arbitration_id,
        event._flags,
        bytes(event._data),
        event.dlc,
        event.hardware_timestamp_ns,
        event.channel,
    )


def decode(data: bytes, cuts: list[int]) -> list[Any]:
    decoder = LawicelDecoder("x")
    found = []
    for piece in pieces(data, cuts):
        events = decoder.feed(piece)
        assert decoder.pending <= MAX_LINE
        assert decoder.only_frames is all(
            type(event) is Message and not event.is_error_frame for event in events
        )
        found += [facts(event) for event in events]
    return found


LINES = [
    *(case.line for case in CASES.values()),
    *MALFORMED,
    *(line for lines in REPLIES.values() for line in lines),
    *(b"sa057033", b"e3bcO", b"E2310800C"),
]
ENDS = [b"\r", b"\r\n", b"\n\r", b"\a", b"\x06", b"\n", b"", b"x" * 600]
streams = st.one_of(
    st.lists(st.sampled_from(LINES) | st.sampled_from(ENDS), max_size=20).map(b"".join),
    st.text("tTrRdDbBxzZsSeEVvNFACOL0123456789abcdef\r\r\r\n\a\x06 \xff", max_size=200).map(
        lambda text: text.encode("latin-1")
    ),
    st.binary(max_size=100),
)
cuts = st.lists(st.integers(0, 10_000), max_size=30)


@given(st.lists(frames(), max_size=10), cuts)
def test_every_frame_comes_back_from_its_line(sent: list[Message], where: list[int]) -> None:
    data = b"".join(encode_frame(msg) for msg in sent)
    assert decode(data, where) == decode(data, [])
    decoder = LawicelDecoder()
    received = decoder.feed(data)
    assert decoder.only_frames
    assert len(received) == len(sent)
    for event, msg in zip(received, sent, strict=True):
        assert isinstance(event, Message)
        assert event.equals(msg), (event, msg)
        event.validate()


@given(frames())
def test_what_prepare_lets_pass_can_be_encoded(msg: Message) -> None:
    assert encode_frame(prepare(msg, fd=True, channel="x")).isascii()


@given(streams, cuts)
@example(b"x" * 512 + b"\n\r", [512])
@example(b"x" * 511 + b"\n\r", [511])
@example(b"\n" * 600 + b"t1230\r", [513])
@example(b"t1230" + b"\n" * 600 + b"\r", [520])
@example(b"x" * 600 + b"\n\r\n", [600, 601, 602])
@example(b"x" * 513 + b"\x06\r", [513])
def test_any_cut_gives_the_same_events(data: bytes, where: list[int]) -> None:
    assert decode(data, where) == decode(data, []) == decode(data, list(range(len(data))))


NOISE = st.one_of(st.binary(min_size=1, max_size=30), st.sampled_from(LINES), st.just(b"x" * 2000))


@given(st.lists(frames(), min_size=1, max_size=8), NOISE, st.integers(0, 10_000), cuts)
def test_noise_costs_no_frame_but_the_one_it_hits(
    sent: list[Message], noise: bytes, where: int, cuts: list[int]
) -> None:
    lines = [encode_frame(msg) for msg in sent]
    data = b"".join(lines)
    where %= len(data) + 1
    found = decode(data[:where] + noise + data[where:], cuts)
    before, begin = 0, 0
    while before < len(lines) and begin + len(lines[before]) <= where:
        begin += len(lines[before])
        before += 1
    # The line that is hit, or the next one where noise without an end comes between two.
    hit = 0 if begin == where and noise[-1:] in {b"\r", b"\a"} else 1
    whole = [decode(line, [])[0] for line in lines]
    assert found[:before] == whole[:before]
    untouched = whole[before + hit :]
    assert found[len(found) - len(untouched) :] == untouched


@given(st.binary(max_size=300))
def test_a_malformed_line_has_the_bytes_that_came(data: bytes) -> None:
    for event in LawicelDecoder().feed(data + b"\r"):
        if isinstance(event, Malformed):
            assert event.line in data
            assert 0 < len(event.line) <= MAX_LINE
            assert event.reason.isprintable()
        elif isinstance(event, Reply):
            assert event.line in data + b"\r"
        else:
            event.validate()


@given(st.text("tTrRdDbBx0123456789ABCDEFabcdef", max_size=30))
def test_a_line_is_a_frame_only_if_it_is_all_of_one(text: str) -> None:
    """Compared with a pattern for classic data frames that was written on its own."""
    (event,) = LawicelDecoder().feed(text.encode() + b"\r")
    if text[:1] in {"t", "T", "x"}:
        letters = re.fullmatch(r"(?:t[0-7].{2}|[Tx][01].{7})([0-8])(.*)", text)
        extra = len(letters[2]) - 2 * int(letters[1]) if letters else -1
        flagged = extra in {1, 5, 9} and text[-1] in "01"
        assert isinstance(event, Message) is (extra in {0, 4, 8} or flagged) or not set(
            text[1:]
        ) <= set("0123456789ABCDEFabcdef")


@given(st.binary(max_size=200))
def test_what_the_fuzzer_checks_holds(data: bytes) -> None:
    check(data)


def test_what_the_fuzzer_begins_with_holds() -> None:
    for line in SEEDS:
        check(b"\x01\x06" + line + b"\r")


@pytest.mark.skipif(find_spec("atheris") is not None, reason="it is about its absence")
def test_the_fuzzer_says_what_to_install() -> None:
    ran = subprocess.run(
        [sys.executable, "tests/fuzz/lawicel.py", "--seconds", "1"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "atheris is missing: run `make fuzz`, or pip install atheris==3.0.0\n"
