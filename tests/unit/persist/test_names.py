"""Which link is meant, and what its name is tied to."""

from __future__ import annotations

import pytest

from canbus.bringup import Request, persist
from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig
from tests.unit.persist.asking import UP, one, plan, text
from tests.unit.persist.sites import (
    CANDLELIGHT,
    HAT,
    PCAN,
    channel_files,
)


def test_a_family_means_the_adapter_that_is_plugged_in(tmp_path):
    assert plan(tmp_path, "pcan", **one("can3")).link == "can3"


def test_of_several_one_has_to_be_said(tmp_path):
    links = [{"name": name, "device": {**PCAN, "path": f"1-{name}"}} for name in ("can0", "can1")]
    with pytest.raises(CanConfigError, match="there are 2 channels") as caught:
        plan(tmp_path, "pcan", link=links)
    assert "canbus persist can0" in (caught.value.hint or "")


def test_a_family_that_is_not_plugged_in_needs_a_name(tmp_path):
    with pytest.raises(CanConfigError, match="no PCAN adapter is plugged in") as caught:
        plan(tmp_path, "pcan")
    assert "--name can0" in (caught.value.hint or "")


def named(name, target="can0"):
    return Request(target=target, name=name, config=UP)


def test_a_name_is_tied_to_the_serial_number(tmp_path):
    made = plan(tmp_path, request=named("can_front"), **one(device=CANDLELIGHT))
    rule = text(made, ".rules")
    assert 'ATTRS{serial}=="0031003C5243500A20383634"' in rule
    assert 'NAME="can_front"' in rule
    assert made.link == "can_front"


def test_or_to_the_place_if_that_is_asked_for(tmp_path):
    facts = one(device=CANDLELIGHT)
    rule = text(plan(tmp_path, request=named("can_front"), way="path", **facts), ".rules")
    assert 'KERNELS=="1-1.2:1.0"' in rule
    assert "serial" not in rule.partition("SUBSYSTEM")[2]


@pytest.mark.parametrize("serial", ["SN*1", 'a"b', "a\\"])
def test_a_number_that_udev_would_not_compare_is_not_used(serial, tmp_path):
    facts = one(device={**CANDLELIGHT, "serial_number": serial})
    assert "KERNELS" in text(plan(tmp_path, request=named("can_front"), **facts), ".rules")
    with pytest.raises(CanConfigError, match="mean something else to udev"):
        plan(tmp_path / "again", request=named("can_front"), way="serial", **facts)


def test_a_number_that_two_adapters_share_is_not_used(tmp_path):
    twins = [
        {"name": "can0", "device": {**CANDLELIGHT, "serial_number": "SN0001"}},
        {"name": "can1", "device": {**CANDLELIGHT, "serial_number": "SN0001", "path": "1-1.3:1.0"}},
    ]
    files = channel_files("can0") | channel_files("can1")
    made = plan(tmp_path, request=named("can_front"), link=twins, files=files)
    assert 'KERNELS=="1-1.2:1.0"' in text(made, ".rules")
    with pytest.raises(CanConfigError, match="another adapter has the same") as caught:
        plan(tmp_path / "again", request=named("can_front"), way="serial", link=twins, files=files)
    assert "--by path" in (caught.value.hint or "")


def test_channels_of_one_adapter_are_told_from_each_other(tmp_path):
    links = [{"name": name, "device": CANDLELIGHT} for name in ("can0", "can1")]
    files = channel_files("can0", 0, "can0", "can1") | channel_files("can1", 1, "can0", "can1")
    for name, number in (("can0", 0), ("can1", 1)):
        request = named(f"can_{number}", name)
        rule = text(plan(tmp_path / name, request=request, link=links, files=files), ".rules")
        assert f'ATTR{{dev_id}}=="{number:#x}"' in rule
        assert f'ATTR{{dev_port}}=="{number}"' in rule
        assert "serial" in rule  # the twin is itself: one adapter


def test_channels_that_nothing_tells_apart_are_not_named(tmp_path):
    """gs_usb before Linux 6.2 gives all of them the same number."""
    links = [{"name": name, "device": CANDLELIGHT} for name in ("can0", "can1")]
    files = channel_files("can0", 0, "can0", "can1")
    place = "/sys/class/net/can0/device/net/can1"
    files |= {f"{place}/dev_id": "0x0\n", f"{place}/dev_port": "0\n"}
    with pytest.raises(CanUnsupportedError, match="nothing tells the 2 channels"):
        plan(tmp_path, request=named("can_front"), link=links, files=files)


def test_a_name_of_the_kernels_own_is_never_given_by_a_rule(tmp_path):
    with pytest.raises(CanConfigError, match="a name that the kernel gives by itself") as caught:
        plan(tmp_path, request=named("can1"), **one(device=CANDLELIGHT))
    assert caught.value.hint == "choose another: --name can_front"


def test_that_such_a_name_may_be_anothers_next_time_is_told(tmp_path):
    links = [{"name": "can0", "device": PCAN}, {"name": "can1", "device": HAT}]
    notes = plan(tmp_path, link=links).notes
    assert any("there is can1, too" in note for note in notes)


def test_a_name_for_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(CanConfigError, match="nothing tells which adapter") as caught:
        plan(tmp_path, "can_front")
    assert "plug it in" in (caught.value.hint or "")


def test_what_was_named_before_need_not_be_plugged_in(tmp_path):
    facts = one(device=CANDLELIGHT)
    first = plan(tmp_path, request=named("can_front"), **facts)
    persist.install(first, str(tmp_path))
    again = plan(tmp_path, "can_front", config=LinkConfig(bitrate=250_000))
    assert (
        text(again, ".rules").partition("SUBSYSTEM")[2]
        == (text(first, ".rules").partition("SUBSYSTEM")[2])
    )
    assert "bitrate 250000" in text(again, ".service")


@pytest.mark.parametrize(
    "name", ["can front", "can/0", "a" * 16, "can%d", "-can", "", "can\n0", "ü"]
)
def test_a_name_that_files_cannot_have_is_refused(name, tmp_path):
    with pytest.raises(CanConfigError) as caught:
        plan(tmp_path, request=named(name), **one(device=CANDLELIGHT))
    assert caught.value.hint


def test_a_link_of_intrepids_daemon_is_not_kept_without_it(tmp_path):
    facts = {"link": [{"name": "can0", "alias": "hscan_61777"}]}
    with pytest.raises(CanConfigError, match="made by Intrepid's daemon") as caught:
        plan(tmp_path, **facts)
    assert "canbus persist intrepid --network hscan_61777" in (caught.value.hint or "")


def test_a_link_that_slcand_may_have_made_is_told(tmp_path):
    notes = plan(tmp_path, link=[{"name": "can0"}]).notes
    assert any("canbus persist serial PORT --name can0" in note for note in notes)


def test_a_name_that_another_adapter_has_is_refused(tmp_path):
    links = [{"name": "can0", "device": PCAN}, {"name": "can_front", "device": HAT}]
    with pytest.raises(CanConfigError, match="there is a can_front already"):
        plan(tmp_path, request=named("can_front"), link=links, files=channel_files("can0"))
    with pytest.raises(CanConfigError, match="of no PCAN adapter but of mcp251xfd") as caught:
        plan(tmp_path / "x", request=named("can_front", "pcan"), link=links)
    assert "canbus persist can_front" in (caught.value.hint or "")


def test_a_name_with_an_adapter_that_has_it_already_is_kept(tmp_path):
    rule = text(plan(tmp_path, "can_front", **one("can_front", CANDLELIGHT)), ".rules")
    assert 'NAME="can_front"' in rule
    assert 'ATTRS{serial}=="0031003C5243500A20383634"' in rule
