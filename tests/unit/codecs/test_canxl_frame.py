"""codecs.canxl_frame: golden bytes from <linux/can.h>, one table both ways, and round trips."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.can_frame import decode_can_frame, encode_can_frame
from canbus.codecs.canxl_frame import (
    CANXL_HDR_SIZE,
    CANXL_MTU,
    decode_canxl_frame,
    encode_canxl_frame,
    encode_vcid_options,
)
from canbus.errors import CanMessageError, CanProtocolError
from canbus.frame_flags import NOT_RX, OWN, STAMP_KERNEL
from canbus.state import FrameOrigin, TimestampSource
from canbus.xl_message import XlMessage
from tests import golden
from tests.golden import compilers

GOLDEN = golden.read("canxl_frames.txt")
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the golden bytes are those of a little-endian machine"
)


def rising(length: int) -> bytes:
    return bytes(n & 0xFF for n in range(length))


TABLE = {
    "smallest": XlMessage(data=b"\0"),
    "sec": XlMessage(arbitration_id=0x123, sec=True, sdt=3, af=0x12345678, data=rising(7)),
    "rrs": XlMessage(arbitration_id=0x7FF, rrs=True, sdt=0xFF, af=0xFFFFFFFF, data=rising(8)),
    "vcid": XlMessage(arbitration_id=0x123, vcid=0x45, sec=True, af=0x87654321, data=rising(64)),
    "as_long_as_fd": XlMessage(arbitration_id=0x100, sdt=1, af=2, data=rising(60)),
    "largest": XlMessage(arbitration_id=0x7FF, sdt=5, af=1, data=rising(2048)),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "vcid_default": {},
    "vcid_one": {"tx_vcid": 0x45, "rx_vcid": 0x45},
    "vcid_all": {"tx_pass": True, "rx_vcid": 0, "rx_vcid_mask": 0},
}


def test_the_tables_cover_every_golden_line() -> None:
    assert list(GOLDEN) == [*TABLE, *OPTIONS]


@little_endian
@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("encode", [encode_canxl_frame, encode_can_frame])
def test_a_frame_is_encoded_as_the_kernel_lays_it_out(name: str, encode: Any) -> None:
    assert encode(TABLE[name]) == GOLDEN[name]


@little_endian
@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("decode", [decode_canxl_frame, decode_can_frame])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_frame_is_decoded_from_the_kernels_layout(name: str, decode: Any, kind: Any) -> None:
    msg = decode(kind(GOLDEN[name]))
    assert type(msg) is XlMessage
    assert msg.equals(TABLE[name])


@little_endian
@pytest.mark.parametrize("name", OPTIONS)
def test_vcid_options_are_encoded_as_the_kernel_lays_them_out(name: str) -> None:
    assert encode_vcid_options(**OPTIONS[name]) == GOLDEN[name]


@pytest.mark.parametrize(
    "options", [{"tx_vcid": 256}, {"rx_vcid": -1}, {"rx_vcid": 0, "rx_vcid_mask": 256}]
)
def test_a_vcid_that_does_not_fit_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(CanMessageError, match="is not 0"):
        encode_vcid_options(**options)


@little_endian
def test_the_golden_bytes_are_what_the_c_program_prints(tmp_path: Path) -> None:
    source = golden.HERE / "canxl_frames.c"
    assert compilers.printed(source, tmp_path) == source.with_suffix(".txt").read_text()


@pytest.mark.parametrize("decode", [decode_canxl_frame, decode_can_frame])
@pytest.mark.parametrize("change", [-64, -63, -1, 1, 2, 100])
def test_a_frame_that_is_cut_or_has_bytes_behind_it_is_refused(decode: Any, change: int) -> None:
    encoded = encode_canxl_frame(TABLE["vcid"]) + bytes(100)
    with pytest.raises(CanProtocolError):
        decode(encoded[: 76 + change])


@pytest.mark.parametrize("size", range(CANXL_HDR_SIZE + 1))
def test_a_header_without_data_is_refused(size: int) -> None:
    with pytest.raises(CanProtocolError):
        decode_canxl_frame(encode_canxl_frame(TABLE["smallest"])[:size])


def test_more_than_2048_bytes_are_refused() -> None:
    too_long = XlMessage(data=bytes(2049))
    encoded = encode_canxl_frame(too_long)
    assert len(encoded) == CANXL_MTU + 1
    with pytest.raises(CanProtocolError, match="2061 bytes"):
        decode_canxl_frame(encoded)


def test_a_frame_of_another_kind_is_no_canxl_frame() -> None:
    with pytest.raises(CanProtocolError, match="16 bytes are no CAN XL frame"):
        decode_canxl_frame(bytes(16))


def test_unknown_flags_are_kept_and_other_bits_of_the_priority_word_mean_nothing() -> None:
    record = bytearray(encode_canxl_frame(TABLE["sec"]))
    record[4] |= 0x40
    record[1] |= 0xF8
    record[3] |= 0xE0
    msg = decode_canxl_frame(record)
    assert msg.xl_flags == 0x41
    msg.xl_flags = 0x01
    assert msg.equals(TABLE["sec"])


def test_stamp_channel_and_origin_are_taken_over() -> None:
    encoded = encode_canxl_frame(TABLE["sec"])
    msg = decode_can_frame(encoded, 123, "can0", NOT_RX | OWN | STAMP_KERNEL)
    assert (msg.timestamp_ns, msg.channel, msg.is_rx) == (123, "can0", False)
    assert (msg.origin, msg.timestamp_source) == (FrameOrigin.OWN, TimestampSource.KERNEL)


frames = st.builds(
    XlMessage,
    arbitration_id=st.integers(0, 0x7FF),
    data=st.binary(min_size=1, max_size=2048),
    sdt=st.integers(0, 0xFF),
    af=st.integers(0, 0xFFFFFFFF),
    vcid=st.integers(0, 0xFF),
    sec=st.booleans(),
    rrs=st.booleans(),
)


@given(frames)
def test_every_frame_comes_back_from_its_bytes(msg: XlMessage) -> None:
    encoded = encode_can_frame(msg)
    assert len(encoded) == CANXL_HDR_SIZE + len(msg)
    assert decode_can_frame(encoded).equals(msg)


@given(st.binary(min_size=5, max_size=100), st.integers(0x80, 0xFF))
def test_any_bytes_either_are_a_frame_or_raise_canprotocolerror(tail: bytes, flags: int) -> None:
    record = bytearray(tail)
    record[4] = flags
    try:
        msg = decode_can_frame(record)
    except CanProtocolError:
        return
    assert isinstance(msg, XlMessage)
    assert len(record) == CANXL_HDR_SIZE + len(msg.data)
