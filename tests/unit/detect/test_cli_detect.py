"""`canbus detect`: what it says, and its exit status."""

from __future__ import annotations

import json

import pytest

from canbus.bringup.detect import refusing
from canbus.cli import main
from tests.unit.detect.fake_bus import DOWN, FakeBus


@pytest.fixture
def bus(monkeypatch):
    return FakeBus(DOWN).install(monkeypatch)


def test_it_says_what_it_hears_and_how_to_use_it(bus, capsys):
    assert main(["detect", "can0", "--bitrates", "250k,125k"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "250 kbit/s: no frames, 5 errors: wrong",
        "125 kbit/s: 3 frames, no errors: right",
        "can0: 125 kbit/s; to use it:",
        "canbus up can0 --bitrate 125000",
    ]
    assert output.err == ""
    assert bus.links["can0"] == DOWN


def test_set_brings_it_up_at_that_rate(bus, capsys):
    assert main(["detect", "can0", "--bitrates", "125k", "--set"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "can0: 125 kbit/s, and it is up"
    link = bus.links["can0"]
    assert (link.is_up, link.bitrate, link.modes) == (True, 125_000, frozenset())


def test_nothing_found_is_status_1_and_what_to_do(bus, capsys):
    bus.bitrate = 0
    assert (
        main(["detect", "can0", "--bitrates", "125k", "--dwell", "0.1", "--timeout", "1e-3"]) == 1
    )
    output = capsys.readouterr()
    assert output.out.splitlines()[-1] == "can0: no bit rate was found"
    assert output.err.startswith("hint: ")


def test_json_has_all_of_it(bus, capsys):
    assert main(["detect", "can0", "--json", "--bitrates", "15M,250k,125k"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["channel"], facts["bitrate"], facts["hint"]) == ("can0", 125_000, None)
    assert [(one["bitrate"], one["verdict"]) for one in facts["heard"]] == [
        (250_000, "wrong"),
        (125_000, "right"),
    ]
    assert facts["heard"][0]["error_frames"] == 5
    assert [one["bitrate"] for one in facts["impossible"]] == [15_000_000]


def test_an_error_is_status_1_with_a_hint(bus, capsys, monkeypatch):
    monkeypatch.setattr(refusing, "has_capability", lambda name: False)
    assert main(["detect", "can0"]) == 1
    assert "hint: run it with sudo" in capsys.readouterr().err
    assert main(["detect", "can1"]) == 1
    assert "can0" in capsys.readouterr().err  # what there is instead
    assert bus.events == []


@pytest.mark.parametrize(
    "words", [["--bitrates", "x"], ["--dwell", "0"], ["--timeout", "0"], ["--bitrates", "0"], []]
)
def test_arguments_of_no_sense_are_status_2(bus, capsys, words):
    name = ["can0"] if words else []
    assert main(["detect", *name, *words]) == 2
    assert capsys.readouterr().err
    assert bus.events == []
