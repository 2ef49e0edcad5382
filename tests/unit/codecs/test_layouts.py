"""The layouts that codecs and the socketcan backend assume, against four machines' compilers.

tests/golden/layouts.txt has a column for each: 64-bit and 32-bit x86, and the ARM of a 32-bit
and a 64-bit Raspberry Pi. It is compared with our tables everywhere, and with what the
compilers say wherever they are or can be installed; elsewhere that test fails.
"""

from __future__ import annotations

import re
from struct import Struct, calcsize
from typing import NamedTuple

import pytest

from canbus import filters, frame_flags
from canbus.backends.socketcan import arrivals, batch_reader, batch_writer, constants
from canbus.codecs import bcm, can_filter, can_frame, canxl_frame, link_attributes, netlink
from canbus.codecs.link_attributes import IFLA, IFLA_CAN, IFLA_CAN_CTRLMODE, IFLA_INFO, Attribute
from canbus.links import route_socket
from canbus.xl_message import RRS, SEC
from tests import golden
from tests.golden import compilers
from tests.lab import host_tools

Column = dict[str, int]


def read_columns() -> dict[str, Column]:
    lines = [line.split(" ") for line in (golden.HERE / "layouts.txt").read_text().splitlines()]
    _, *machines = lines[0]
    rows = [(name, [int(value) for value in values]) for name, *values in lines[1:]]
    return {
        machine: {name: values[n] for name, values in rows} for n, machine in enumerate(machines)
    }


COLUMNS = read_columns()
LP64 = [machine for machine, column in COLUMNS.items() if column["sizeof(long)"] == 8]


def test_the_golden_columns_are_those_of_the_compilers() -> None:
    assert list(COLUMNS) == list(compilers.TARGETS)
    assert LP64 == ["x86_64", "arm64"]


@pytest.mark.timeout(600)  # the compiler may have to be installed
@pytest.mark.parametrize("machine", compilers.TARGETS)
def test_the_compiler_of_a_machine_gives_its_golden_column(machine: str) -> None:
    said = compilers.constants(compilers.cross(machine), golden.HERE / "layouts.c")
    assert said == COLUMNS[machine]


class Layout(NamedTuple):
    """One of our structures: C's name of it, and of its fields in our order."""

    ours: Struct
    name: str
    fields: tuple[str, ...]
    whole: bool = True  # else C's structure goes on


def layout(ours: Struct, name: str, fields: str, *, whole: bool = True) -> Layout:
    return Layout(ours, name, tuple(fields.split()), whole)


_STATS = (
    "rx_packets tx_packets rx_bytes tx_bytes rx_errors tx_errors rx_dropped tx_dropped "
    "rx_over_errors tx_carrier_errors"
)
EVERYWHERE = [
    layout(can_frame._CLASSIC, "can_frame", "can_id can_dlc data"),
    layout(can_frame.CLASSIC_RECORD, "can_frame", "can_id can_dlc data"),
    layout(can_frame.RECORD, "canfd_frame", "can_id len flags data"),
    layout(canxl_frame._HEADER, "canxl_frame", "prio flags sdt len af", whole=False),
    layout(can_filter._CAN_FILTER, "can_filter", "can_id can_mask"),
    layout(link_attributes.BERR_COUNTER, "can_berr_counter", "txerr rxerr"),
    layout(
        link_attributes.DEVICE_STATS,
        "can_device_stats",
        "bus_error error_warning error_passive bus_off arbitration_lost restarts",
    ),
    layout(link_attributes.LINK_STATS64, "rtnl_link_stats64", _STATS, whole=False),
    layout(link_attributes.LINK_STATS, "rtnl_link_stats", _STATS, whole=False),
    layout(
        link_attributes.BITTIMING,
        "can_bittiming",
        "bitrate sample_point tq prop_seg phase_seg1 phase_seg2 sjw brp",
    ),
    layout(
        link_attributes.BITTIMING_CONST,
        "can_bittiming_const",
        "name tseg1_min tseg1_max tseg2_min tseg2_max sjw_max brp_min brp_max brp_inc",
    ),
    layout(link_attributes.U32, "can_clock", "freq"),
    layout(link_attributes.CTRLMODE, "can_ctrlmode", "mask flags"),
]
_MMSGHDR = (
    "msg_hdr.msg_name msg_hdr.msg_namelen msg_hdr.msg_iov msg_hdr.msg_iovlen "
    "msg_hdr.msg_control msg_hdr.msg_controllen msg_hdr.msg_flags msg_len"
)
ONLY_LP64 = [
    layout(batch_reader._HEADER, "mmsghdr", _MMSGHDR),
    layout(batch_reader._IOVEC, "iovec", "iov_base iov_len"),
    layout(batch_reader._CMSG, "cmsghdr", "cmsg_len cmsg_level cmsg_type"),
    layout(batch_writer._HEADER, "mmsghdr", _MMSGHDR),
    layout(batch_writer._IOVEC, "iovec", "iov_base iov_len"),
]
CASES = [(machine, one) for machine in COLUMNS for one in EVERYWHERE]
CASES += [(machine, one) for machine in LP64 for one in ONLY_LP64]


@pytest.mark.parametrize(
    ("machine", "one"), CASES, ids=lambda value: value if isinstance(value, str) else value.name
)
def test_our_structure_is_the_machines(machine: str, one: Layout) -> None:
    column = COLUMNS[machine]
    if one.whole:
        assert one.ours.size == column[f"sizeof({one.name})"]
    offsets = [column[f"{one.name}.{field}"] for field in one.fields]
    assert offsets_of(one.ours) == offsets


def offsets_of(structure: Struct) -> list[int]:
    """Where each field begins, by the format; in ours, which begin with '=', nothing is aligned."""
    assert structure.format[0] == "="
    found: list[int] = []
    at = 0
    for count, code in re.findall(r"(\d*)([a-zA-Z])", structure.format):
        number = int(count or 1)
        if code not in "xs":
            step = calcsize(f"={code}")
            found += range(at, at + number * step, step)
        elif code == "s":
            found.append(at)
        at += calcsize(f"={count}{code}")
    return found


@pytest.mark.parametrize("machine", COLUMNS)
def test_sizes_that_are_written_as_numbers(machine: str) -> None:
    column = COLUMNS[machine]
    assert column["sizeof(can_frame)"] == can_frame.CAN_MTU
    assert column["sizeof(canfd_frame)"] == can_frame.CANFD_MTU
    assert can_frame._DATA_AT == column["can_frame.data"] == column["canfd_frame.data"]
    assert column["canxl_frame.data"] == canxl_frame.CANXL_HDR_SIZE
    assert column["sizeof(canxl_frame)"] == canxl_frame.CANXL_MTU
    assert canxl_frame.FLAGS_AT == column["canxl_frame.flags"] == column["can_frame.can_dlc"]
    assert len(canxl_frame.encode_vcid_options()) == column["sizeof(can_raw_vcid_options)"]
    assert netlink._HEADER.size == column["sizeof(nlmsghdr)"]
    assert netlink._IFINFO.size == column["sizeof(ifinfomsg)"]
    assert netlink._ATTRIBUTE.size == column["sizeof(rtattr)"]
    assert column["sizeof(sockaddr_can)"] == batch_reader._ADDRESS_SIZE
    # 32-bit machines are asked for SO_TIMESTAMPNS_NEW, which gives this one.
    assert arrivals._TIMESPEC.size == column["sizeof(__kernel_timespec)"]


@pytest.mark.parametrize("machine", LP64)
def test_a_stamp_of_a_64_bit_machine_is_as_large_as_the_batch_reader_says(machine: str) -> None:
    column = COLUMNS[machine]
    assert column["sizeof(timespec)"] == arrivals._TIMESPEC.size
    assert column["CMSG_SPACE(16)"] == batch_reader._STAMP_SIZE
    assert column["CMSG_SPACE(16)"] + column["CMSG_SPACE(4)"] == batch_reader._STAMP_AND_COUNT_SIZE
    assert column["CMSG_SPACE(48)"] + column["CMSG_SPACE(4)"] <= batch_reader._CONTROL_SIZE


@pytest.mark.parametrize("machine", COLUMNS)
def test_the_bcm_head_is_as_python_computes_it(machine: str) -> None:
    column = COLUMNS[machine]
    sizes = {"I": 4, "l": column["sizeof(long)"]}
    repeats = re.findall(r"(\d)([Il])", bcm._FIELDS)
    offsets, end = [], 0
    for code in "".join(int(count) * code for count, code in repeats):
        begin = end + (-end % sizes[code])
        offsets.append(begin)
        end = begin + sizes[code]
    ival1, ival2 = column["bcm_msg_head.ival1"], column["bcm_msg_head.ival2"]
    long = column["sizeof(bcm_timeval)"] // 2
    begin_of = [column[f"bcm_msg_head.{name}"] for name in ("opcode", "flags", "count")]
    begin_of += [ival1, ival1 + long, ival2, ival2 + long]
    begin_of += [column[f"bcm_msg_head.{name}"] for name in ("can_id", "nframes")]
    assert offsets == begin_of
    assert end + (-end % 8) == column["sizeof(bcm_msg_head)"] == column["bcm_msg_head.frames"]
    if column["sizeof(long)"] == calcsize("@l"):
        assert column["sizeof(bcm_msg_head)"] == bcm.HEAD_SIZE


@pytest.mark.parametrize("machine", COLUMNS)
def test_the_bcm_opcodes_and_flags_are_the_headers(machine: str) -> None:
    members = [*bcm.BcmOpcode, *bcm.BcmFlag]
    assert len(members) == 24
    assert {one.name: COLUMNS[machine][one.name] for one in members} == {
        one.name: int(one) for one in members
    }
    assert bcm.BcmOpcode.TX_SETUP == bcm._TX_SETUP
    assert bcm.BcmFlag.CAN_FD_FRAME == bcm._CAN_FD_FRAME


FRAME_FLAGS = {
    "CAN_EFF_FLAG": frame_flags.EFF,
    "CAN_RTR_FLAG": frame_flags.RTR,
    "CAN_ERR_FLAG": frame_flags.ERR,
    "CAN_INV_FILTER": filters.INVERTED,
    "CAN_SFF_MASK": frame_flags.SFF_MASK,
    "CAN_EFF_MASK": frame_flags.EFF_MASK,
    "CAN_RAW_FILTER_MAX": can_filter.MAX_FILTERS,
    "CANFD_BRS": frame_flags.BRS,
    "CANFD_ESI": frame_flags.ESI,
    "CANFD_FDF": frame_flags.FDF,
    "CANXL_XLF": frame_flags.XLF,
    "CANXL_SEC": SEC,
    "CAN_MAX_DLEN": frame_flags.MAX_DLC,
    "CANFD_MAX_DLEN": frame_flags.MAX_DLC_FD,
    "CANXL_MAX_DLEN": frame_flags.MAX_DLC_XL,
}


@pytest.mark.parametrize("machine", COLUMNS)
def test_flags_and_limits_are_the_headers(machine: str) -> None:
    column = COLUMNS[machine]
    assert {name: column[name] for name in FRAME_FLAGS} == FRAME_FLAGS
    assert RRS == 0x02  # CANXL_RRS, in newer headers than those of Linux 6.1


@pytest.mark.parametrize("machine", COLUMNS)
def test_the_backends_numbers_are_the_headers(machine: str) -> None:
    column = COLUMNS[machine]
    numbers = {
        name: value
        for name, value in vars(constants).items()
        if name.isupper() and isinstance(value, int)
    }
    unknown = set(numbers) - set(column)
    assert not unknown, f"add them to tests/golden/layouts.c: {sorted(unknown)}"
    assert {name: column[name] for name in numbers} == {
        name: int(numbers[name]) for name in numbers
    }


@pytest.mark.parametrize("machine", COLUMNS)
def test_the_numbers_of_netlink_are_the_headers(machine: str) -> None:
    kinds = [IFLA, IFLA_INFO, IFLA_CAN, IFLA_CAN_CTRLMODE]
    members = [one for kind in kinds for one in vars(kind).values() if isinstance(one, Attribute)]
    numbers = {str(member): int(member) for member in members}
    for module in (netlink, link_attributes, route_socket):
        numbers |= {
            name: value
            for name, value in vars(module).items()
            if name[0].isupper() and isinstance(value, int)
        }
    assert len(numbers) > 40
    column = COLUMNS[machine] | {"NLA_TYPE_MASK": COLUMNS[machine]["NLA_TYPE_MASK"] & 0xFFFF}
    assert {name: column.get(name) for name in numbers} == numbers


def test_a_compiler_that_cannot_be_had_is_a_failure_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_tools, "_may_install", lambda: False)
    missing = compilers.Target("no-such-gcc", "gcc-no-such", "libc6-dev-no-such")
    with pytest.raises(
        pytest.fail.Exception, match="apt-get install --no-install-recommends gcc-no-such"
    ):
        compilers._obtain(missing)
