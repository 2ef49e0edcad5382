"""codecs.link_state: recorded answers of a kernel, and answers that make no sense."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.link_state import decode_can_state, encode_link_request
from canbus.errors import CanProtocolError
from canbus.state import CanState


def attribute(kind: int, payload: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def answer(*attributes: bytes, kind: int = 16) -> bytes:
    body = struct.pack("=BxHiII", 0, 280, 7, 0, 0) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


def with_state(state: int) -> bytes:
    data = attribute(1, bytes(32)) + attribute(4, struct.pack("=i", state))
    info = attribute(1, b"can\0") + attribute(2 | 0x8000, data)
    return answer(attribute(3, b"can0\0"), attribute(18, info))


def test_the_question_is_an_rtm_getlink_for_one_index() -> None:
    question = encode_link_request(7)
    assert struct.unpack_from("=IHH", question) == (32, 18, 1)
    assert struct.unpack_from("=i", question, 20) == (7,)


@pytest.mark.parametrize("state", CanState)
def test_the_state_is_found_among_the_attributes(state: CanState) -> None:
    assert decode_can_state(with_state(state)) is state


def test_an_interface_without_controller_has_no_state() -> None:
    assert decode_can_state(answer(attribute(3, b"lo\0"))) is None
    assert decode_can_state(answer(attribute(18, attribute(1, b"vcan\0")))) is None


def test_a_refusal_is_an_oserror_with_its_errno() -> None:
    refusal = struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -19) + bytes(16)
    with pytest.raises(OSError, match="refusal") as caught:
        decode_can_state(refusal)
    assert caught.value.errno == 19


@pytest.mark.parametrize(
    "nonsense",
    [b"", bytes(3), answer(kind=99), answer(b"\x02\0\x12\0"), with_state(6), with_state(4)[:-3]],
)
def test_nonsense_is_a_protocol_error(nonsense: bytes) -> None:
    with pytest.raises(CanProtocolError):
        decode_can_state(nonsense)


@given(st.binary(max_size=200), st.sampled_from([2, 16]))
def test_no_answer_at_all_raises_anything_else(tail: bytes, kind: int) -> None:
    with contextlib.suppress(CanProtocolError, OSError):
        decode_can_state(struct.pack("=IHHII", 16, kind, 0, 1, 0) + tail)
