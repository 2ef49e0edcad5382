"""What a call says counts, in whatever words; what a source is about; what is said in vain."""

from __future__ import annotations

import pytest

import canbus
from canbus.cli import main
from canbus.config import settings_for
from canbus.errors import CanConfigError
from canbus.testing.slcan import SlcanEmulator

NUMBERS = "f_clock = 8000000\nbrp = 1\ntseg1 = 13\ntseg2 = 2\nsjw = 1\n"


def ini(home, text):
    (home / ".canrc").write_text("[default]\n" + text)


def test_a_timing_of_the_call_is_not_replaced_by_numbers_of_a_file(home):
    ini(home, NUMBERS + "bitrate = 500000\n")
    mine = canbus.BitTiming(8_000_000, 2, 13, 2, 1)
    assert set(settings_for({"timing": mine})) == set()
    with SlcanEmulator() as adapter, canbus.Bus(adapter.port, "slcan", timing=mine):
        assert adapter.adapter.bitrate == f"s{mine.btr0:02X}{mine.btr1:02X}"


def test_a_bit_rate_of_the_call_is_not_joined_by_a_timing_of_a_file(home):
    ini(home, NUMBERS)
    assert set(settings_for({"bitrate": 125_000})) == set()
    assert set(settings_for({})) == {"f_clock", "brp", "tseg1", "tseg2", "sjw"}


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (NUMBERS.replace("brp = 1", "brp = 1.9"), "brp='1.9' is no whole number"),
        (NUMBERS.replace("brp = 1", "brp = a"), "brp='a' is no whole number"),
        (NUMBERS.replace("sjw = 1", "sjw = true"), "sjw='true' is no whole number"),
        (NUMBERS.replace("brp = 1", "brp = 100"), "brp=100 is out of range"),
    ],
)
def test_numbers_of_no_timing_are_named_with_their_file(home, capsys, numbers, said):
    ini(home, "interface = slcan\nchannel = /dev/null\n" + numbers)
    with pytest.raises(CanConfigError) as caught:
        canbus.Bus()
    assert str(caught.value) == f"{home}/.canrc [default]: {said}"
    assert main(["config", "explain"]) == 1
    assert said in capsys.readouterr().out


def test_an_interface_that_is_no_name_is_explained(home, monkeypatch, capsys):
    monkeypatch.setenv("CAN_CONFIG", '{"interface": 3}')
    assert main(["config", "explain"]) == 1
    assert "interface must be a name, not 3" in capsys.readouterr().out


def test_variables_beside_one_that_names_an_interface_are_for_that_one(home, monkeypatch):
    for name, value in {"INTERFACE": "slcan", "CHANNEL": "/dev/null", "BITRATE": "500000"}.items():
        monkeypatch.setenv(f"CAN_{name}", value)
    monkeypatch.setenv("CAN_CONFIG", '{"listen_only": true}')
    with canbus.Bus("wire", interface="virtual") as bus:
        assert bus.channel == "wire"
    assert set(settings_for({"interface": "slcan"})) == {"channel", "bitrate", "listen_only"}


def test_what_stands_in_no_section_is_refused(home):
    (home / ".config").mkdir()
    (home / ".config" / "canbus.toml").write_text('interface = "virtual"\n')
    with pytest.raises(CanConfigError, match="interface stands in no section") as caught:
        canbus.Bus("x")
    assert caught.value.hint == "write [default] above"


@pytest.mark.parametrize("value", [None, 0, 1, "yes"])
def test_auto_reconnect_is_a_truth_or_a_policy(home, value):
    with pytest.raises(CanConfigError, match="auto_reconnect="):
        canbus.Bus("x", "virtual", auto_reconnect=value)
