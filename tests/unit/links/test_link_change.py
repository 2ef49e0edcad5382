"""links.link_change: what counts as a change, and the words for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from canbus.link_info import LinkDevice, LinkInfo, LinkStatistics, LinkTiming, TimingLimits
from canbus.links.link_change import LinkChange, compare
from canbus.state import CanState

CAN0 = LinkInfo(
    "can0",
    5,
    "can",
    is_up=True,
    mtu=16,
    bit_timing=LinkTiming(500_000, 87.5, 125, 6, 7, 2, 1, 1),
    restart_ms=0,
    state=CanState.ERROR_ACTIVE,
    tx_errors=0,
    rx_errors=0,
    has_carrier=True,
)
DOWN = replace(CAN0, is_up=False, state=CanState.STOPPED, has_carrier=False)
CAN1 = replace(CAN0, name="can1", index=6)


def test_looks_that_are_the_same_are_no_change():
    assert compare([CAN0, CAN1], [CAN1, CAN0]) == []
    assert compare([], []) == []


@pytest.mark.parametrize(
    "facts",
    [
        {"tx_errors": 50},
        {"rx_errors": 50},
        {"statistics": LinkStatistics(rx_packets=7, bus_errors=1)},
    ],
)
def test_counters_alone_are_no_change(facts):
    assert compare([CAN0], [replace(CAN0, **facts)]) == []


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (DOWN, "can0: down; state ERROR_ACTIVE -> STOPPED"),
        (
            replace(CAN0, state=CanState.ERROR_PASSIVE),
            "can0: state ERROR_ACTIVE -> ERROR_PASSIVE",
        ),
        (
            replace(CAN0, state=CanState.BUS_OFF, has_carrier=False),
            "can0: state ERROR_ACTIVE -> BUS_OFF; no carrier",
        ),
        (replace(CAN0, state=None), "can0: state ERROR_ACTIVE -> unknown"),
        (replace(CAN0, has_carrier=False), "can0: no carrier"),
        (replace(CAN0, name="can7"), "can0: renamed to can7"),
        (replace(DOWN, name="can7"), "can0: renamed to can7; down; state ERROR_ACTIVE -> STOPPED"),
        (
            replace(CAN0, bit_timing=CAN0.bit_timing._replace(bitrate=250_000)),
            "can0: bitrate 500000 -> 250000",
        ),
        (
            replace(CAN0, bit_timing=CAN0.bit_timing._replace(sample_point=75.0)),
            "can0: bit_timing changed",
        ),
        (replace(CAN0, bit_timing=None), "can0: bitrate 500000 -> none"),
        (
            replace(CAN0, data_bit_timing=CAN0.bit_timing, mtu=72, modes=frozenset({"fd"})),
            "can0: mtu 16 -> 72; data_bitrate none -> 500000; fd on",
        ),
        (replace(CAN0, alias="engine"), "can0: alias none -> engine"),
        (replace(CAN0, txqueuelen=100), "can0: txqueuelen 10 -> 100"),
        (replace(CAN0, restart_ms=100), "can0: restart_ms 0 -> 100"),
        (replace(CAN0, termination=120), "can0: termination none -> 120"),
        (replace(CAN0, device=LinkDevice("gs_usb")), "can0: device changed"),
        (
            replace(CAN0, bit_timing_limits=TimingLimits("x", 1, 2, 3, 4, 5, 6, 7, 8)),
            "can0: bit_timing_limits changed",
        ),
    ],
)
def test_what_counts_has_words(after, words):
    (change,) = compare([CAN0], [after])
    assert change == LinkChange(CAN0, after)
    assert (change.kind, change.name) == ("changed", after.name)
    assert change.describe() == words


def test_every_field_that_is_compared_has_words():
    """Whatever LinkInfo may get: a change that counts is never told with no words."""
    for name in LinkInfo.__slots__:
        if name in {"index", "state", "has_carrier"}:
            continue
        other: dict[str, Any] = {name: "other" if name in {"name", "kind", "alias"} else 99}
        after = replace(CAN0, **other)
        for change in compare([CAN0], [after]):
            assert len(change.describe()) > len("can0: ")


def test_coming_up_without_carrier_or_with_it_is_up():
    for carrier in (False, True):
        (change,) = compare([DOWN], [replace(CAN0, has_carrier=carrier)])
        assert change.describe() == "can0: up; state STOPPED -> ERROR_ACTIVE"


def test_modes_are_told_one_by_one():
    before = replace(CAN0, modes=frozenset({"one_shot", "loopback"}))
    after = replace(CAN0, modes=frozenset({"listen_only", "loopback"}))
    assert LinkChange(before, after).describe() == "can0: listen_only on; one_shot off"


def test_links_that_appear_and_go_are_told_with_their_names():
    gone, appeared, down = compare([CAN0], [CAN1, replace(DOWN, name="can2", index=7)])
    assert (gone, gone.kind, gone.describe()) == (LinkChange(CAN0, None), "gone", "can0: gone")
    assert (appeared.kind, appeared.name) == ("appeared", "can1")
    assert appeared.describe() == "can1: appeared, up"
    assert down.describe() == "can2: appeared, down"


def test_a_link_that_was_made_anew_is_gone_and_has_appeared():
    anew = replace(CAN0, index=9)
    assert compare([CAN0, CAN1], [CAN1, anew]) == [
        LinkChange(CAN0, None),
        LinkChange(None, anew),
    ]
