"""`canbus doctor`: what is shown, and the exit status. On real interfaces: tests/hardware."""

from __future__ import annotations

import json
from typing import Any

import pytest

from canbus.bringup.doctor import Finding, Likelihood, Severity, running
from canbus.bringup.steps import Step
from canbus.cli import main
from canbus.cli.doctor_text import finding_lines, summary_line
from canbus.errors import CanLinkError
from tests.unit.doctor.fake_system import FakeSystem, load

SHORT = """\
ERROR   can0 is bus-off, and nothing brings it back  [bus-off]
  seen  state bus-off, transmit error counter 255, receive error counter 0
        (netlink)
        restart_ms 0, bus-off so far: 1 times
"""


@pytest.fixture
def system(monkeypatch, tmp_path):
    """Puts a situation in the place of this machine."""

    def put(name):
        facts = load(name)
        monkeypatch.setattr(
            running,
            "System",
            lambda channel=None, earlier=None: FakeSystem(tmp_path, facts, channel),
        )
        monkeypatch.setenv("COLUMNS", "80")

    return put


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        ("healthy", 0),
        ("healthy-recovered", 0),
        ("queue-fq-codel", 3),
        ("bus-off-short", 4),
        ("absent-nothing", 4),
    ],
)
def test_the_exit_status_tells_how_bad_it_is(situation, status, system, capsys):
    system(situation)
    assert main(["doctor", "--listen", "0"]) == status
    assert main(["doctor", "--listen", "0", "--json"]) == status


def test_a_name_that_no_interface_can_have_cannot_be_looked_at(capsys):
    assert main(["doctor", "much-too-long-a-name"]) == 1
    assert "cannot be the name of a network interface" in capsys.readouterr().err


def test_cause_evidence_meaning_and_commands_are_below_each_other(system, capsys):
    system("bus-off-short")
    main(["doctor", "can0", "--listen", "0"])
    said = capsys.readouterr().out
    assert said.startswith(SHORT)
    assert "\n  means Whatever it sends meets errors" in said
    assert "\n  do    # is CAN_H joined to CAN_H" in said
    assert "\n        canbus restart can0\n" in said
    assert "\n        # or let it be done: sudo canbus doctor can0 --fix\n" in said
    assert said.endswith(
        "\n\n1 error, 1 warning, 1 note: begin with the first one, then look again\n"
    )
    assert max(map(len, said.splitlines())) <= 80


def test_what_is_well_is_said_in_a_few_lines(system, capsys):
    system("healthy")
    main(["doctor", "--listen", "0"])
    assert capsys.readouterr().out == (
        "OK      nothing is wrong with can0  [healthy]\n"
        "  seen  up at 500000 bit/s\n"
        "        state error-active\n"
        "        100 frames came and 0 went while this was looked at\n"
        "\n"
        "nothing is wrong\n"
    )


def test_json_has_all_of_it(system, capsys):
    system("bus-alone")
    main(["doctor", "can0", "--listen", "0", "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert facts["done"] == []
    first = facts["findings"][0]
    assert (first["name"], first["severity"], first["likelihood"], first["channel"]) == (
        "alone-on-the-bus", "error", "likely", "can0"
    )  # fmt: skip
    assert first["can_fix"] is False
    assert first["evidence"][0].startswith("state error-passive, transmit error counter 128")
    assert len(first["commands"]) >= 3


class Refuses(Step):
    """A remedy that fails."""

    def explain(self):
        return "try"

    def commands(self, context):
        return ["true"]

    def run(self, context):
        raise CanLinkError("it did not work", hint="try harder")


def test_a_remedy_that_fails_is_told_and_the_status_says_so(system, monkeypatch, capsys):
    system("healthy")
    finding = Finding(name="x", severity=Severity.ERROR, what="x", channel="can0", fix=(Refuses(),))
    monkeypatch.setattr("canbus.bringup.doctor.run", lambda channel, listen: [finding])
    assert main(["doctor", "--fix", "--listen", "0"]) == 1
    said = capsys.readouterr()
    assert "fixing: try\n" in said.out
    assert "canbus: it did not work\nhint: try harder\n" in said.err


def test_fix_has_nothing_to_do_where_nothing_is_wrong(system, capsys):
    system("healthy")
    assert main(["doctor", "--fix", "--listen", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == []


# -- lines ------------------------------------------------------------------------------


def made(**facts: Any) -> Finding:
    usual: dict[str, Any] = {"name": "n", "severity": Severity.ERROR, "what": "broken"}
    return Finding(**usual | facts)


def test_the_interface_is_named_once():
    assert next(finding_lines(made(channel="can0"), 80)) == "ERROR   can0: broken  [n]"
    assert next(finding_lines(made(channel="can0", what="can0 is broken"), 80)) == (
        "ERROR   can0 is broken  [n]"
    )


def test_how_sure_it_is_is_said_where_it_is_not():
    assert next(finding_lines(made(likelihood=Likelihood.POSSIBLE), 80)).endswith("[n, possible]")


def test_commands_are_never_broken_and_what_is_to_be_done_by_hand_keeps_its_mark():
    command = f"canbus up can0 {'--bitrate 500k ' * 9}".strip()
    by_hand = f"# {'look at the wire ' * 9}".strip()
    lines = list(finding_lines(made(commands=(command, by_hand)), 60))[1:]
    assert lines[0] == f"  do    {command}"
    assert len(lines) > 3
    assert all(line.startswith("        # look") or "# " in line for line in lines[1:])
    assert all(len(line) <= 60 for line in lines[1:])


def test_a_name_that_would_command_the_terminal_is_shown_as_text():
    lines = list(
        finding_lines(
            made(channel="x\x1b[2Jy", commands=("canbus up x\x1b[2Jy",), fix=(Refuses(),)), 80
        )
    )
    assert len(lines) == 3
    assert not any("\x1b" in line for line in lines)


@pytest.mark.parametrize("width", [0, 10, 80, 1000])
def test_any_terminal_is_wide_enough(width):
    lines = list(finding_lines(made(meaning="word " * 60, evidence=("a" * 200,)), width))
    assert all(len(line) <= 100 for line in lines if "aaa" not in line)


def test_the_last_line_counts():
    error, note = made(), made(severity=Severity.NOTE)
    assert summary_line([error]) == "1 error"
    assert summary_line([error, error, note]) == (
        "2 errors, 1 note: begin with the first one, then look again"
    )
    assert summary_line([note, note]) == "2 notes: nothing is wrong"
    assert summary_line([made(severity=Severity.OK)]) == "nothing is wrong"
