"""notation: one table for parsing and writing, and nothing but CanMessageError for the rest."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.errors import CanMessageError
from canbus.frame_rules import FD_LENGTHS
from canbus.message import Message
from canbus.notation import compact, parse


def _standard(arbitration_id: int, data: bytes = b"", **fields: Any) -> Message:
    return Message(arbitration_id=arbitration_id, is_extended_id=False, data=data, **fields)


TABLE = [
    ("123#DEADBEEF", _standard(0x123, b"\xde\xad\xbe\xef")),
    ("000#", _standard(0)),
    ("7FF#FF", _standard(0x7FF, b"\xff")),
    ("1F334455#1122334455667788", Message(arbitration_id=0x1F334455, data=b'\x11"3DUfw\x88')),
    ("00000001#", Message(arbitration_id=1)),
    ("1FFFFFFF#00", Message(arbitration_id=0x1FFFFFFF, data=b"\0")),
    ("123#R", _standard(0x123, is_remote_frame=True)),
    ("123#R4", _standard(0x123, is_remote_frame=True, dlc=4)),
    ("00000123#R8", Message(arbitration_id=0x123, is_remote_frame=True, dlc=8)),
    ("123##0", _standard(0x123, is_fd=True)),
    ("123##1AABB", _standard(0x123, b"\xaa\xbb", is_fd=True, bitrate_switch=True)),
    ("123##2", _standard(0x123, is_fd=True, error_state_indicator=True)),
    (
        "1F334455##3" + "00" * 64,
        Message(
            arbitration_id=0x1F334455,
            data=bytes(64),
            is_fd=True,
            bitrate_switch=True,
            error_state_indicator=True,
        ),
    ),
    ("20000004#0004000000000000", _standard(4, b"\0\4" + bytes(6), is_error_frame=True)),
]

ALSO_READ = [
    ("123#de.ad.be.ef", "123#DEADBEEF"),
    ("123#DE.ADBE.EF", "123#DEADBEEF"),
    (" 123#DE \n", "123#DE"),
    ("7ff#", "7FF#"),
    ("123#r", "123#R"),
    ("123#R0", "123#R"),
    ("123##5AA", "123##1AA"),  # candump shows the FDF bit as well
    ("123##7", "123##3"),
]

MALFORMED = [
    ("", "no '#'"),
    ("123", "no '#'"),
    ("#", "id ''"),
    ("12#", "3 or 8"),
    ("1234#", "3 or 8"),
    ("1234567#", "3 or 8"),
    ("123456789#", "3 or 8"),
    ("XYZ#", "'XYZ'"),
    ("+12#", "3 or 8"),
    ("0x1#", "3 or 8"),
    ("1_2#", "3 or 8"),
    ("\uff11\uff12\uff13#", "3 or 8"),
    ("800#", "11 bits"),
    ("80000001#", "29 bits"),
    ("40000001#", "29 bits"),
    ("123#1", "half a byte"),
    ("123#112", "half a byte"),
    ("123#GG", "not hexadecimal"),
    ("123#11 22", "not hexadecimal"),
    ("123#112233445566778899", "9 bytes"),
    ("123#R9", "digit 0..8"),
    ("123#R11", "digit 0..8"),
    ("123#RA", "digit 0..8"),
    ("123##", "flag digit"),
    ("123##.", "flag digit"),
    ("123##8", "flag digit 8"),
    ("123##F00", "flag digit F"),
    ("123##1A", "half a byte"),
    ("123##0" + "00" * 65, "65 bytes"),
    ("20000004##0", "classic"),
    ("20000004#R", "both"),
]


@pytest.mark.parametrize(("text", "msg"), TABLE)
def test_the_notation_is_read_and_written(text: str, msg: Message) -> None:
    assert parse(text).equals(msg)
    assert Message.parse(text).equals(msg)
    assert compact(msg) == text
    assert f"{msg:candump}" == text


@pytest.mark.parametrize(("text", "canonical"), ALSO_READ)
def test_other_ways_of_writing_are_read(text: str, canonical: str) -> None:
    assert compact(parse(text)) == canonical


@pytest.mark.parametrize(("text", "why"), MALFORMED)
def test_malformed_text_is_refused_with_the_place_and_the_grammar(text: str, why: str) -> None:
    with pytest.raises(CanMessageError, match=why) as info:
        parse(text)
    assert repr(text) in str(info.value)
    assert "123#DEADBEEF" in (info.value.hint or "")


@pytest.mark.parametrize("text", ["123#1.1", "123#1.12.2", "123#..11", "123#.11", "123#11.."])
def test_a_dot_stands_between_data_bytes_only(text: str) -> None:
    with pytest.raises(CanMessageError):
        parse(text)


@st.composite
def frames(draw: st.DrawFn) -> Message:
    kind = draw(st.sampled_from(["data", "remote", "error", "fd"]))
    extended = kind != "error" and draw(st.booleans())
    top = 0x1FFFFFFF if extended or kind == "error" else 0x7FF
    length = draw(st.sampled_from(FD_LENGTHS) if kind == "fd" else st.integers(0, 8))
    data = b"" if kind == "remote" else draw(st.binary(min_size=length, max_size=length))
    return Message(
        arbitration_id=draw(st.integers(0, top)),
        is_extended_id=extended,
        is_remote_frame=kind == "remote",
        is_error_frame=kind == "error",
        is_fd=kind == "fd",
        bitrate_switch=kind == "fd" and draw(st.booleans()),
        error_state_indicator=kind == "fd" and draw(st.booleans()),
        dlc=length,
        data=data,
    )


@given(frames())
def test_every_frame_comes_back_from_its_text(msg: Message) -> None:
    assert parse(compact(msg)).equals(msg)


@given(st.one_of(st.text(), st.text(alphabet="0123456789ABCDEFabcdefRr#.xX_- ", max_size=40)))
def test_any_text_either_is_a_frame_or_raises_canmessageerror(text: str) -> None:
    try:
        msg = parse(text)
    except CanMessageError:
        return
    assert parse(compact(msg)).equals(msg)
