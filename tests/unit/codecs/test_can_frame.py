"""codecs.can_frame: golden bytes from <linux/can.h>, one table both ways, and round trips."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.can_frame import CAN_MTU, CANFD_MTU, decode_can_frame, encode_can_frame
from canbus.errors import CanProtocolError
from canbus.frame_flags import (
    NOT_RX,
    OWN,
)
from canbus.frame_rules import FD_LENGTHS
from canbus.message import Message
from tests import golden
from tests.golden import compilers

GOLDEN = golden.read("can_frames.txt")
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the golden bytes are those of a little-endian machine"
)


def _standard(arbitration_id: int, **fields: Any) -> Message:
    return Message(arbitration_id=arbitration_id, is_extended_id=False, **fields)


TABLE = {
    "standard": _standard(0x123, data=bytes(range(0xA0, 0xA4))),
    "standard_empty": _standard(0x7FF),
    "standard_zero": _standard(0, data=bytes(range(8))),
    "extended": Message(arbitration_id=0x1ABCDEF5, data=bytes(range(0xF8, 0x100))),
    "extended_short_id": Message(arbitration_id=0x12, data=b"\xff"),
    "remote": _standard(0x123, is_remote_frame=True, dlc=5),
    "extended_remote": Message(arbitration_id=0x12345678, is_remote_frame=True, dlc=8),
    "error": _standard(0x24, is_error_frame=True, data=bytes(range(0x10, 0x18))),
    "fd_empty": _standard(0x123, is_fd=True),
    "fd_brs": _standard(0x123, is_fd=True, bitrate_switch=True, data=bytes(range(12))),
    "fd_esi": _standard(0x123, is_fd=True, error_state_indicator=True, data=bytes(range(7))),
    "fd_full": Message(
        arbitration_id=0x1FFFFFFF,
        is_fd=True,
        bitrate_switch=True,
        error_state_indicator=True,
        data=bytes(range(64)),
    ),
}


def test_the_table_covers_every_golden_frame() -> None:
    assert {name for name in GOLDEN if not name.startswith("filter")} == set(TABLE)


@little_endian
@pytest.mark.parametrize("name", TABLE)
def test_a_frame_is_encoded_as_the_kernel_lays_it_out(name: str) -> None:
    assert encode_can_frame(TABLE[name]) == GOLDEN[name]


@little_endian
@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_frame_is_decoded_from_the_kernels_layout(name: str, kind: Any) -> None:
    assert decode_can_frame(kind(GOLDEN[name])).equals(TABLE[name])


@little_endian
def test_the_golden_bytes_are_what_the_c_program_prints(tmp_path: Path) -> None:
    source = golden.HERE / "can_frames.c"
    assert compilers.printed(source, tmp_path) == source.with_suffix(".txt").read_text()


def test_the_default_error_frame_is_encoded_without_the_extended_flag() -> None:
    msg = Message(arbitration_id=0x24, is_error_frame=True, data=bytes(range(0x10, 0x18)))
    assert encode_can_frame(msg) == encode_can_frame(TABLE["error"])


@pytest.mark.parametrize("size", [n for n in range(90) if n not in {CAN_MTU, CANFD_MTU}])
def test_a_record_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(CanProtocolError, match=f"{size} bytes"):
        decode_can_frame(bytes(size))


@pytest.mark.parametrize(("size", "length"), [(CAN_MTU, 9), (CAN_MTU, 255), (CANFD_MTU, 65)])
def test_a_length_beyond_the_record_is_refused(size: int, length: int) -> None:
    record = bytearray(size)
    record[4] = length
    with pytest.raises(CanProtocolError):
        decode_can_frame(record)


def test_stamp_channel_and_origin_are_taken_over() -> None:
    msg = decode_can_frame(encode_can_frame(TABLE["standard"]), 123, "can0", NOT_RX | OWN)
    assert (msg.timestamp_ns, msg.channel, msg.is_rx) == (123, "can0", False)


def test_padding_of_a_classic_frame_means_nothing() -> None:
    record = bytearray(encode_can_frame(TABLE["standard"]))
    record[5:8] = b"\xff\xff\xff"
    assert decode_can_frame(record).equals(TABLE["standard"])


def test_data_behind_the_length_means_nothing() -> None:
    record = bytearray(encode_can_frame(TABLE["standard"]))
    record[12:] = b"\xff" * 4
    assert bytes(decode_can_frame(record).data) == bytes(range(0xA0, 0xA4))


def test_an_fd_frame_without_the_fdf_flag_is_fd_by_its_size() -> None:
    record = bytearray(encode_can_frame(TABLE["fd_brs"]))
    record[5] &= ~0x04  # kernels before 5.14 do not set it
    assert decode_can_frame(record).equals(TABLE["fd_brs"])


@st.composite
def _frames(draw: st.DrawFn) -> Message:
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
        error_state_indicator=fd and draw(st.booleans()),
        dlc=length,
        data=None if remote else draw(st.binary(min_size=length, max_size=length)),
    )


@given(_frames())
def test_every_frame_comes_back_from_its_bytes(msg: Message) -> None:
    encoded = encode_can_frame(msg)
    assert len(encoded) == (CANFD_MTU if msg.is_fd else CAN_MTU)
    assert decode_can_frame(encoded).equals(msg)


@given(st.binary(max_size=80))
def test_any_bytes_either_are_a_frame_or_raise_canprotocolerror(record: bytes) -> None:
    try:
        msg = decode_can_frame(record)
    except CanProtocolError:
        return
    assert 0 <= msg.arbitration_id <= 0x1FFFFFFF
