"""What a bus makes of the settings of its link. Over a fake kernel; twins: tests/hardware."""

from __future__ import annotations

import errno
import warnings
from dataclasses import replace
from types import SimpleNamespace

import pytest

from canbus.backends.socketcan.link_setup import check_link, configure_link, link_settings
from canbus.cli.parser import parse
from canbus.errors import (
    CanChannelNotFoundError,
    CanConfigError,
    CanInitializationError,
    CanPermissionError,
    CanUnsupportedError,
    CanWarning,
)
from canbus.link_info import LinkInfo
from tests.unit.links.fake_linux import FakeLinux
from tests.unit.links.model_kernel import UNSET
from tests.unit.links.test_plan import AT_500K, BLANK, VCAN

SLCAN = LinkInfo(
    "can0", 3, "can", True, 16, bit_timing=UNSET._replace(bitrate=0xFFFFFFFF),
    bitrate_choices=(125_000, 500_000),
)  # fmt: skip


@pytest.fixture
def linux(monkeypatch):
    return FakeLinux(replace(AT_500K, is_up=True)).install(monkeypatch)


@pytest.fixture
def silence():
    """Any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(
    "asked",
    [{"bitrate": 500_000}, {"sample_point": 87.5, "bitrate": 500_000}, {"restart_ms": 0},
     {"listen_only": False}],
)  # fmt: skip
def test_a_link_that_is_set_up_so_is_fine(linux, silence, asked):
    check_link("can0", asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"bitrate": 250_000}, "bitrate is 500000, not 250000"),
        ({"bitrate": 500_000, "sample_point": 75.0}, "sample_point is 87.5, not 75.0"),
        ({"restart_ms": 100}, "restart_ms is 0, not 100"),
        ({"listen_only": True}, "listen_only is False, not True"),
    ],
)
def test_a_link_that_is_set_up_otherwise_is_refused_and_both_are_named(linux, asked, words):
    with pytest.raises(CanConfigError, match=words) as caught:
        check_link("can0", asked)
    assert "configure=True" in caught.value.hint
    assert linux.changes == []


def test_a_controller_without_a_bit_rate_is_set_up_otherwise(linux):
    linux.links["can0"] = BLANK
    with pytest.raises(CanConfigError, match="bitrate is not set, not 500000"):
        check_link("can0", {"bitrate": 500_000})


def test_a_rate_that_the_controller_only_comes_near_to_is_the_rate(linux, silence):
    linux.links["can0"] = replace(
        AT_500K, bit_timing=AT_500K.bit_timing._replace(bitrate=83_333, brp=4)
    )
    check_link("can0", {"bitrate": 83_000})


@pytest.mark.parametrize("link", [VCAN, replace(VCAN, kind="vxcan"), SLCAN])
def test_where_the_kernel_does_not_know_there_is_one_warning(linux, link):
    linux.links = {link.name: link}
    with pytest.warns(CanWarning) as caught:
        check_link(link.name, {"bitrate": 500_000})
    assert len(caught) == 1
    assert f"{link.name}: bitrate=500000 not verified" in str(caught[0].message)
    with pytest.warns(CanWarning) as caught:
        check_link(link.name, {"bitrate": 500_000, "sample_point": 80.0})
    assert len(caught) == 1


def test_a_vcan_cannot_be_listen_only(linux):
    linux.links = {"vcan0": VCAN}
    with pytest.raises(CanUnsupportedError, match="no listen_only"):
        check_link("vcan0", {"listen_only": True})


def test_a_bus_on_all_links_verifies_nothing_and_says_so(linux):
    with pytest.warns(CanWarning, match="bitrate=500000 not verified"):
        check_link("", {"bitrate": 500_000})
    with pytest.raises(CanConfigError, match="one interface"):
        configure_link("", {"bitrate": 500_000})


def test_a_missing_link_is_a_channel_that_is_not_there(linux):
    for act in (check_link, configure_link):
        with pytest.raises(CanChannelNotFoundError, match="can7"):
            act("can7", {"bitrate": 500_000})


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"bitrate": 250_000}, "canbus up can0 --bitrate 250000"),
        ({"listen_only": True}, "canbus up can0 --listen-only"),
        ({"bitrate": 500_000, "sample_point": 75.0}, "canbus up can0 --sample-point 75.0"),
        (
            {"bitrate": 500_000, "data_bitrate": 2_000_000, "fd": True},
            "canbus up can0 --data-bitrate 2000000 --fd",
        ),
    ],
)
def test_the_hint_is_a_command_that_does_it(linux, capsys, asked, words):
    with pytest.raises(CanConfigError) as caught:
        check_link("can0", asked)
    assert caught.value.hint.endswith(words)
    command = caught.value.hint.partition("canbus ")[2].split()
    parse(command)


def test_an_fd_bus_on_a_classic_link_is_told_what_differs(linux):
    asked: dict[str, object] = {"bitrate": 500_000, "data_bitrate": 2_000_000, "fd": True}
    with pytest.raises(CanConfigError, match="data_bitrate is not set, not 2000000; fd is False"):
        check_link("can0", asked)


# -- configure ----------------------------------------------------------------------------


def test_the_link_is_set_up_and_brought_up(linux):
    linux.links["can0"] = BLANK
    done = configure_link("can0", {"bitrate": 250_000, "restart_ms": 50})
    assert done.after.is_up
    assert linux.links["can0"].bitrate == 250_000
    assert linux.links["can0"].restart_ms == 50


def test_what_is_so_already_needs_no_right(linux):
    linux.deny = {"set": errno.EPERM}
    assert configure_link("can0", {"bitrate": 500_000}).steps == ()


def test_without_the_right_it_is_a_permission_error(linux):
    linux.deny = {"set": errno.EPERM}
    with pytest.raises(CanPermissionError, match="CAP_NET_ADMIN") as caught:
        configure_link("can0", {"bitrate": 250_000})
    assert "sudo" in caught.value.hint


def test_a_refused_setting_is_warned_of(linux):
    linux.has_restart = False
    with pytest.warns(CanWarning, match="can0: restart_ms=100 was refused"):
        configure_link("can0", {"bitrate": 500_000, "restart_ms": 100})


def test_a_rate_that_cannot_be_does_not_open(linux):
    with pytest.raises(CanInitializationError, match="makes 5000 to 2666666 bit/s"):
        configure_link("can0", {"bitrate": 3_000_000})


# -- timing objects -----------------------------------------------------------------------


def test_timing_objects_of_python_can_are_understood():
    classic = SimpleNamespace(bitrate=500_000, sample_point=87.5, f_clock=8_000_000)
    assert link_settings(classic, bitrate=None) == {"bitrate": 500_000, "sample_point": 87.5}
    finer = SimpleNamespace(bitrate=500_000, sample_point=87.5, sjw=2, nof_samples=3)
    assert link_settings(finer)["sjw"] == 2
    assert link_settings(finer)["triple_sampling"] is True
    fd = SimpleNamespace(
        nom_bitrate=500_000, nom_sample_point=80.0, data_bitrate=2_000_000, data_sample_point=75.0
    )
    assert link_settings(fd) == {
        "bitrate": 500_000, "sample_point": 80.0, "data_bitrate": 2_000_000,
        "data_sample_point": 75.0,
    }  # fmt: skip


def test_a_timing_object_may_say_no_other_than_the_rest():
    timing = SimpleNamespace(bitrate=500_000, sample_point=87.5)
    assert link_settings(timing, bitrate=500_000)["bitrate"] == 500_000
    with pytest.raises(CanConfigError, match="bitrate=250000"):
        link_settings(timing, bitrate=250_000)
    with pytest.raises(CanConfigError, match="no bit rate"):
        link_settings(object())
