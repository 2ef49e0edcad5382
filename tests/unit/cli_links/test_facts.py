"""A LinkInfo as JSON."""

from __future__ import annotations

import json
from dataclasses import fields, replace

from canbus.cli.link_facts import link_facts
from canbus.link_info import LinkInfo, LinkTiming
from tests.unit.cli_links.examples import FD, PCAN, UNSET, VCAN0


def test_the_keys_are_the_attributes_of_a_link():
    names = {each.name for each in fields(LinkInfo)} | {"fd", "xl", "bitrate", "data_bitrate"}
    for link in (VCAN0, PCAN, FD, UNSET):
        facts = link_facts(link)
        assert set(facts) == names
        assert json.loads(json.dumps(facts)) == facts


def test_enums_are_names_sets_are_sorted_and_parts_have_names():
    facts = link_facts(PCAN)
    assert facts["state"] == "BUS_OFF"
    assert facts["modes"] == ["berr_reporting", "one_shot"]
    assert facts["bit_timing"] == PCAN.bit_timing._asdict()
    assert facts["bit_timing_limits"] == PCAN.bit_timing_limits._asdict()
    assert facts["statistics"] == PCAN.statistics._asdict()
    assert facts["device"] == PCAN.device._asdict()
    assert (facts["bitrate"], facts["data_bitrate"], facts["fd"], facts["xl"]) == (
        500_000,
        None,
        False,
        False,
    )
    assert link_facts(FD)["termination_choices"] == [0, 120]


def test_what_the_kernel_does_not_say_is_null():
    facts = link_facts(VCAN0)
    for name in (
        "alias",
        "bit_timing",
        "clock",
        "device",
        "state",
        "restart_ms",
        "supported_modes",
    ):
        assert facts[name] is None
    unknown = LinkTiming(0xFFFFFFFF, 0.0, 0, 0, 0, 0, 0, 0)
    assert link_facts(replace(UNSET, bit_timing=unknown))["bit_timing"] is None
    rate_only = link_facts(replace(UNSET, bit_timing=unknown._replace(bitrate=125_000)))
    assert rate_only["bitrate"] == 125_000
    assert rate_only["bit_timing"] == dict.fromkeys(LinkTiming._fields) | {"bitrate": 125_000}
