import json

import pytest

from canbus import registry
from canbus.cli import main
from canbus.options import Option
from canbus.plugin import BackendSpec, Capability
from canbus.registry import Listing
from canbus.state import CanProtocol

LOOP = BackendSpec(
    name="loop",
    summary="everything comes back",
    bus="loop:Bus",
    options=(
        Option("delay_ms", int, 5, "milliseconds of delay"),
        Option("protocol", CanProtocol, CanProtocol.CAN_20, "what to speak"),
    ),
    capabilities=Capability.FD | Capability.FILENO,
    channel_help="any word",
)
ROWS = [
    Listing("loop", LOOP, "canbus-loop 1.2"),
    Listing("broken", None, "canbus-broken 0.1", "ImportError: no module named usb"),
]


@pytest.fixture(autouse=True)
def rows(monkeypatch):
    monkeypatch.setattr(registry, "list_backends", lambda: ROWS)


def test_each_backend_is_one_line_and_a_problem_stands_in_place_of_the_summary(capsys):
    assert main(["backends"]) == 0
    assert capsys.readouterr().out == (
        "loop    canbus-loop 1.2    everything comes back\n"
        "broken  canbus-broken 0.1  cannot be used: ImportError: no module named usb\n"
    )


@pytest.mark.parametrize("words", [["backends", "-v"], ["-v", "backends"]])
def test_v_adds_channel_capabilities_and_options(capsys, words):
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "    channel: any word\n    capabilities: FD, FILENO\n    options:\n" in out
    assert "delay_ms       int          milliseconds of delay (default: 5)\n" in out
    assert "what to speak (default: CAN_20)\n" in out
    assert out.index("broken") > out.index("delay_ms")


def test_the_options_are_those_that_the_backend_accepts(capsys):
    assert main(["backends", "--json"]) == 0
    loop = json.loads(capsys.readouterr().out)[0]
    assert [option["name"] for option in loop["options"]] == [
        "can_filters",
        "delay_ms",
        "fd",
        "protocol",
        "single_handle",
    ]


def test_json_has_everything_and_the_problem_of_what_cannot_be_used(capsys):
    assert main(["backends", "--json"]) == 0
    loop, broken = json.loads(capsys.readouterr().out)
    assert broken == {
        "name": "broken",
        "source": "canbus-broken 0.1",
        "problem": "ImportError: no module named usb",
    }
    assert (loop["name"], loop["problem"], loop["summary"]) == ("loop", None, LOOP.summary)
    assert loop["capabilities"] == ["FD", "FILENO"]
    assert {o["name"]: o["default"] for o in loop["options"]} == {
        "can_filters": None,
        "delay_ms": 5,
        "fd": False,
        "protocol": "CAN_20",
        "single_handle": False,
    }


def test_the_built_in_backends_are_listed(capsys, monkeypatch):
    monkeypatch.undo()
    assert main(["backends"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines][:4] == ["socketcan", "vcan", "slcan", "virtual"]
