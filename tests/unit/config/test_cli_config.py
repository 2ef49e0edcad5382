"""`canbus config explain`."""

from __future__ import annotations

import json

from canbus.cli import main

ENV = {"CAN_INTERFACE": "virtual", "CAN_CHANNEL": "wire"}


def explain(capsys, *words):
    status = main(["config", "explain", *words])
    return status, capsys.readouterr().out.splitlines()


def test_nothing_is_configured(home, capsys):
    assert explain(capsys) == (
        0, ["nothing is configured: Bus() needs interface="]
    )  # fmt: skip


def test_each_value_and_where_it_is_from(home, capsys, monkeypatch):
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    (home / ".canrc").write_text("[default]\nchannel = other\nfd = true\n")
    assert explain(capsys) == (
        0,
        [
            "  interface  'virtual'  environment CAN_INTERFACE",
            "  channel    'wire'     environment CAN_CHANNEL",
            f"  fd         'true'     {home}/.canrc [default]",
        ],
    )
    _, lines = explain(capsys, "--verbose")
    assert lines[3:5] == [
        "said earlier, so not used:",
        f"  channel  'other'  {home}/.canrc [default]",
    ]
    assert f"  {home}/.canrc" in lines


def test_what_is_for_another_interface(home, capsys):
    (home / ".canrc").write_text("[default]\ninterface = socketcan\nchannel = can0\n")
    status, lines = explain(capsys, "--interface", "virtual")
    assert status == 0
    assert lines == [
        "  interface  'virtual'  the call",
        "for another interface, so not used:",
        f"  channel  'can0'  {home}/.canrc [default]",
    ]


def test_a_problem_is_said_and_is_the_status(home, capsys, monkeypatch):
    monkeypatch.setenv("CAN_CONFIG", '{"interface": "virtual", "recieve_own_messages": true}')
    status, lines = explain(capsys)
    assert status == 1
    assert "cannot be used: environment CAN_CONFIG: backend virtual has no option" in lines[2]
    assert "did you mean receive_own_messages?" in lines[3]


def test_as_json(home, capsys, monkeypatch):
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    status, lines = explain(capsys, "--json", "--channel", "x")
    facts = json.loads("\n".join(lines))
    assert status == 0
    assert facts["given"] == {"channel": "x"}
    assert facts["settings"] == [
        {"name": "interface", "value": "virtual", "source": "environment CAN_INTERFACE"}
    ]
    assert [one["name"] for one in facts["shadowed"]] == ["channel"]
    assert facts["problem"] is None
