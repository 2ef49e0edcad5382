"""Asking what is at a serial port, and the command that does it."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

import canbus as can
from canbus.backends.slcan import discovery
from canbus.backends.slcan.discovery import Candidate
from canbus.backends.slcan.probe import probe
from canbus.backends.slcan.usb_ids import Likelihood
from canbus.cli import main
from canbus.testing.slcan import Silent, SlcanEmulator

KINDS = [
    ("lawicel", "lawicel"),
    ("usbtin", "usbtin"),
    ("canable1", "canable1"),
    ("canable2", "canable2"),
    ("canable2.5", "canable2.5"),
    ("weact", "weact"),
]


@pytest.mark.parametrize(("firmware", "dialect"), KINDS)
def test_an_adapter_says_what_it_is_and_nothing_is_changed(firmware: str, dialect: str) -> None:
    with SlcanEmulator(firmware) as adapter:
        found = probe(adapter.port)
        assert found.dialect == dialect
        assert found.version
        assert set(adapter.commands) <= {b"V", b"v"}


def test_nobody_is_told_apart_from_somebody_unknown() -> None:
    with SlcanEmulator() as adapter:
        adapter.fault(Silent())
        assert probe(adapter.port) == ("", None)
    with SlcanEmulator(version="Vnobody knows this") as adapter:
        assert probe(adapter.port) == ("Vnobody knows this", None)


def test_half_a_line_of_an_earlier_program_does_not_spoil_the_question() -> None:
    with SlcanEmulator() as adapter:
        terminal = os.open(adapter.port, os.O_RDWR | os.O_NOCTTY)
        os.write(terminal, b"t12345")
        os.close(terminal)
        assert probe(adapter.port).dialect == "lawicel"


def test_nothing_stays_open_and_a_port_in_use_is_an_error() -> None:
    with SlcanEmulator() as adapter:
        before = _open_things()
        probe(adapter.port)
        assert _open_things() == before
        with (
            can.Bus(adapter.port, interface="slcan", bitrate=500_000),
            pytest.raises(can.CanInitializationError),
        ):
            probe(adapter.port)


def _open_things() -> tuple[int, list[threading.Thread]]:
    return len(list(Path("/proc/self/fd").iterdir())), threading.enumerate()


def _candidate(path: str) -> Candidate:
    return Candidate(
        path, "", None, None, None, "serial port", None, Likelihood.OTHER, "a test", None, True
    )


def test_the_command_asks_only_with_the_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with SlcanEmulator("canable2") as adapter, SlcanEmulator("cantact") as mute:
        rows = [_candidate(adapter.port), _candidate(mute.port), _candidate("/dev/ttyNONE")]
        monkeypatch.setattr(discovery, "candidates", lambda *, everything: rows)
        assert main(["ports", "--all"]) == 0
        assert adapter.commands == []
        capsys.readouterr()
        assert main(["ports", "--all", "--probe"]) == 0
        text = capsys.readouterr().out
        assert "canable2.git': dialect canable2" in text
        assert "nothing answers" in text
        assert "could not be asked" in text
        assert main(["ports", "--all", "--probe", "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert [row.get("dialect") for row in facts] == ["canable2", None, None]
        assert "/dev/ttyNONE" in facts[2]["problem"]
