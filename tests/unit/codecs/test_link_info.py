"""codecs.link_info: what real kernels said (tests/golden/links.txt), and what makes no sense."""

from __future__ import annotations

import contextlib
import struct
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.link_attributes import (
    ARPHRD_CAN,
    IFLA,
    IFLA_CAN,
    IFLA_CAN_CTRLMODE,
    IFLA_INFO,
    Attribute,
)
from canbus.codecs.link_info import decode_link_info, encode_link_query
from canbus.codecs.link_state import decode_can_state, decode_controller_status
from canbus.codecs.netlink import encode_attribute
from canbus.errors import CanProtocolError
from canbus.link_info import MODES, LinkInfo, LinkStatistics, LinkTiming, TimingLimits
from canbus.state import CanState
from tests import golden
from tests.unit.links.kernel_answers import encode_controller, encode_link, encode_message

GOLDEN = golden.read("links.txt")
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the golden bytes are those of a little-endian machine"
)

SJA1000 = TimingLimits("sja1000", 1, 16, 1, 8, 4, 1, 64, 1)
ZEROS = LinkStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
KVASER = LinkInfo(
    "can1",
    6,
    "can",
    is_up=True,
    mtu=16,
    bit_timing=LinkTiming(500_000, 87.5, 125, 6, 7, 2, 1, 1),
    bit_timing_limits=SJA1000,
    clock=8_000_000,
    modes=frozenset({"berr_reporting", "triple_sampling"}),
    supported_modes=frozenset(MODES) - {"fd", "fd_non_iso"},
    restart_ms=100,
    state=CanState.ERROR_ACTIVE,
    tx_errors=0,
    rx_errors=0,
    has_carrier=True,
    qdisc="pfifo_fast",
    statistics=ZEROS,
)
GS_USB = LinkInfo(
    "can2",
    7,
    "can",
    is_up=True,
    mtu=72,
    bit_timing=LinkTiming(500_000, 80.0, 12, 63, 64, 32, 1, 1),
    bit_timing_limits=TimingLimits("gs_usb", 1, 256, 1, 128, 128, 1, 512, 1),
    data_bit_timing=LinkTiming(2_000_000, 75.0, 12, 14, 15, 10, 1, 1),
    data_bit_timing_limits=TimingLimits("gs_usb", 1, 32, 1, 16, 16, 1, 32, 1),
    clock=80_000_000,
    modes=frozenset({"fd", "one_shot"}),
    supported_modes=frozenset({"fd", "loopback", "one_shot", "cc_len8_dlc", "listen_only"}),
    restart_ms=0,
    termination=120,
    termination_choices=(0, 120),
    state=CanState.ERROR_ACTIVE,
    has_carrier=True,
    qdisc="pfifo_fast",
    statistics=ZEROS,
)
PCAN = LinkInfo(
    "can2",
    9,
    "can",
    is_up=True,
    mtu=16,
    bit_timing=LinkTiming(125_000, 87.5, 500, 6, 7, 2, 1, 4),
    bit_timing_limits=SJA1000._replace(name="pcan_usb"),
    clock=8_000_000,
    supported_modes=frozenset({"loopback", "listen_only", "triple_sampling", "one_shot"})
    | {"cc_len8_dlc"},
    restart_ms=0,
    state=CanState.ERROR_WARNING,
    tx_errors=100,
    rx_errors=7,
    has_carrier=True,
    qdisc="pfifo_fast",
    statistics=ZEROS._replace(error_warning=1),
)
SLCAN = LinkInfo(
    "can2",
    10,
    "can",
    is_up=True,
    mtu=16,
    bitrate_choices=(10000, 20000, 50000, 100000, 125000, 250000, 500000, 800000, 1000000),
    supported_modes=frozenset({"listen_only"}),
    restart_ms=0,
    state=CanState.ERROR_ACTIVE,
    has_carrier=True,
    qdisc="pfifo_fast",
    statistics=ZEROS,
)
VXCAN = LinkInfo("vxa", 4, "vxcan", is_up=True, mtu=72, txqueuelen=1000, peer=3, has_carrier=False,
                 qdisc="noqueue")  # fmt: skip

FRESH: dict[str, Any] = {
    "is_up": False, "state": CanState.STOPPED, "has_carrier": False, "qdisc": "noop"
}  # fmt: skip

TABLE: dict[str, LinkInfo | None] = {
    "lo": None,
    "vcan": LinkInfo(
        "vcan3",
        2,
        "vcan",
        is_up=True,
        mtu=72,
        txqueuelen=100,
        alias="the alias",
        has_carrier=True,
        qdisc="noqueue",
    ),
    "vxcan": VXCAN,
    "vxcan_far": VXCAN,
    "vxcan_down": replace(VXCAN, name="vxb", index=3, peer=4, is_up=False, qdisc="noop"),
    "kvaser_pci": KVASER,
    "kvaser_pci_fresh": replace(
        KVASER,
        name="can0",
        index=5,
        bit_timing=None,
        modes=frozenset(),
        restart_ms=0,
        **FRESH,
    ),
    "gs_usb_fd": GS_USB,
    "gs_usb_fresh": replace(
        GS_USB,
        name="can3",
        index=8,
        mtu=16,
        bit_timing=None,
        data_bit_timing=None,
        modes=frozenset(),
        termination=0,
        **FRESH,
    ),
    "pcan_usb_warning": PCAN,
    "pcan_usb_bus_off": replace(
        PCAN,
        state=CanState.BUS_OFF,
        tx_errors=255,
        has_carrier=False,
        statistics=ZEROS._replace(error_warning=1, bus_off=1),
    ),
    "slcan": SLCAN,
    "slcan_fresh": replace(SLCAN, **FRESH),
}


def compared(link: LinkInfo | None) -> object:
    """All of it: equality of LinkInfo leaves out what changes by itself."""
    return link and {name: getattr(link, name) for name in LinkInfo.__slots__}


def test_every_answer_is_in_the_table() -> None:
    others = {name for name in GOLDEN if name.startswith(("dump", "missing"))}
    assert set(GOLDEN) - others == set(TABLE)


@little_endian
@pytest.mark.parametrize("name", TABLE)
def test_what_a_kernel_said_is_understood(name: str) -> None:
    assert compared(decode_link_info(GOLDEN[name])) == compared(TABLE[name])


@little_endian
@pytest.mark.parametrize("name", TABLE)
def test_a_bus_is_told_the_same_by_the_decoder_of_its_own(name: str) -> None:
    link, status = decode_link_info(GOLDEN[name]), decode_controller_status(GOLDEN[name])
    assert decode_can_state(GOLDEN[name]) is status.state
    if link is None:
        return
    for field in status._fields:
        source = link if hasattr(link, field) else link.statistics
        assert getattr(status, field) == getattr(source, field), field


CAN = [(name, link) for name, link in TABLE.items() if link is not None]


@pytest.mark.parametrize(("name", "link"), CAN, ids=[name for name, _ in CAN])
def test_the_fake_kernel_of_other_tests_says_the_same(name: str, link: LinkInfo) -> None:
    assert compared(decode_link_info(encode_link(link))) == compared(link)


@little_endian
@pytest.mark.parametrize("name", [name for name in GOLDEN if not name.startswith("dump")])
def test_an_answer_that_is_cut_anywhere_is_a_protocol_error(name: str) -> None:
    whole = GOLDEN[name]
    for length in range(len(whole)):
        with pytest.raises((CanProtocolError, OSError)) as caught:
            decode_link_info(whole[:length])
        if not name.startswith("missing"):
            assert caught.type is CanProtocolError


@little_endian
@pytest.mark.parametrize("name", ["kvaser_pci", "gs_usb_fd", "vxcan"])
def test_attributes_that_are_cut_anywhere_are_no_other_error(name: str) -> None:
    payload = GOLDEN[name][16:]
    for length in range(16, len(payload)):
        with contextlib.suppress(CanProtocolError):
            decode_link_info(encode_message(16, payload[:length]))


@pytest.mark.parametrize("name", ["missing_name", "missing_index"])
@little_endian
def test_a_refusal_is_an_oserror_with_its_errno(name: str) -> None:
    with pytest.raises(OSError, match="refusal") as caught:
        decode_link_info(GOLDEN[name])
    assert caught.value.errno == 19


@given(st.binary(max_size=300), st.sampled_from([2, 16]))
def test_no_bytes_at_all_raise_anything_else(tail: bytes, kind: int) -> None:
    with contextlib.suppress(CanProtocolError, OSError):
        decode_link_info(encode_message(kind, tail))


HEAD = struct.pack("=BxHiII", 0, ARPHRD_CAN, 7, 0, 0)


def members(kinds: type) -> list[int]:
    return [kind for kind in vars(kinds).values() if isinstance(kind, Attribute)]


@given(st.lists(st.tuples(st.sampled_from([*members(IFLA), 99]), st.binary(max_size=40))))
def test_no_attributes_at_all_raise_anything_else(found: list[tuple[int, bytes]]) -> None:
    attributes = b"".join(encode_attribute(kind, payload) for kind, payload in found)
    with contextlib.suppress(CanProtocolError):
        decode_link_info(encode_message(16, HEAD + attributes))


# -- one attribute that is not as usual --------------------------------------------------------


NEEDED = {
    IFLA.IFNAME: b"can0\0",
    IFLA.MTU: struct.pack("=I", 16),
    IFLA.TXQLEN: struct.pack("=I", 10),
}


def answer(can: bytes = b"", own: bytes = b"", info: bytes = b"", without: object = None) -> bytes:
    """A controller that says no more than it must, and these attributes, which come first."""
    kind = encode_attribute(IFLA_INFO.KIND, b"can\0")
    info = kind + info + encode_attribute(IFLA_INFO.DATA, can, nested=True)
    body = own + encode_attribute(IFLA.LINKINFO, info, nested=True)
    for needed, payload in NEEDED.items():
        if needed is not without:
            body += encode_attribute(needed, payload)
    return encode_message(16, HEAD + body)


def decoded(**parts: bytes) -> LinkInfo:
    link = decode_link_info(answer(**parts))
    assert link is not None
    return link


SIZES = {
    IFLA_CAN.BITTIMING: 32,
    IFLA_CAN.BITTIMING_CONST: 48,
    IFLA_CAN.CLOCK: 4,
    IFLA_CAN.STATE: 4,
    IFLA_CAN.CTRLMODE: 8,
    IFLA_CAN.RESTART_MS: 4,
    IFLA_CAN.BERR_COUNTER: 4,
    IFLA_CAN.DATA_BITTIMING: 32,
    IFLA_CAN.DATA_BITTIMING_CONST: 48,
    IFLA_CAN.TERMINATION: 2,
    IFLA_CAN.BITRATE_MAX: 4,
}


@pytest.mark.parametrize("kind", SIZES)
def test_a_structure_that_is_too_short_is_named(kind: Attribute) -> None:
    short = encode_attribute(kind, bytes(SIZES[kind] - 1))
    with pytest.raises(CanProtocolError, match=f"interface 7 .*{kind} has"):
        decoded(can=short)


@pytest.mark.parametrize("kind", SIZES)
def test_a_structure_that_a_newer_kernel_made_longer_is_understood(kind: Attribute) -> None:
    usual = decoded(can=encode_attribute(kind, bytes(range(1, SIZES[kind] + 1))))
    longer = decoded(can=encode_attribute(kind, bytes(range(1, SIZES[kind] + 9))))
    assert compared(longer) == compared(usual)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (IFLA_CAN.TERMINATION_CONST, bytes(3)),
        (IFLA_CAN.BITRATE_CONST, bytes(6)),
        (IFLA_CAN.DATA_BITRATE_CONST, bytes(1)),
    ],
)
def test_a_list_that_ends_within_a_number_is_named(kind: Attribute, payload: bytes) -> None:
    with pytest.raises(CanProtocolError, match=f"{kind} has"):
        decoded(can=encode_attribute(kind, payload))


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"own": encode_attribute(IFLA.MTU, b"\x10")}, "IFLA_MTU has 1 bytes, not 4"),
        ({"own": encode_attribute(IFLA.STATS64, bytes(143))}, "IFLA_STATS64 has 143"),
        ({"own": encode_attribute(IFLA.STATS, bytes(71))}, "IFLA_STATS has 71"),
        ({"info": encode_attribute(IFLA_INFO.XSTATS, bytes(20))}, "IFLA_INFO_XSTATS has 20"),
        ({"can": b"\x03\0\x01\0"}, "attribute of 3 bytes at offset 0"),
    ],
)
def test_other_parts_that_make_no_sense_are_named(parts: dict[str, bytes], named: str) -> None:
    with pytest.raises(CanProtocolError, match=named):
        decoded(**parts)


@pytest.mark.parametrize("kind", NEEDED)
def test_what_every_interface_has_may_not_be_missing(kind: Attribute) -> None:
    with pytest.raises(CanProtocolError, match=f"{kind} is missing"):
        decode_link_info(answer(without=kind))


def test_nothing_but_what_every_interface_has_is_enough() -> None:
    assert compared(decoded()) == compared(
        LinkInfo("can0", 7, "can", is_up=False, mtu=16, has_carrier=False)
    )


def test_a_state_and_modes_of_a_newer_kernel_do_not_break_the_listing() -> None:
    supported = encode_attribute(IFLA_CAN_CTRLMODE.SUPPORTED, struct.pack("=I", 0x8020))
    link = decoded(
        can=encode_attribute(IFLA_CAN.STATE, struct.pack("=i", 6))
        + encode_attribute(IFLA_CAN.CTRLMODE, struct.pack("=II", 0, 0xFFFF_FE02))
        + encode_attribute(IFLA_CAN.CTRLMODE_EXT, supported)
        + encode_attribute(99, b"new")
    )
    assert link.state is None
    assert link.modes == frozenset({"listen_only"})
    assert link.supported_modes == frozenset({"fd"})


def test_without_64_bit_counters_those_of_32_bits_are_taken() -> None:
    counters = struct.pack("=24I", *range(1, 25))
    expected = LinkStatistics(1, 2, 3, 4, 5, 6, 7, 8, 12, 18)
    assert decoded(own=encode_attribute(IFLA.STATS, counters)).statistics == expected
    both = encode_attribute(IFLA.STATS, bytes(96)) + encode_attribute(
        IFLA.STATS64, struct.pack("=25Q", *range(1, 26))
    )
    assert decoded(own=both).statistics == expected


def test_what_another_kind_says_of_itself_is_not_taken_for_a_controllers_words() -> None:
    data = encode_attribute(IFLA_INFO.DATA, encode_controller(KVASER), nested=True)
    info = encode_attribute(IFLA_INFO.KIND, b"vxcan\0") + data
    whole = encode_link(replace(KVASER, kind=None))
    first = encode_attribute(IFLA.LINKINFO, info, nested=True)
    link = decode_link_info(encode_message(16, whole[16:32] + first + whole[32:]))
    assert link is not None
    assert (link.kind, link.bit_timing, link.state) == ("vxcan", None, None)


def test_a_name_that_is_no_utf_8_is_kept_as_the_os_module_does() -> None:
    link = decoded(own=encode_attribute(IFLA.IFNAME, b"can\xff\0"))
    assert link.name.encode("utf-8", "surrogateescape") == b"can\xff"
    assert b"can\xff\0" in encode_link_query(link.name)


def test_an_alias_can_always_be_printed() -> None:
    link = decoded(own=encode_attribute(IFLA.IFALIAS, b"a\xff b\0"))
    assert link.alias == "a\\xff b"


@little_endian
def test_the_question_by_name_is_the_one_that_the_kernel_answered() -> None:
    quoted = GOLDEN["missing_name"][36 - 16 :]  # nlmsgerr quotes the request behind the errno
    question = encode_link_query("nosuch0")
    assert quoted[: len(question)][16:] == question[16:]
