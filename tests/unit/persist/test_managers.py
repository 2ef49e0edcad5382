"""Who sets a link up: systemd-networkd where it is enabled, and can; else a unit."""

from __future__ import annotations

import re

import pytest

from canbus.errors import CanConfigError, CanUnsupportedError
from canbus.link_config import LinkConfig
from tests.unit.persist.asking import one, plan, text
from tests.unit.persist.sites import (
    CANDLELIGHT,
)


@pytest.mark.parametrize("networkd", [True, False])
def test_networkd_where_it_is_enabled_else_a_unit(networkd, tmp_path):
    assert plan(tmp_path, networkd=networkd).manager == ("networkd" if networkd else "unit")


def test_a_unit_if_that_is_asked_for(tmp_path):
    assert plan(tmp_path, networkd=True, manager="unit").manager == "unit"


def test_networkd_that_is_not_enabled_is_told_and_never_enabled(tmp_path):
    made = plan(tmp_path, manager="networkd")
    assert made.manager == "networkd"
    assert "systemd-networkd is not enabled" in made.notes[0]
    assert "systemd-networkd-wait-online" in made.notes[0]
    assert not [words for words in made.commands if "enable" in words]
    assert not [file.path for file in made.files if "wait" in file.path]


def test_networkd_that_is_masked_is_not_enabled(tmp_path):
    mask = {"/etc/systemd/system/systemd-networkd.service": "/dev/null"}
    assert plan(tmp_path, networkd=True, symlinks=mask).manager == "unit"


def test_nobody_else_can_be_asked_for(tmp_path):
    with pytest.raises(CanConfigError, match="'ifupdown' is nobody") as caught:
        plan(tmp_path, manager="ifupdown")
    assert caught.value.hint == "networkd, unit"


@pytest.mark.parametrize(
    ("version", "config", "setting"),
    [
        (247, LinkConfig(bitrate=500_000, one_shot=True), "one_shot (systemd 250)"),
        (247, LinkConfig(bitrate=500_000, txqueuelen=99), "txqueuelen (systemd 248)"),
        (249, LinkConfig(bitrate=500_000, termination=60), "termination 60 (systemd 252)"),
        (249, LinkConfig(tq=125, prop_seg=6, phase_seg1=7, phase_seg2=2), "tq (systemd 250)"),
    ],
)
def test_what_an_old_networkd_does_not_know_is_set_by_a_unit(version, config, setting, tmp_path):
    facts = {"files": {f"/lib/systemd/libsystemd-shared-{version}.so": ""}}
    made = plan(tmp_path, networkd=True, config=config, **facts)
    assert made.manager == "unit"
    assert made.notes == (f"by a unit: systemd-networkd {version} cannot set {setting}",)
    with pytest.raises(CanUnsupportedError, match=re.escape(setting)) as caught:
        plan(tmp_path / "again", networkd=True, manager="networkd", config=config, **facts)
    assert caught.value.hint == "--manager unit"


def test_an_old_networkd_has_a_switch_for_the_usual_terminator(tmp_path):
    facts = {"files": {"/lib/systemd/libsystemd-shared-249.so": ""}}
    config = LinkConfig(bitrate=500_000, termination=120)
    made = plan(tmp_path, networkd=True, config=config, **facts)
    assert "Termination=yes\n" in text(made, ".network")


RISKY = ["6.1.0-18-amd64", "6.12.47+rpt-rpi-v8", "6.12.0", "6.17.1", "strange"]
SOUND = ["6.12.57+deb13-amd64", "6.12.107", "6.18.0", "7.0.1-arch1"]


@pytest.mark.parametrize("release", [*RISKY, *SOUND])
def test_an_adapter_without_restart_is_kept_from_networkd_where_it_would_stay_down(
    release, tmp_path
):
    made = plan(tmp_path, networkd=True, release=release, **one(device=CANDLELIGHT))
    assert made.manager == ("unit" if release in RISKY else "networkd")
    said = " ".join(made.notes)
    assert ("always sets a time for restarts, which gs_usb has not" in said) is (release in RISKY)


@pytest.mark.parametrize("version", [252, 256])
def test_older_networkds_ask_for_no_restart_unless_told(version, tmp_path):
    facts = one(device=CANDLELIGHT)
    facts["files"] |= {f"/lib/systemd/libsystemd-shared-{version}.so": ""}
    assert plan(tmp_path, networkd=True, release=RISKY[0], **facts).manager == "networkd"


def test_who_asks_for_networkd_all_the_same_is_warned(tmp_path):
    facts = one(device=CANDLELIGHT)
    made = plan(tmp_path, networkd=True, manager="networkd", release=RISKY[0], **facts)
    assert made.manager == "networkd"
    assert "if it stays down, --manager unit" in made.notes[-1]


WAITS = "/etc/systemd/system/network-online.target.wants/systemd-networkd-wait-online.service"


@pytest.mark.parametrize(
    ("others", "told"), [({}, True), ({"/etc/systemd/network/10-eth.network": ""}, False)]
)
def test_a_boot_that_waits_for_can_alone_is_told(others, told, tmp_path):
    """Seen with systemd 257: RequiredForOnline=no on all links, and it waits all the same."""
    made = plan(tmp_path, networkd=True, files={WAITS: "", **others})
    said = " ".join(made.notes)
    assert ("disable systemd-networkd-wait-online" in said) is told


def test_a_unit_makes_no_boot_wait(tmp_path):
    assert plan(tmp_path, networkd=True, manager="unit", files={WAITS: ""}).notes == ()
