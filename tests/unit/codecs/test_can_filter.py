"""codecs.can_filter: golden bytes of struct can_filter from <linux/can.h>."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.codecs.can_filter import MAX_FILTERS, encode_can_filters
from canbus.filters import CanFilter
from tests import golden

GOLDEN = golden.read("can_frames.txt")

TABLE = {
    "filter_everything": CanFilter(0, 0),
    "filter_either_width": CanFilter(0x123, 0x1FFFFFFF),
    "filter_standard": CanFilter(0x123, 0x7FF, extended=False),
    "filter_extended": CanFilter(0x12345678, 0x1FFFFFFF, extended=True),
    "filter_remote": CanFilter(0x123, 0x7FF, extended=False, remote=True),
    "filter_data": CanFilter(0x123, 0x7FF, extended=False, remote=False),
    "filter_inverted": CanFilter(0x123, 0x7FF, extended=False, inverted=True),
}


def test_the_table_covers_every_golden_filter() -> None:
    assert {name for name in GOLDEN if name.startswith("filter")} == set(TABLE)


@pytest.mark.skipif(sys.byteorder != "little", reason="the golden bytes are little-endian")
@pytest.mark.parametrize("name", TABLE)
def test_a_filter_is_encoded_as_the_kernel_lays_it_out(name: str) -> None:
    assert encode_can_filters([TABLE[name]]) == GOLDEN[name]


def test_no_filter_at_all_is_one_that_passes_everything() -> None:
    assert encode_can_filters(None) == bytes(8)


def test_nothing_is_no_bytes() -> None:
    assert encode_can_filters(CanFilter.nothing()) == b""


def test_the_kernel_takes_512_filters() -> None:
    assert MAX_FILTERS == 512  # CAN_RAW_FILTER_MAX of <linux/can/raw.h>


@given(st.lists(st.builds(CanFilter, st.integers(0, 0x1FFFFFFF), st.integers(0, 0x1FFFFFFF))))
def test_filters_are_encoded_in_order_eight_bytes_each(filters: list[CanFilter]) -> None:
    encoded = encode_can_filters(filters)
    pairs = list(struct.iter_unpack("=II", encoded))
    assert pairs == [entry.words() for entry in filters]
