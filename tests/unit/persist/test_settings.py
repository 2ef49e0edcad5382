"""Which settings are kept, left out, or refused with a hint."""

from __future__ import annotations

import pytest

from canbus.bringup import Request
from canbus.bringup.persist.settings import as_it_is
from canbus.errors import CanConfigError, CanError, CanUnsupportedError
from canbus.link_config import LinkConfig
from tests.unit.persist.asking import one, plan, text
from tests.unit.persist.sites import (
    CANDLELIGHT,
    site,
)


@pytest.mark.parametrize("manager", ["networkd", "unit"])
@pytest.mark.parametrize("target", ["can0", "candlelight"])
def test_restart_is_left_out_where_the_driver_has_none(target, manager, tmp_path):
    config = LinkConfig(bitrate=500_000, restart_ms=100)
    made = plan(tmp_path, target, config=config, manager=manager, **one(device=CANDLELIGHT))
    assert not [file for file in made.files if "estart-ms 100" in file.text.partition("[")[2]]
    assert not [file for file in made.files if "RestartSec" in file.text]
    assert "restart_ms 100 is left out: its driver has no restart from bus-off" in made.notes


def test_the_same_of_an_adapter_that_is_not_plugged_in(tmp_path):
    request = Request(
        target="candlelight", name="can0", config=LinkConfig(bitrate=500_000, restart_ms=100)
    )
    assert "restart_ms 100 is left out" in plan(tmp_path, request=request).notes[0]


def test_a_strict_request_is_refused_instead(tmp_path):
    config = LinkConfig(bitrate=500_000, restart_ms=100)
    request = Request(target="can0", config=config, strict=True)
    with pytest.raises(CanUnsupportedError, match="can0 does not take restart_ms"):
        plan(tmp_path, request=request, **one(device=CANDLELIGHT))


def test_a_mode_without_which_it_would_disturb_the_bus_is_refused(tmp_path):
    config = LinkConfig(bitrate=500_000, listen_only=True)
    with pytest.raises(CanUnsupportedError, match="listen_only"):
        plan(tmp_path, config=config, **one(supported_modes=["loopback"]))


def test_a_strict_unit_lets_nothing_be_refused(tmp_path):
    config = LinkConfig(bitrate=500_000, one_shot=True)
    for strict in (False, True):
        request = Request(target="can0", config=config, strict=strict)
        unit = text(plan(tmp_path / str(strict), request=request), ".service")
        line = "/usr/sbin/ip link set dev can0 type can one-shot on"
        assert f"ExecStart={'' if strict else '-'}{line}\n" in unit


def test_without_settings_a_link_is_kept_as_it_is(tmp_path):
    facts = one(bitrate=125_000, sample_point=80.0, restart_ms=50, modes=["listen_only"])
    made = plan(tmp_path, config=LinkConfig(up=True), **facts)
    assert made.notes[0] == "can0 is kept as it is now"
    unit = text(made, ".service")
    assert "type can bitrate 125000 sample-point 0.800\n" in unit
    assert "type can listen-only on\n" in unit
    assert "type can restart-ms 50\n" in unit
    assert "canbus persist can0 --bitrate 125000 --sample-point 80 --listen-only" in unit


def test_a_link_without_a_bit_rate_cannot_be_kept_as_it_is(tmp_path):
    with pytest.raises(CanConfigError, match="no bit rate that could be kept"):
        plan(tmp_path, config=LinkConfig(up=True), **one())


def test_all_of_a_link_is_in_what_it_is_kept_as(tmp_path):
    facts = one(
        bitrate=500_000, modes=["fd", "berr_reporting"], termination=120, txqueuelen=64, mtu=72
    )
    link = site(tmp_path, **facts).hardware.links[0]
    assert as_it_is(link) == LinkConfig(
        bitrate=500_000, sample_point=87.5, fd=True, berr_reporting=True, termination=120,
        txqueuelen=64,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (LinkConfig(up=True), "no bit rate yet"),
        (LinkConfig(bitrate=500_000, data_bitrate=2_000_000), "for CAN FD"),
        (LinkConfig(bitrate=500_000, xl=True), "CAN XL"),
        (LinkConfig(bitrate=500_000, fd=True), "data"),
    ],
)
@pytest.mark.parametrize("manager", ["networkd", "unit"])
def test_what_no_link_can_be_is_refused_before_anything_is_written(config, said, manager, tmp_path):
    with pytest.raises(CanError, match=said) as caught:
        plan(tmp_path, config=config, manager=manager)
    assert caught.value.hint
