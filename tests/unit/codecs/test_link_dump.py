"""codecs.link_dump: a dump of a real kernel, and every way in which one may end."""

from __future__ import annotations

import contextlib
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.link_dump import LinkDump
from canbus.codecs.netlink import (
    NLM_F_DUMP_INTR,
    NLM_F_MULTI,
    NLMSG_OVERRUN,
    encode_link_dump,
)
from canbus.errors import CanProtocolError
from canbus.link_info import LinkInfo
from tests import golden
from tests.unit.links.kernel_answers import (
    encode_done,
    encode_link,
    encode_message,
    encode_refusal,
)

GOLDEN = golden.read("links.txt")
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the golden bytes are those of a little-endian machine"
)
PARTS = [GOLDEN[name] for name in sorted(GOLDEN) if name.startswith("dump_")]
VCAN0, VCAN1 = (LinkInfo(f"vcan{n}", 7 + n, "vcan", is_up=True, mtu=72) for n in (0, 1))


def test_the_question_is_an_rtm_getlink_for_all_with_its_number() -> None:
    assert struct.unpack("=IHHII16x", encode_link_dump(5)) == (32, 18, 0x301, 5, 0)


@little_endian
def test_a_dump_of_a_real_kernel_names_the_can_links_in_its_order() -> None:
    dump = LinkDump(1)
    for part in PARTS:
        assert not dump.is_done
        dump.feed(part)
    assert dump.is_done
    assert not dump.was_interrupted
    assert [link.name for link in dump.links] == ["vcan3", "vxa", "can0", "can1", "can2"]


@little_endian
def test_answers_to_another_question_are_passed_over() -> None:
    dump = LinkDump(2)
    for part in PARTS:
        dump.feed(part)
    assert not dump.links
    assert not dump.is_done


@little_endian
def test_a_part_that_is_cut_anywhere_is_a_protocol_error_or_ends_between_messages() -> None:
    for part in PARTS:
        whole = LinkDump(1)
        whole.feed(part)
        for length in range(0, len(part), 3):
            dump = LinkDump(1)
            with contextlib.suppress(CanProtocolError):
                dump.feed(part[:length])
            assert dump.links == whole.links[: len(dump.links)]


def test_the_end_may_come_with_the_last_link() -> None:
    dump = LinkDump(3)
    dump.feed(encode_link(VCAN0, sequence=3, flags=NLM_F_MULTI) + encode_done(3))
    assert dump.links == [VCAN0]
    assert dump.is_done


@pytest.mark.parametrize(
    "interrupted",
    [
        encode_link(VCAN1, flags=NLM_F_MULTI | NLM_F_DUMP_INTR),
        encode_message(3, bytes(4), flags=NLM_F_DUMP_INTR),
        encode_message(NLMSG_OVERRUN, b""),
    ],
)
def test_changes_meanwhile_are_told(interrupted: bytes) -> None:
    dump = LinkDump(1)
    dump.feed(encode_link(VCAN0) + interrupted + encode_done())
    assert (dump.was_interrupted, dump.is_done) == (True, True)


@pytest.mark.parametrize("refused", [encode_refusal(16), encode_done(code=16)])
def test_a_refusal_is_an_oserror_with_its_errno(refused: bytes) -> None:
    with pytest.raises(OSError, match="refusal") as caught:
        LinkDump(1).feed(refused)
    assert caught.value.errno == 16


@pytest.mark.parametrize(
    "nonsense",
    [b"\0", encode_message(3, b""), encode_refusal(-16), encode_message(16, bytes(15))],
)
def test_nonsense_is_a_protocol_error(nonsense: bytes) -> None:
    with pytest.raises(CanProtocolError):
        LinkDump(1).feed(nonsense)


def test_messages_that_mean_nothing_here_are_passed_over() -> None:
    dump = LinkDump(1)
    dump.feed(encode_message(1, b"") + encode_message(99, b"abc") + encode_link(VCAN0))
    assert dump.links == [VCAN0]


@given(st.binary(max_size=200), st.sampled_from([2, 3, 16]))
def test_no_bytes_at_all_raise_anything_else(tail: bytes, kind: int) -> None:
    for datagram in (tail, encode_message(kind, tail), encode_link(VCAN0) + tail):
        with contextlib.suppress(CanProtocolError, OSError):
            LinkDump(1).feed(datagram)
