"""The commands that an adapter gets: each bitrate, each mode, and nothing else."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest

import canbus as can
from canbus.backends.slcan.dialects import CUSTOM, DIALECTS, UNKNOWN
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.slcan.firmware import Mode
from canbus.testing.slcan.firmwares import FIRMWARES
from tests.unit.slcan.rig import open_bus, opened, raised, within
from tests.unit.slcan.serial_lines import no_leak

REAL = [row for row in DIALECTS.values() if row is not CUSTOM]
for_every_adapter = pytest.mark.parametrize("row", REAL, ids=lambda row: row.name)
QUESTIONS = {b"V", b"v", b"N", b"F"}
BTR_TIMING = SimpleNamespace(btr0=0x03, btr1=0x1C, f_clock=8_000_000)
FD_TIMING = SimpleNamespace(nom_bitrate=250_000, data_bitrate=5_000_000)


def settings(adapter):
    """The commands that change something, but for `C` in front of them."""
    commands = [line.decode() for line in adapter.commands if line not in QUESTIONS]
    while commands and commands[0] == "C":
        commands.pop(0)
    return commands


def sent_for(firmware, **options):
    """What is sent to open a bus with these options."""
    with SlcanEmulator(firmware) as adapter, can.Bus(adapter.port, interface="slcan", **options):
        adapter.wait_for_command(b"O")
        return settings(adapter)


@for_every_adapter
def test_every_bitrate_of_every_dialect_sends_its_own_command(row):
    firmware = FIRMWARES[row.name]
    with no_leak(), SlcanEmulator(row.name) as adapter:
        for bitrate, command in row.bitrates.items():
            adapter.forget()
            if command in firmware.bitrates:
                with open_bus(adapter, dialect=row.name, bitrate=bitrate):
                    adapter.wait_for_command(row.open_normal.encode())
                    assert settings(adapter) == [*row.preparation, command, row.open_normal]
                    if not firmware.always_open:
                        assert adapter.adapter.bitrate == command
        adapter.forget()
        for wrong in (800_000, 750_000, 123_456):
            if wrong not in row.bitrates:
                error = raised(open_bus, adapter, dialect=row.name, bitrate=wrong)
                assert isinstance(error, can.CanConfigError)
                assert all(str(rate) in error.hint for rate in row.bitrates)
        assert settings(adapter) == []  # nothing was tried


@pytest.mark.parametrize("row", [row for row in REAL if row.has_fd], ids=lambda row: row.name)
def test_every_data_bitrate_sends_its_own_command(row):
    with no_leak(), SlcanEmulator(row.name) as adapter:
        for bitrate, command in row.data_bitrates.items():
            adapter.forget()
            with open_bus(adapter, dialect=row.name, data_bitrate=bitrate, fd=True):
                adapter.wait_for_command(row.open_normal.encode())
                assert settings(adapter) == [*row.preparation, "S6", command, row.open_normal]
                assert adapter.adapter.data_bitrate == command


@pytest.mark.parametrize("handshake", ["auto", "off"])
@pytest.mark.parametrize("bitrate", [800_000, 750_000])
def test_an_adapter_of_no_known_dialect_and_a_bitrate_that_not_all_have(bitrate, handshake):
    with no_leak(), SlcanEmulator("lawicel", version="who knows") as adapter:
        error = raised(open_bus, adapter, bitrate=bitrate, handshake=handshake)
        assert isinstance(error, can.CanConfigError)
        for row in REAL:
            assert (row.name in error.hint.replace(",", "").split()) == (bitrate in row.bitrates)
        assert all(str(rate) in error.hint for rate in UNKNOWN.bitrates)
        assert settings(adapter) == []


@for_every_adapter
def test_modes(row):
    modes = {
        "listen_only": (row.listen_only, Mode.LISTEN_ONLY),
        "loopback": (row.loopback, Mode.LOOPBACK),
    }
    for name, (commands, mode) in modes.items():
        with no_leak(), SlcanEmulator(row.name) as adapter:
            if not commands:
                error = raised(open_bus, adapter, dialect=row.name, **{name: True})
                assert isinstance(error, can.CanUnsupportedError)
                assert settings(adapter) == []
                continue
            with open_bus(adapter, dialect=row.name, **{name: True}):
                assert settings(adapter) == [*row.preparation, "S6", *commands]
                assert adapter.adapter.mode is mode


@for_every_adapter
def test_time_stamps(row):
    with no_leak(), SlcanEmulator(row.name) as adapter:
        if row.stamp is None:
            error = raised(open_bus, adapter, dialect=row.name, timestamping="adapter")
            assert isinstance(error, can.CanUnsupportedError)
            return
        with open_bus(adapter, dialect=row.name, timestamping="adapter"):
            assert row.stamp.switch in settings(adapter)
            assert adapter.adapter.stamps is not None


@pytest.mark.parametrize(
    ("firmware", "options", "commands"),
    [
        ("lawicel", {"bitrate": 500_000}, ["S6", "O"]),
        ("lawicel", {"timing": BTR_TIMING}, ["s031C", "O"]),
        ("lawicel", {"btr": "031c"}, ["s031C", "O"]),
        ("lawicel", {"bitrate_code": "6"}, ["S6", "O"]),
        ("lawicel", {"bitrate": 500_000, "tty_baudrate": 57600}, ["S6", "O"]),
        ("lawicel", {"bitrate": 500_000, "rtscts": False, "sleep_after_open": 0}, ["S6", "O"]),
        ("lawicel", {"bitrate": 500_000, "can_filters": None}, ["S6", "O"]),
        ("usbtin", {}, ["O"]),
        ("canable2.5", {"timing": FD_TIMING, "fd": True}, ["MF", "ME", "S5", "Y5", "O"]),
        ("canable2.5", {"timing": FD_TIMING}, ["MF", "ME", "S5", "Y5", "O"]),
        ("canable2", {"bitrate": 250_000, "data_bitrate": 2_000_000}, ["S5", "Y2", "O"]),
    ],
)
def test_the_options_of_python_can(firmware, options, commands):
    with no_leak():
        assert sent_for(firmware, **options) == commands


def test_its_old_name_of_the_lines_speed():
    with no_leak(), SlcanEmulator() as adapter:
        with pytest.warns(DeprecationWarning, match="tty_baudrate"):
            bus = open_bus(adapter, ttyBaudrate=57600)
        assert bus._port._baudrate == 57600
        bus.shutdown()
        with pytest.warns(DeprecationWarning, match="tty_baudrate"):
            error = raised(open_bus, adapter, ttyBaudrate=57600, tty_baudrate=9600)
        assert isinstance(error, can.CanConfigError)


def test_its_timeout_that_has_no_effect():
    with no_leak(), SlcanEmulator() as adapter, pytest.warns(can.CanWarning, match="no effect"):
        open_bus(adapter, timeout=0.001).shutdown()


def test_the_lines_speed_behind_the_port():
    with no_leak(), SlcanEmulator() as adapter:
        bus: Any = can.Bus(f"{adapter.port}@57600", interface="slcan", bitrate=500_000)
        assert bus._port._baudrate == 57600
        bus.shutdown()


def test_it_waits_after_opening_the_port():
    with no_leak(), SlcanEmulator() as adapter, within(0.3, at_least=0.3):
        open_bus(adapter, sleep_after_open=0.3).shutdown()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sleep_after_open": -1}, "sleep_after_open"),
        ({"sleep_after_open": float("nan")}, "sleep_after_open"),
        ({"window": -1}, "window"),
        ({"window": 1.5}, "window"),
        ({"dialect": "nobody"}, "nobody"),
        ({"timestamping": "gps"}, "timestamping"),
        ({"state": can.BusState.ERROR}, "state"),
        ({"fd": True}, "data_bitrate|no CAN FD"),
        ({"data_bitrate": 2_000_000}, "no CAN FD"),
        ({"btr": "1", "bitrate": None}, "btr"),
    ],
)
def test_arguments_that_make_no_sense(options, match):
    with no_leak(), SlcanEmulator() as adapter:
        options = {"bitrate": 500_000, **options}
        with warnings.catch_warnings(), pytest.raises(can.CanInitializationError, match=match):
            can.Bus(adapter.port, interface="slcan", **options)
        assert settings(adapter) == []


def test_a_passive_state_is_listen_only():
    with opened(state=can.BusState.PASSIVE) as (adapter, _):
        assert adapter.adapter.mode is Mode.LISTEN_ONLY


def test_changing_the_bitrate_of_an_open_bus():
    with opened("canable2.5") as (adapter, bus):
        adapter.forget()
        bus.set_bitrate(250_000)
        assert settings(adapter) == ["MF", "ME", "S5", "O"]
        adapter.forget()
        assert isinstance(raised(bus.set_bitrate, 123_456), can.CanConfigError)
        assert not any(command[0] in "SOs" for command in settings(adapter))
        bus.set_bitrate(500_000)
        assert adapter.adapter.bitrate == "S6"
        assert adapter.is_open


def test_changing_the_registers_of_an_open_bus():
    with opened() as (adapter, bus):
        adapter.forget()
        bus.set_bitrate_reg("011c")
        assert settings(adapter) == ["s011C", "O"]
        bus.restart()
        assert settings(adapter)[-2:] == ["s011C", "O"]
