"""Which value counts: a table of cases, in which python-can is asked, too, where it is installed.

A case says what is configured and what the call says; then what is chosen. Where we mean something
else than python-can, the case says what python-can takes, and why we do not.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import canbus
from canbus.config import settings_for
from canbus.interface import values_from
from canbus.registry import get_spec


class Case(NamedTuple):
    """What is configured, what is asked, what is chosen.

    Attributes:
        name: of the case.
        expected: interface, channel, and options that are chosen.
        call: what the call says.
        context: of the call.
        rc: of the program.
        env: variables.
        files: ini files by name: home, etc, dot, rc.
        theirs: what python-can chooses, where it is something else; and why not we.
    """

    name: str
    expected: dict[str, Any]
    call: dict[str, Any] = {}  # noqa: RUF012
    context: str | None = None
    rc: dict[str, Any] = {}  # noqa: RUF012
    env: dict[str, str] = {}  # noqa: RUF012
    files: dict[str, str] = {}  # noqa: RUF012
    theirs: tuple[dict[str, Any], str] | None = None


PLACES = {"home": "can.conf", "etc": "etc-can.conf", "dot": ".can", "rc": ".canrc"}
S = {"interface": "socketcan"}
SC = {**S, "channel": "can0"}
ENV = {"CAN_INTERFACE": "socketcan", "CAN_CHANNEL": "can0"}
ENV_LAB = {"CAN_INTERFACE_lab": "slcan", "CAN_CHANNEL_lab": "/dev/ttyACM0"}
LAB = {"interface": "slcan", "channel": "/dev/ttyACM0"}
FILE = "[default]\ninterface = socketcan\nchannel = can0\n"
OTHER = "[default]\ninterface = slcan\nchannel = /dev/ttyACM0\n"
FILE_LAB = FILE + "[lab]\ninterface = slcan\nchannel = /dev/ttyACM0\n"
TIMING = "f_clock=8000000\nbrp=1\ntseg1=13\ntseg2=2\nsjw=1\nnof_samples=1\n"
NO_CAST = "a call's own words are never cast"
ONLY_THIS = "a source that names another interface says nothing about this one"

CASES = [
    # one source at a time
    Case("the call alone", SC, call=SC),
    Case("rc alone", SC, rc=SC),
    Case("environment alone", SC, env=ENV),
    Case("JSON alone", SC, env={"CAN_CONFIG": '{"interface": "socketcan", "channel": "can0"}'}),
    Case("~/can.conf alone", SC, files={"home": FILE}),
    Case("/etc/can.conf alone", SC, files={"etc": FILE}),
    Case("~/.can alone", SC, files={"dot": FILE}),
    Case("~/.canrc alone", SC, files={"rc": FILE}),
    # who wins
    Case("the call before rc", SC, call=SC, rc=LAB),
    Case("the call before the environment", SC, call=SC, env={"CAN_CHANNEL": "can7"}),
    Case("the call before a file", SC, call={"channel": "can0"},
         files={"rc": FILE.replace("can0", "can7")}),
    Case("rc before the environment", SC, rc=SC, env={"CAN_CHANNEL": "can7"}),
    Case("rc before a file", SC, rc=SC, files={"rc": FILE.replace("can0", "can7")}),
    Case("the environment before a file", SC, env=ENV, files={"rc": FILE.replace("can0", "can7")}),
    Case("single variables before JSON", SC, env={**ENV, "CAN_CONFIG": '{"channel": "can7"}'}),
    Case("JSON before a file", SC, env={"CAN_CONFIG": '{"channel": "can0"}'},
         files={"rc": FILE.replace("can0", "can7")}),
    Case("a later file before an earlier one", SC,
         files={"home": FILE.replace("can0", "can7"), "etc": FILE}),
    Case("~/.can before /etc/can.conf", SC,
         files={"etc": FILE.replace("can0", "can7"), "dot": FILE}),
    Case("~/.canrc before ~/.can", SC, files={"dot": FILE.replace("can0", "can7"), "rc": FILE}),
    Case("files complete each other", {**SC, "bitrate": 250000},
         files={"etc": FILE, "rc": "[default]\nbitrate = 250000\n"}),
    Case("sources complete each other", {**SC, "bitrate": 125000}, rc={"bitrate": 125000},
         env={"CAN_CHANNEL": "can0"}, files={"rc": "[default]\ninterface = socketcan\n"}),
    # contexts
    Case("a context's variables", LAB, context="lab", env={**ENV, **ENV_LAB}),
    Case("without a context they are not looked at", SC, env={**ENV, **ENV_LAB}),
    Case("a context's section", LAB, context="lab", files={"rc": FILE_LAB}),
    Case("without a context it is not looked at", SC, files={"rc": FILE_LAB}),
    Case("a context's section before the default's", {**S, "channel": "can1"}, context="lab",
         files={"rc": FILE + "[lab]\nchannel = can1\n"}),
    Case("a context's section of an earlier file before the default's of a later one",
         {**S, "channel": "can1"}, context="lab",
         files={"home": "[lab]\nchannel = can1\n", "rc": FILE}),
    Case("variables before a context's section", {**S, "channel": "can0"}, context="lab",
         env=ENV, files={"rc": "[lab]\nchannel = can1\n"}),
    Case("a context's JSON", {**SC, "bitrate": 50000}, context="lab",
         env={**ENV, "CAN_CONFIG_lab": '{"bitrate": 50000}'}),
    Case("a context's bit rate", {**SC, "bitrate": 50000}, context="lab",
         env={**ENV, "CAN_BITRATE": "20000", "CAN_BITRATE_lab": "50000"}),
    # types, by the options that the backend declares
    Case("a bit rate is a number", {**SC, "bitrate": 500000}, env={**ENV, "CAN_BITRATE": "500000"}),
    Case("a truth", {**SC, "receive_own_messages": True},
         files={"rc": FILE + "receive_own_messages = True\n"}),
    Case("a truth in other words", {**SC, "receive_own_messages": True},
         files={"rc": FILE + "receive_own_messages = yes\n"},
         theirs=({**SC, "receive_own_messages": "yes"}, "the option is a bool, and yes is one")),
    Case("JSON has types of its own", {**SC, "fd": True, "bitrate": 500000},
         env={**ENV, "CAN_CONFIG": '{"fd": true, "bitrate": 500000}'}),
    Case("a name that is a number stays a name", {**S, "channel": "0"},
         files={"rc": FILE.replace("can0", "0")},
         theirs=({**S, "channel": 0}, "a channel is a name to socketcan")),
    Case("a name in the call stays one", {**S, "channel": "0"}, call={"channel": "0"},
         files={"rc": FILE}, theirs=({**S, "channel": 0}, NO_CAST)),
    Case("bustype is interface", SC, files={"rc": FILE.replace("interface", "bustype")}),
    Case("timing from its numbers",
         {"interface": "slcan", "channel": "/dev/ttyACM0", "timing": "BitTiming"},
         files={"rc": OTHER + TIMING},
         theirs=({**LAB, "f_clock": 8000000, "brp": 1, "tseg1": 13, "tseg2": 2, "sjw": 1,
                  "nof_samples": 1, "timing": "BitTiming"}, "the numbers are used up")),
    # sources that are about another interface
    Case("a file for another interface does not reach in", {"interface": "virtual"},
         call={"interface": "virtual"}, files={"rc": FILE + "bitrate = 500000\n"},
         theirs=({"interface": "virtual", "channel": "can0", "bitrate": 500000}, ONLY_THIS)),
    Case("rc for another interface does not reach in", {"interface": "virtual"},
         call={"interface": "virtual"}, rc=SC,
         theirs=({"interface": "virtual", "channel": "can0"}, ONLY_THIS)),
    Case("a context for another interface does not take the default's",
         {"interface": "slcan", "channel": "/dev/ttyACM0"}, context="lab",
         files={"rc": FILE + "bitrate = 500000\n[lab]\ninterface=slcan\nchannel=/dev/ttyACM0\n"},
         theirs=({**LAB, "bitrate": 500000}, ONLY_THIS)),
    Case("values without an interface are for all", {"interface": "virtual", "channel": "wire"},
         call={"interface": "virtual"}, env={"CAN_CHANNEL": "wire"}),
    Case("None in a call is left open", {**SC, "bitrate": 500000},
         call={"bitrate": None}, files={"rc": FILE + "bitrate = 500000\n"},
         theirs=({**SC, "bitrate": None}, "None has always meant: left out")),
]  # fmt: skip


def arrange(case: Case, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in case.files.items():
        (home / PLACES[name]).write_text(text)
    for name, value in case.env.items():
        monkeypatch.setenv(name, value)


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """For comparison: a timing by the name of its kind, and without what was not found."""
    found = {
        name: type(value).__name__ if name == "timing" else value for name, value in values.items()
    }
    return {
        name: value
        for name, value in found.items()
        if value is not None or name not in {"channel", "interface"}
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ours(case, home, monkeypatch):
    arrange(case, home, monkeypatch)
    monkeypatch.setattr(canbus, "rc", case.rc)
    settings = settings_for(case.call, case.context)
    name = case.call.get("interface") or settings["interface"].value
    chosen = values_from(get_spec(name), settings)
    given = {key: value for key, value in case.call.items() if value is not None}
    assert plain({"interface": name, **chosen, **given}) == case.expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_python_cans(case, home, monkeypatch):
    can = pytest.importorskip("can")
    arrange(case, home, monkeypatch)
    files = [
        str(home / "etc-can.conf") if path == "/etc/can.conf" else path
        for path in can.util.CONFIG_FILES
    ]
    monkeypatch.setattr(can.util, "CONFIG_FILES", files)
    monkeypatch.setattr(can, "rc", dict(case.rc))
    assert os.path.expanduser("~") == str(home)  # noqa: PTH111 - as python-can asks
    chosen = plain(can.util.load_config(config=dict(case.call), context=case.context))
    assert chosen == (case.theirs[0] if case.theirs else case.expected)


def test_there_are_forty_cases():
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
