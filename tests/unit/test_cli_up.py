"""`canbus up` and `down`: arguments, words, JSON and exit status, over a machine of tables."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import pytest

from canbus.bringup import FAMILIES, bringing_up, keepers
from canbus.bringup.families.vcan import ALIAS
from canbus.cli import main
from canbus.cli.link_arguments import bit_rate
from canbus.cli.process import Terminated
from tests.unit.bringup.fake_machine import FakeMachine, adapter
from tests.unit.links.test_plan import AT_500K, BLANK, VCAN


@pytest.fixture
def machine(monkeypatch):
    fake = FakeMachine(monkeypatch, BLANK)
    monkeypatch.setattr(bringing_up, "Machine", lambda: fake)
    monkeypatch.setattr(keepers, "find", lambda link: None)
    return fake


@pytest.fixture
def run(machine, capsys):
    def run(*words):
        status = main(list(words))
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return run


def test_what_is_done_is_said_and_then_how_it_is(run):
    assert run("up", "can0", "--bitrate", "500k", "--restart-ms", "100", "--listen-only") == (
        0,
        [
            "set can0 to bitrate 500000",
            "set can0 to listen_only on",
            "set can0 to restart_ms 100",
            "bring can0 up",
            "can0 is up: 500000 bit/s, sample point 87.5 %, listen_only, restarts after 100 ms",
        ],
        [],
    )


def test_once_more_there_is_nothing_to_do(run):
    run("up", "can0", "--bitrate", "500k")
    status, lines, _ = run("up", "can0", "--bitrate", "500k")
    assert (status, len(lines)) == (0, 1)
    assert lines[0].startswith("can0 is up as asked, nothing to do: 500000 bit/s")
    assert run("up", "can0", "--bitrate", "500k", "--dry-run") == (
        0,
        ["# it is up as asked already: nothing to do"],
        [],
    )


def test_all_of_it_as_json(run, machine):
    machine.linux.has_restart = False
    status, lines, complaints = run(
        "up", "can0", "--bitrate", "500k", "--restart-ms", "9", "--json"
    )
    facts = json.loads("\n".join(lines))
    assert status == 0
    assert facts["done"] == ["set can0 to bitrate 500000", "bring can0 up"]
    assert facts["refused"][0]["setting"] == "restart_ms"
    assert (facts["link"]["name"], facts["link"]["is_up"]) == ("can0", True)
    assert len(complaints) == 1
    assert "restart_ms=9 was refused" in complaints[0]


def test_the_commands_as_json(run):
    _, lines, _ = run("up", "can0", "--bitrate", "500k", "--json", "--dry-run")
    commands = json.loads("\n".join(lines))["commands"]
    assert commands[0] == "ip link set dev can0 type can bitrate 500000"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("up", "can0"), "no bit rate yet"),
        (("up", "pcan"), "no bit rate yet"),
        (("up", "can0", "--bitrate", "500k", "--sample-point", "0.875"), "in percent here"),
        (("up", "can0", "--bitrate", "0"), "bitrate=0"),
        (("up", "can0", "--bitrate", "500k", "--network", "hscan"), "means nothing for can0"),
        (("up", "can0", "--bitrate", "500k", "--no-probe"), "means nothing for can0"),
        (("up", "can0", "--bitrate", "500k", "--foreground"), "means nothing for can0"),
        (("up", "can0", "/dev/ttyACM0", "--bitrate", "500k"), "no serial port to name"),
        (("up", "can0", "--data-bitrate", "2M", "--bitrate", "500k"), "for CAN FD"),
    ],
)
def test_arguments_that_make_no_sense_are_status_2_in_one_line_and_a_hint(
    run, machine, words, text
):
    status, lines, complaints = run(*words)
    assert (status, lines) == (2, [])
    assert text in complaints[0]
    assert all(line.startswith("hint: ") for line in complaints[1:])
    assert len(complaints) <= 2
    assert machine.linux.changes == []


def test_failures_are_status_1_in_one_line_and_a_hint(run):
    status, _, complaints = run("up", "can9", "--bitrate", "500k")
    assert status == 1
    assert "there is no interface can9" in complaints[0]
    assert complaints[1].startswith("hint: ")


def test_a_dry_run_tells_what_is_known_not_to_be_taken(run):
    words = ("up", "vcan5", "--bitrate", "500k", "--dry-run")
    status, lines, complaints = run(*words)
    assert (status, len(complaints)) == (0, 1)
    assert "bitrate=500000 was refused: a vcan link has no controller" in complaints[0]
    assert not any("bitrate 500000" in line for line in lines if line.startswith("ip"))
    assert run(*words, "--strict")[0] == 1
    _, lines, _ = run(*words, "--json")
    assert json.loads("\n".join(lines))["refused"][0]["setting"] == "bitrate"


def test_what_could_not_be_undone_is_told(run, machine):
    machine.linux.deny = {"loopback": 95}
    status, _, complaints = run("up", "can0", "--bitrate", "250k", "--loopback")
    assert status == 1
    assert "note: can0 is not as it was before: bitrate was None, is 250000" in complaints
    assert complaints[-1].startswith("hint: ")


def test_the_help_tells_of_every_family(run):
    with_help = run("up", "--help")
    assert with_help[0] == 0
    text = "\n".join(with_help[1])
    for name in set(FAMILIES) - {"vcan"}:
        assert f"  {name} " in text


def test_arguments_may_stand_in_any_order(run):
    before = run("up", "--bitrate", "500k", "can0", "--dry-run")
    assert before == run("up", "can0", "--dry-run", "--bitrate", "500k")
    status, _, complaints = run("up", "serial", "--bitrate", "500k", "/dev/ttyNOPE")
    assert status == 1
    assert "/dev/ttyNOPE" in complaints[0]


@pytest.mark.parametrize("name", ["vcan;id", "vcan$(id)", "vcan`id`", "vcan&", "vcan*", "vcan'"])
def test_what_is_shown_for_sh_quotes_every_name(run, machine, name):
    machine.linux.links.clear()
    import shlex

    _, lines, _ = run("up", name, "--dry-run")
    for line in lines:
        if line.startswith("ip "):
            assert name in shlex.split(line)
            assert not any(char in shlex.split(line) for char in (";", "id", "&"))


def test_a_vcan_does_not_take_a_controller_for_itself(run):
    status, _, complaints = run("up", "vcan", "--name", "can0")
    assert status == 1
    assert "is there, and no vcan but of kind can" in complaints[0]


def test_several_at_once_may_make_the_same_vcan(run, machine):
    def be_faster():
        machine.linux.links["vcan5"] = replace(VCAN, name="vcan5", index=55)
        machine.linux.before_add = lambda: None

    machine.linux.before_add = be_faster
    assert run("up", "vcan5")[0] == 0
    assert machine.linux.links["vcan5"].alias is None  # not ours


@pytest.mark.parametrize(("code", "status"), [(0, 0), (3, 3), (-9, 1)])
def test_in_the_foreground_it_stays_until_the_daemon_ends(run, monkeypatch, machine, code, status):
    link = replace(AT_500K, name="can7", index=7, is_up=True)
    machine.linux.links["can7"] = link
    waited = []

    class FakeKeeper:
        def wait(self):
            waited.append(True)
            return code

    monkeypatch.setattr(keepers, "find", lambda name: FakeKeeper() if name == "can7" else None)
    from canbus.cli import up

    assert up._stay("can7") == status
    assert waited == [True]


def test_in_the_foreground_a_signal_to_end_is_no_failure(monkeypatch):
    from canbus.cli import up

    stopped = []

    class FakeKeeper:
        def wait(self):
            raise Terminated(15)

        def stop(self):
            stopped.append(True)

    monkeypatch.setattr(keepers, "find", lambda name: FakeKeeper())
    assert up._stay("can7") == 0
    assert stopped == [True]


# -- down ---------------------------------------------------------------------------------


def test_down_takes_down_or_removes_what_up_has_made(run, machine):
    machine.linux.links = {
        "can0": replace(AT_500K, is_up=True),
        "vcan0": replace(VCAN, is_up=True),
        "vcan1": replace(VCAN, name="vcan1", index=9, is_up=True, alias=ALIAS),
    }
    assert run("down", "can0") == (0, ["can0 is down"], [])
    assert run("down", "can0") == (0, ["can0 is down already: nothing to do"], [])
    assert run("down", "vcan0") == (0, ["vcan0 is down"], [])
    assert run("down", "vcan1") == (0, ["vcan1 is removed"], [])
    assert list(machine.linux.links) == ["can0", "vcan0"]
    status, lines, _ = run("down", "vcan0", "--json")
    assert (status, json.loads(lines[0])) == (0, {"link": "vcan0", "what": "nothing"})
    assert run("down", "can9")[0] == 1


def test_down_stops_the_daemon_behind_a_link(run, monkeypatch):
    stopped = []

    class FakeKeeper:
        def stop(self):
            stopped.append(True)

    monkeypatch.setattr(keepers, "find", lambda name: FakeKeeper())
    assert run("down", "can0") == (0, ["can0 is gone: its daemon was stopped"], [])
    assert stopped == [True]


# -- bit rates as people write them ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [("500000", 500_000), ("500k", 500_000), ("1M", 10**6), ("83.333k", 83_333), ("2m", 2 * 10**6)],
)
def test_bit_rates(text, value):
    assert bit_rate(text) == value


@pytest.mark.parametrize("text", ["", "fast", "500 k", "-500k", "1.2345678M", "1e6", "500kk"])
def test_no_bit_rates(text):
    with pytest.raises(argparse.ArgumentTypeError):
        bit_rate(text)


def test_an_adapter_is_named_by_its_family(run, machine):
    machine.usb = frozenset({"0c72:000c"})
    machine.drivers = {"peak_usb": [adapter("can3", 9, "peak_usb")]}
    status, lines, _ = run("up", "pcan", "--bitrate", "500k")
    assert (status, lines[0]) == (0, "load the kernel module peak_usb")
