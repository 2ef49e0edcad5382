"""codecs.bcm: golden bytes from <linux/can/bcm.h>, one table both ways, round trips and a fuzz.

Numbers and offsets are compared with four machines' compilers in test_layouts.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canbus.codecs.bcm import (
    HEAD_SIZE,
    MAX_NFRAMES,
    MAX_SECONDS,
    BcmFlag,
    BcmHead,
    BcmOpcode,
    decode_bcm,
    encode_bcm,
)
from canbus.codecs.can_frame import CAN_MTU, CANFD_MTU, encode_can_frame
from canbus.errors import CanConfigError, CanProtocolError
from canbus.message import Message
from tests import golden
from tests.golden import compilers
from tests.scale import SOAK

GOLDEN = golden.read("bcm_messages.txt")
of_this_machine = pytest.mark.skipif(
    sys.byteorder != "little" or struct.calcsize("@l") != 8,
    reason="the golden bytes are those of a little-endian machine whose long has 64 bits",
)
MS = 10**6
S = 10**9
MOST_NS = MAX_SECONDS * S
EFF = 0x80000000


class Case(NamedTuple):
    """A message: its head but for nframes, which the frames say, and the frames."""

    opcode: int
    can_id: int
    flags: int = 0
    count: int = 0  # type: ignore[assignment]  # as in BcmHead
    ival1_ns: int = 0
    ival2_ns: int = 0
    frames: tuple[bytes, ...] = ()

    def decoded(self) -> tuple[BcmHead, tuple[bytes, ...]]:
        opcode, can_id, flags, count, ival1_ns, ival2_ns, frames = self
        head = BcmHead(opcode, flags, count, ival1_ns, ival2_ns, can_id, len(frames))
        return head, frames


def classic(can_id: int, length: int, first: int) -> bytes:
    data = bytes(first + n & 0xFF for n in range(length))
    return struct.pack("=IB3x8s", can_id, length, data)


def fd(can_id: int, length: int, first: int) -> bytes:
    return struct.pack("=IBBxx64s", can_id, length, 1, bytes(range(first, first + length)))


Op, F = BcmOpcode, BcmFlag
STARTED = F.SETTIMER | F.STARTTIMER
EXTENDED = 0x1ABCDEF5 | EFF
TABLE = {
    "periodic": Case(
        Op.TX_SETUP, 0x123, STARTED, ival2_ns=10 * MS, frames=(classic(0x123, 4, 0xA0),)
    ),
    "two_intervals": Case(
        Op.TX_SETUP,
        EXTENDED,
        STARTED | F.TX_COUNTEVT,
        0xFFFFFFFF,
        2 * S - 1000,
        MOST_NS,
        (classic(EXTENDED, 8, 0xF8),),
    ),
    "sequence": Case(
        Op.TX_SETUP,
        0x7FF,
        STARTED | F.TX_RESET_MULTI_IDX,
        ival2_ns=1000,
        frames=(classic(0x7FF, 8, 0), classic(0x7FF, 0, 0), classic(0x7FF, 1, 0xFF)),
    ),
    "fd": Case(
        Op.TX_SETUP, 0x123, STARTED | F.CAN_FD_FRAME, ival2_ns=2 * S, frames=(fd(0x123, 64, 0),)
    ),
    "fd_sequence": Case(
        Op.TX_SETUP,
        0x123,
        F.TX_ANNOUNCE | F.CAN_FD_FRAME,
        frames=(fd(0x123, 12, 1), fd(0x123, 0, 0)),
    ),
    "delete": Case(Op.TX_DELETE, 0x123),
    "fd_read": Case(Op.TX_READ, 0x123, F.CAN_FD_FRAME),
    "send": Case(Op.TX_SEND, 0x123, frames=(classic(0x123, 2, 0x10),)),
    "watch": Case(
        Op.RX_SETUP,
        0x123,
        F.SETTIMER | F.RX_FILTER_ID | F.RX_ANNOUNCE_RESUME,
        ival1_ns=500 * MS,
    ),
    "expired": Case(Op.TX_EXPIRED, 0x1FFFFFFF | EFF, STARTED | F.TX_COUNTEVT, ival1_ns=MS),
    "changed": Case(
        Op.RX_CHANGED,
        0x123,
        F.RX_CHECK_DLC | F.RX_NO_AUTOTIMER,
        frames=(classic(0x123, 8, 0x20),),
    ),
}


def test_the_table_covers_every_golden_message() -> None:
    assert list(GOLDEN) == list(TABLE)


@of_this_machine
@pytest.mark.parametrize("name", TABLE)
def test_a_message_is_encoded_as_the_kernel_lays_it_out(name: str) -> None:
    assert encode_bcm(*TABLE[name]) == GOLDEN[name]


@of_this_machine
@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_a_message_is_decoded_from_the_kernels_layout(name: str, kind: Any) -> None:
    head, frames = decode_bcm(kind(GOLDEN[name]))
    assert (head, frames) == TABLE[name].decoded()
    assert [type(value) for value in head] == [int] * 7
    assert all(type(frame) is bytes for frame in frames)


@of_this_machine
def test_the_golden_bytes_are_what_the_c_program_prints(tmp_path: Path) -> None:
    source = golden.HERE / "bcm_messages.c"
    assert compilers.printed(source, tmp_path) == source.with_suffix(".txt").read_text()


@pytest.mark.parametrize("name", TABLE)
def test_a_message_comes_back_on_any_machine(name: str) -> None:
    assert decode_bcm(encode_bcm(*TABLE[name])) == TABLE[name].decoded()


@pytest.mark.parametrize("name", TABLE)
def test_a_message_that_is_cut_anywhere_is_refused(name: str) -> None:
    encoded = encode_bcm(*TABLE[name])
    for size in range(len(encoded)):
        with pytest.raises(CanProtocolError, match=f"{size} bytes are no"):
            decode_bcm(encoded[:size])


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("extra", [1, 8, CAN_MTU, CANFD_MTU, 9 * CAN_MTU, 2 * CANFD_MTU])
def test_a_message_with_bytes_behind_it_is_refused(name: str, extra: int) -> None:
    encoded = encode_bcm(*TABLE[name])
    with pytest.raises(CanProtocolError, match=f"{len(encoded) + extra} bytes are no"):
        decode_bcm(encoded + bytes(extra))


def test_the_frames_are_those_of_can_frame() -> None:
    msg = Message(arbitration_id=0x123, is_extended_id=False, data=bytes(range(0xA0, 0xA4)))
    frames = (encode_can_frame(msg),)
    assert encode_bcm(*TABLE["periodic"]._replace(frames=frames)) == encode_bcm(*TABLE["periodic"])


def test_frames_may_be_any_sequence() -> None:
    case = TABLE["sequence"]
    assert encode_bcm(*case[:6], frames=list(case.frames)) == encode_bcm(*case)


@pytest.mark.skipif(struct.calcsize("@l") != 8, reason="there is no padding to look at")
def test_padding_means_nothing() -> None:
    encoded = bytearray(encode_bcm(*TABLE["periodic"]))
    encoded[12:16] = b"\xff" * 4
    assert decode_bcm(bytes(encoded)) == TABLE["periodic"].decoded()


def test_an_opcode_or_flag_that_is_not_known_is_a_number_like_others() -> None:
    encoded = encode_bcm(99, 0x123, 0x80000000)
    assert decode_bcm(encoded) == (BcmHead(99, 0x80000000, 0, 0, 0, 0x123, 0), ())


INTERVALS = {"ival1_ns", "ival2_ns"}


@pytest.mark.parametrize("field", sorted(INTERVALS))
@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (0, 0),
        (500, 1000),
        (1499, 1000),
        (1500, 2000),
        (S - 501, S - 1000),
        (S - 500, S),
        (MOST_NS - 1, MOST_NS),
        (MOST_NS, MOST_NS),
    ],
)
def test_an_interval_is_rounded_to_microseconds(field: str, asked: int, sent: int) -> None:
    asked_for: dict[str, Any] = {field: asked}
    head, _ = decode_bcm(encode_bcm(1, 2, **asked_for))
    assert head._asdict()[field] == sent
    (other,) = INTERVALS - {field}
    assert head._asdict()[other] == 0


@pytest.mark.parametrize("field", sorted(INTERVALS))
@pytest.mark.parametrize("other", [0, S])
@pytest.mark.parametrize(
    ("asked", "said", "hint"),
    [
        (-1, "-1 ns is negative", "0 means none"),
        (-5 * S, "-5000000000 ns is negative", "0 means none"),
        (1, "1 ns is none", "1000 ns or more"),
        (499, "499 ns is none", "1000 ns or more"),
        (MOST_NS + 500, f"{MOST_NS + 500} ns is too long", "400 days"),
        (10**30, f"{10**30} ns is too long", "34560000 s"),
    ],
)
def test_an_interval_that_the_kernel_has_not_is_refused(
    field: str, other: int, asked: int, said: str, hint: str
) -> None:
    intervals: dict[str, Any] = dict.fromkeys(INTERVALS, other) | {field: asked}
    with pytest.raises(CanConfigError, match=said) as caught:
        encode_bcm(1, 2, **intervals)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "seconds_and_microseconds", [(-1, 0), (0, -1), (0, 10**6), (MAX_SECONDS, 1), (-1, 10**6)]
)
@pytest.mark.parametrize("second", [False, True])
def test_an_interval_that_the_kernel_would_not_take_is_not_decoded(
    seconds_and_microseconds: tuple[int, int], second: bool
) -> None:
    encoded = bytearray(encode_bcm(1, 2))
    at = struct.calcsize("@3I0l") + second * struct.calcsize("@2l")
    struct.pack_into("@2l", encoded, at, *seconds_and_microseconds)
    with pytest.raises(CanProtocolError, match="no interval"):
        decode_bcm(bytes(encoded))


@pytest.mark.parametrize("field", ["opcode", "can_id", "flags", "count"])
@pytest.mark.parametrize("value", [-1, 2**32, 1.5, None])
def test_a_number_that_does_not_fit_is_refused(field: str, value: Any) -> None:
    with pytest.raises(CanConfigError, match=rf"{field} {value!r}.*does not fit") as caught:
        encode_bcm(**{"opcode": 1, "can_id": 2, field: value})
    assert caught.value.hint


CLASSIC, FD = bytes(CAN_MTU), bytes(CANFD_MTU)


@pytest.mark.parametrize(
    ("flags", "frames", "said"),
    [
        (0, [FD], "72 bytes .* expects 16"),
        (F.CAN_FD_FRAME, [CLASSIC], "16 bytes .* expects 72"),
        (0, [CLASSIC, FD], "72 bytes .* expects 16"),
        (0, [FD, FD], "72 bytes .* expects 16"),  # as long as nine classic ones
        (F.CAN_FD_FRAME, [FD, CLASSIC], "16 bytes .* expects 72"),
        (0, [CLASSIC[:-1], CLASSIC + b"\0"], "15 bytes .* expects 16"),
        (0, [b""], "0 bytes .* expects 16"),
    ],
)
def test_a_frame_of_another_size_is_refused(flags: int, frames: list[bytes], said: str) -> None:
    with pytest.raises(CanConfigError, match=said) as caught:
        encode_bcm(Op.TX_SETUP, 1, flags, frames=frames)
    assert "CAN_FD_FRAME" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("opcode", "most"), [(Op.TX_SETUP, MAX_NFRAMES), (Op.RX_SETUP, MAX_NFRAMES + 1)]
)
@pytest.mark.parametrize(("flags", "frame"), [(0, CLASSIC), (F.CAN_FD_FRAME, FD)])
def test_more_frames_than_the_kernel_takes_are_refused(
    opcode: int, most: int, flags: int, frame: bytes
) -> None:
    encoded = encode_bcm(opcode, 1, flags, frames=[frame] * most)
    assert len(decode_bcm(encoded)[1]) == most
    with pytest.raises(CanConfigError, match=f"{most + 1} frames are too many") as caught:
        encode_bcm(opcode, 1, flags, frames=[frame] * (most + 1))
    assert f"{most} or fewer" in (caught.value.hint or "")
    larger = bytearray(encoded + frame)
    struct.pack_into("@I", larger, struct.calcsize("@3I4lI"), most + 1)
    with pytest.raises(CanProtocolError, match=f"{most + 1} frames .* too many"):
        decode_bcm(bytes(larger))


words = st.integers(0, 2**32 - 1)
opcodes = st.sampled_from(BcmOpcode) | words
intervals = st.just(0) | st.integers(1, MAX_SECONDS * 10**6).map(lambda us: us * 1000)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    flags = draw(words)
    size = CANFD_MTU if flags & F.CAN_FD_FRAME else CAN_MTU
    frames = draw(st.lists(st.binary(min_size=size, max_size=size), max_size=5))
    times = draw(intervals), draw(intervals)
    return Case(draw(opcodes), draw(words), flags, draw(words), *times, tuple(frames))


@given(cases())
@settings(max_examples=200 * SOAK)
def test_every_message_comes_back_from_its_bytes(case: Case) -> None:
    encoded = encode_bcm(*case)
    size = CANFD_MTU if case.flags & F.CAN_FD_FRAME else CAN_MTU
    assert len(encoded) == HEAD_SIZE + len(case.frames) * size
    assert decode_bcm(encoded) == case.decoded()
    assert decode_bcm(memoryview(encoded)) == case.decoded()


@given(st.integers(500, MOST_NS))
def test_rounding_is_to_the_nearest_microsecond(interval_ns: int) -> None:
    head, _ = decode_bcm(encode_bcm(1, 2, ival2_ns=interval_ns))
    assert abs(head.ival2_ns - interval_ns) <= 500
    assert head.ival2_ns % 1000 == 0


def assert_sense_or_protocol_error(record: bytes) -> None:
    try:
        head, frames = decode_bcm(record)
    except CanProtocolError:
        return
    opcode, flags, count, ival1_ns, ival2_ns, can_id, nframes = head
    assert nframes == len(frames)
    again = encode_bcm(opcode, can_id, flags, count, ival1_ns, ival2_ns, frames)
    assert without_padding(again) == without_padding(record)


def without_padding(record: bytes) -> list[bytes]:
    words = struct.calcsize("@3I")
    longs = struct.calcsize("@3I0l")
    return [record[:words], record[longs : struct.calcsize("@3I4l2I")], record[HEAD_SIZE:]]


@given(st.binary(max_size=HEAD_SIZE + 2 * CANFD_MTU + 1))
@settings(max_examples=500 * SOAK)
def test_any_bytes_either_are_a_message_or_raise_canprotocolerror(record: bytes) -> None:
    assert_sense_or_protocol_error(record)


# Random bytes seldom agree on their size; these do, but for what is changed in them.
@given(cases(), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=3))
@settings(max_examples=500 * SOAK)
def test_a_message_with_changed_bytes_is_another_or_raises_canprotocolerror(
    case: Case, changes: list[tuple[int, int]]
) -> None:
    record = bytearray(encode_bcm(*case))
    for at, value in changes:
        record[at % len(record)] = value
    assert_sense_or_protocol_error(bytes(record))
