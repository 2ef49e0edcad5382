"""config.txt as the firmware reads it: filters, parameters, and which chips they name."""

from __future__ import annotations

import pytest

from canbus.bringup.doctor.checks.pi_config_txt import live_path, read_config
from canbus.bringup.doctor.checks.pi_overlays import chips, unknown_parameters
from tests.docs.test_overlays import OVERLAYS
from tests.unit.doctor.fake_system import FakeSystem

PLACE = "/boot/firmware/config.txt"


def config(tmp_path, text, model="Raspberry Pi 4 Model B Rev 1.4"):
    files = {PLACE: text, "/proc/device-tree/model": model + "\0"}
    return read_config(FakeSystem(tmp_path, {"files": files}), PLACE)


@pytest.mark.parametrize(
    ("model", "sections"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", {"pi4"}),
        ("Raspberry Pi 400 Rev 1.0", {"pi4", "pi400"}),
        ("Raspberry Pi Compute Module 4 Rev 1.0", {"pi4", "cm4"}),
        ("Raspberry Pi Compute Module 4S Rev 1.0", {"pi4", "cm4s"}),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", {"pi3", "pi3+"}),
        ("Raspberry Pi 5 Model B Rev 1.0", {"pi5"}),
        ("Raspberry Pi 500 Rev 1.0", {"pi5", "pi500"}),
        ("Raspberry Pi Zero 2 W Rev 1.0", {"pi0", "pi0w", "pi02"}),
        ("Raspberry Pi Model B Rev 2", {"pi1"}),
    ],
)
def test_a_filter_lets_its_models_through(tmp_path, model, sections):
    filters = ["pi1", "pi2", "pi3", "pi3+", "pi4", "pi400", "cm4", "cm4s", "pi5", "pi500", "pi0",
               "pi0w", "pi02"]  # fmt: skip
    text = "".join(f"[{name}]\ndtoverlay=mcp2515-can0,interrupt={name}\n" for name in filters)
    found = config(tmp_path, text, model).overlays
    assert {one.parameters["interrupt"] for one in found if one.counts} == sections


def test_all_ends_a_filter_and_none_lets_nothing_through(tmp_path):
    text = "[none]\ndtparam=spi=on\ndtoverlay=a\n[all]\ndtoverlay=b # c\n#dtoverlay=d\n"
    text += "[unknown]\ndtoverlay=e"
    read = config(tmp_path, text)
    assert read.spi is None
    assert [(one.name, one.counts) for one in read.overlays] == [
        ("a", False), ("b", True), ("e", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "spi"),
    [
        ("dtparam=spi=on", True),
        ("dtparam=spi", True),
        ("dtparam=i2c_arm=on,spi=on", True),
        ("device_tree_param=spi=on", True),
        ("dtparam=spi=on\ndtparam=spi=off", False),
        ("dtparam=i2c_arm=on", None),
    ],
)
def test_spi_is_on_off_or_not_said(tmp_path, line, spi):
    assert config(tmp_path, line).spi is spi


def test_an_overlay_names_its_chip_and_its_crystal(tmp_path):
    text = """
dtoverlay=mcp2515-can1,interrupt=23
dtoverlay=mcp2515,spi1-2,oscillator=8000000
dtoverlay=mcp251xfd,spi0-0,oscillator=0x2625a00,interrupt=x
dtoverlay=seeed-can-fd-hat-v2
dtoverlay=mcp251xfd,oscillator=20000000
"""
    found = [(one.at, one.kind, one.oscillator, one.interrupt, one.clock)
             for one in chips(config(tmp_path, text))]  # fmt: skip
    assert found == [
        ("spi0.1", "mcp2515", 16_000_000, 23, 8_000_000),
        ("spi1.2", "mcp2515", 8_000_000, 25, 4_000_000),
        ("spi0.0", "mcp251xfd", 40_000_000, None, 40_000_000),
        ("spi0.0", "mcp251xfd", 40_000_000, 25, 40_000_000),
        ("spi0.1", "mcp251xfd", 40_000_000, 24, 40_000_000),
    ]


def test_a_slow_crystal_goes_through_the_pll(tmp_path):
    (chip,) = chips(config(tmp_path, "dtoverlay=mcp251xfd,spi0-0,oscillator=4000000"))
    assert chip.clock == 40_000_000


@pytest.mark.parametrize("name", [one for one in OVERLAYS if one.startswith("mcp25")])
def test_every_parameter_on_the_pages_is_known_and_others_are_not(tmp_path, name):
    parameters = sorted(OVERLAYS[name])
    line = f"dtoverlay={name}," + "=1,".join([*parameters, "cs0_pin", " oscillator"])
    (overlay,) = config(tmp_path, line).overlays
    assert unknown_parameters(overlay) == ["cs0_pin", " oscillator"]


def test_the_newer_place_wins(tmp_path):
    system = FakeSystem(tmp_path / "both", {"files": {PLACE: "", "/boot/config.txt": ""}})
    assert live_path(system) == PLACE
    assert live_path(FakeSystem(tmp_path / "old", {"files": {"/boot/config.txt": ""}})) == (
        "/boot/config.txt"
    )
    assert live_path(FakeSystem(tmp_path / "none", {})) is None
