"""canbus.toml, what is misspelt or ill-typed, and `Bus()` itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import canbus
from canbus.config import settings_for
from canbus.errors import (
    CanBackendNotFoundError,
    CanConfigError,
    CanUnsupportedError,
    CanWarning,
)

TOML = """
[default]
interface = "virtual"
channel = "wire"
receive_own_messages = true

[lab]
channel = "lab wire"
"""


@pytest.fixture
def toml(home: Path) -> Path:
    folder = home / ".config"
    folder.mkdir()
    path = folder / "canbus.toml"
    path.write_text(TOML)
    return path


def test_a_bus_opens_by_what_is_configured(toml):
    with canbus.Bus() as bus:
        assert (bus.channel, bus.channel_info) == ("wire", "virtual wire")
        bus.send(canbus.Message())
        assert bus.recv(0) is not None  # its own


def test_a_context_of_the_file(toml):
    with canbus.Bus(config_context="lab") as bus:
        assert bus.channel == "lab wire"


def test_toml_is_before_ini_and_after_the_environment(toml, home, monkeypatch):
    (home / ".canrc").write_text("[default]\ninterface = virtual\nchannel = ini\nfd = true\n")
    assert settings_for()["channel"].value == "wire"
    assert settings_for()["fd"].source == f"{home}/.canrc [default]"
    monkeypatch.setenv("CAN_CHANNEL", "env")
    assert settings_for()["channel"].source == "environment CAN_CHANNEL"


def test_a_file_that_is_named_is_the_only_one(toml, home, monkeypatch):
    named = home / "other.toml"
    named.write_text('[default]\ninterface = "virtual"\nchannel = "named"\n')
    monkeypatch.setenv("CANBUS_CONFIG", str(named))
    with canbus.Bus() as bus:
        assert bus.channel == "named"
    named.unlink()
    with pytest.raises(CanConfigError, match=r"CANBUS_CONFIG names .*other.toml, which is not"):
        canbus.Bus()


def test_ignore_config_takes_nothing(toml):
    with pytest.raises(CanBackendNotFoundError, match="no interface was named"):
        canbus.Bus("x", ignore_config=True)


def test_the_program_itself_may_say(home):
    canbus.rc["interface"] = "virtual"
    canbus.rc["channel"] = "program"
    with canbus.Bus() as bus:
        assert bus.channel == "program"
    canbus.rc = {"interface": "virtual", "channel": "replaced"}
    with canbus.Bus() as bus:
        assert bus.channel == "replaced"


def test_a_misspelt_name_is_named_with_its_source(toml):
    toml.write_text(TOML.replace("receive_own_messages", "recieve_own_messages"))
    with pytest.raises(CanConfigError) as caught:
        canbus.Bus()
    assert str(caught.value).startswith(f"{toml} [default]: backend virtual has no option")
    assert "did you mean receive_own_messages?" in str(caught.value.hint)


def test_an_ill_typed_value_is_named_with_its_source(home, monkeypatch):
    monkeypatch.setenv("CAN_CONFIG", '{"interface": "virtual", "rx_queue_size": "many"}')
    with pytest.raises(
        CanConfigError, match=r"environment CAN_CONFIG: option rx_queue_size='many'"
    ):
        canbus.Bus("x")
    monkeypatch.setenv("CAN_CONFIG", '{"interface": "virtual", "rx_queue_size": 1.5}')
    with pytest.raises(CanConfigError, match=r"environment CAN_CONFIG: option rx_queue_size=1\.5"):
        canbus.Bus("x")


def test_what_the_backend_cannot_do_is_named_with_its_source(home, monkeypatch):
    monkeypatch.setenv("CAN_BITRATE", "500000")
    with pytest.raises(CanUnsupportedError, match="environment CAN_BITRATE: backend virtual"):
        canbus.Bus("x", "virtual")
    canbus.Bus("x", "virtual", ignore_config=True).shutdown()


@pytest.mark.parametrize("text", ["{", "[1]", '"x"'])
def test_json_that_is_none_or_no_object(home, monkeypatch, text):
    monkeypatch.setenv("CAN_CONFIG", text)
    with pytest.raises(CanConfigError, match="environment CAN_CONFIG is no"):
        canbus.Bus("x", "virtual")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".config/canbus.toml", "[default"),
        (".canrc", "interface = x"),
        (".canrc", "[a]\nb = %(c)s"),
    ],
)
def test_a_file_that_cannot_be_read(home, name, text):
    path = home / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises(CanConfigError, match=f"{path} cannot be read"):
        canbus.Bus("x", "virtual")


def test_a_context_that_is_nowhere(toml):
    with pytest.warns(CanWarning, match="config_context='lap' is named nowhere"):
        canbus.Bus(config_context="lap").shutdown()


def test_backends_that_take_anything_get_what_it_looks_like(home, monkeypatch):
    pytest.importorskip("can")
    from canbus.config import Setting
    from canbus.interface import values_from
    from canbus.registry import get_spec

    found = {
        name: Setting(name, text, "a file")
        for name, text in {"a": "1", "b": "1.5", "c": "True", "d": "x", "channel": "0"}.items()
    }
    values = values_from(get_spec("python-can:pcan"), found)
    assert values == {"a": 1, "b": 1.5, "c": True, "d": "x", "channel": 0}
