"""`canbus migrate`: what it prints, and how it ends."""

from __future__ import annotations

import json

import pytest

from canbus.cli import main


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text("import can\nbus = can.Bus('x', bustype='virtual', bitrte=1)\nbus.send(m, 1)\n")
    return str(path)


@pytest.fixture
def fine(tmp_path):
    path = tmp_path / "fine.py"
    path.write_text("import can\nbus = can.Bus('x', interface='virtual')\n")
    return str(path)


def test_lines_are_shown_with_why_and_what_to_do(program, fine, capsys):
    assert main(["migrate", fine, program]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"{program}:2: bus = can.Bus('x', bustype='virtual', bitrte=1)"
    assert out[1].startswith("    bustype: ")
    assert out[2] == "        do: write interface="
    assert out[3].startswith("    unknown-option: bitrte= (bitrate=?): no such option")
    assert f"{program}:3: bus.send(m, 1)" in out
    assert out[-1] == "2 lines need a thought"


def test_nothing_to_think_about(fine, capsys):
    assert main(["migrate", fine]) == 0
    assert capsys.readouterr().out == ""


def test_json(program, fine, capsys):
    assert main(["migrate", "--json", program]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["line"], one["rule"]) for one in found] == [
        (2, "bustype"),
        (2, "unknown-option"),
        (3, "send-waits"),
    ]
    assert found[0] == {
        "file": program, "line": 2, "column": 28, "rule": "bustype",
        "text": "bus = can.Bus('x', bustype='virtual', bitrte=1)",
        "why": "an old name, which warns, as in python-can", "do": "write interface=",
        "row": "`bustype=`",
    }  # fmt: skip
    assert main(["migrate", "--json", fine]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("content", [None, "with\n"])
def test_what_cannot_be_read_is_another_exit_status(tmp_path, content, capsys):
    path = tmp_path / "x.py"
    if content:
        path.write_text(content)
    assert main(["migrate", str(path)]) == 2
    assert str(path) in capsys.readouterr().err


def test_a_folder_is_refused_with_a_hint(tmp_path, capsys):
    assert main(["migrate", str(tmp_path)]) == 2
    assert "src/*.py" in capsys.readouterr().err
