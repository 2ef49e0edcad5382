"""`canbus persist`: what is shown, asked, written, listed, taken away; and the exit status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from canbus.bringup import persist
from canbus.bringup.persist.afterwards import activate, commands_for
from canbus.cli import main
from canbus.errors import CanLinkError
from tests.unit.persist.sites import site

UNIT = "etc/systemd/system/canbus-can0.service"

SHOWN = """\
/etc/systemd/network/70-canbus-can0.network:
    # Written by canbus persist for can0: canbus persist can0 --bitrate 500000 --manager networkd
    # Changed by doing that again, taken away by: canbus persist --remove can0
    # As written: ad323036a02e57b2
    [Match]
    Name=can0

    [Link]
    RequiredForOnline=no

    [CAN]
    BitRate=500000
"""


@pytest.fixture
def run(tmp_path):
    """Runs `canbus persist ...` below an empty root."""
    (tmp_path / "usr/lib/systemd").mkdir(parents=True)
    (tmp_path / "usr/lib/systemd/systemd").touch()

    def call(*words):
        return main(["persist", *words, "--root", str(tmp_path)])

    return call


@pytest.fixture
def answer(monkeypatch):
    """What is typed."""

    def type_in(words):
        monkeypatch.setattr(sys, "stdin", io.StringIO(words))

    return type_in


def test_a_dry_run_shows_the_files_and_writes_nothing(run, capsys, tmp_path):
    words = ("can0", "--bitrate", "500k", "--manager", "networkd", "--dry-run")
    assert run(*words) == 0
    assert capsys.readouterr().out.startswith(SHOWN)
    assert not (tmp_path / "etc").exists()


@pytest.mark.parametrize("typed", ["y\n", "yes\n", " Y \n"])
def test_who_agrees_gets_what_was_shown(typed, run, answer, capsys, tmp_path):
    answer(typed)
    assert run("can0", "--bitrate", "500k") == 0
    said = capsys.readouterr().out
    assert "write 1 file? [y/N] " in said
    assert said.endswith("can0 will be up after every boot\n")
    assert (tmp_path / UNIT).exists()


@pytest.mark.parametrize("typed", ["n\n", "\n", "", "what?\n"])
def test_who_does_not_agree_gets_nothing(typed, run, answer, capsys, tmp_path):
    answer(typed)
    assert run("can0", "--bitrate", "500k") == 1
    assert "nothing is changed" in capsys.readouterr().out
    assert not (tmp_path / "etc").exists()


def test_a_second_time_there_is_nothing_to_do(run, capsys):
    run("can0", "--bitrate", "500k", "--yes")
    capsys.readouterr()
    assert run("can0", "--bitrate", "500k", "--yes") == 0
    assert capsys.readouterr().out.endswith("can0 is kept so already: nothing to do\n")


def test_what_is_no_longer_of_it_is_shown_before(run, capsys):
    run("can0", "--bitrate", "500k", "--manager", "networkd", "--yes")
    capsys.readouterr()
    run("can0", "--bitrate", "500k", "--dry-run")
    assert "70-canbus-can0.network: is taken away" in capsys.readouterr().out


def test_the_list_says_what_is_intact(run, capsys, tmp_path):
    assert run("--list") == 0
    assert capsys.readouterr().out == "nothing is kept over a reboot by canbus\n"
    run("can0", "--bitrate", "500k", "--yes")
    run("vcan0", "--yes")
    with (tmp_path / UNIT).open("a") as file:
        file.write("# mine\n")
    capsys.readouterr()
    assert run("--list") == 0
    assert capsys.readouterr().out == (
        "can0: canbus persist can0 --bitrate 500000\n"
        "  edited    /etc/systemd/system/canbus-can0.service\n"
        "vcan0: canbus persist vcan0\n"
        "  intact    /etc/modules-load.d/canbus-vcan0.conf\n"
        "  intact    /etc/systemd/system/canbus-vcan0.service\n"
    )
    run("--list", "--json")
    facts = json.loads(capsys.readouterr().out)
    assert facts[0]["files"] == [{"path": f"/{UNIT}", "state": "edited"}]


@pytest.mark.parametrize("words", [("--remove", "can0"), ("--remove",), ("can0", "--remove")])
def test_what_is_written_can_be_taken_away(words, run, answer, capsys, tmp_path):
    run("can0", "--bitrate", "500k", "--yes")
    capsys.readouterr()
    answer("n\n")
    assert run(*words) == 1
    assert (tmp_path / UNIT).exists()
    answer("y\n")
    assert run(*words) == 0
    assert not (tmp_path / UNIT).exists()
    assert "can0 stays as it is until the next boot" in capsys.readouterr().out


def test_who_removes_a_serial_adapter_is_told_that_slcand_goes_on(run, capsys):
    run("serial", "/dev/ttyAMA0", "--bitrate", "500k", "--name", "can0", "--yes")
    capsys.readouterr()
    assert run("--remove", "can0", "--yes") == 0
    assert "`systemctl stop canbus-can0.service` ends slcand now" in capsys.readouterr().out


def test_of_several_one_has_to_be_said(run, capsys):
    run("can0", "--bitrate", "500k", "--yes")
    run("vcan0", "--yes")
    assert run("--remove", "--yes") == 2
    assert "which one shall be removed: can0, vcan0?" in capsys.readouterr().err


def test_an_edited_file_is_refused_unless_forced(run, capsys, tmp_path):
    run("can0", "--bitrate", "500k", "--yes")
    with (tmp_path / UNIT).open("a") as file:
        file.write("# mine\n")
    assert run("can0", "--bitrate", "250k", "--yes") == 1
    assert "hint: --force" in capsys.readouterr().err
    assert run("can0", "--bitrate", "250k", "--yes", "--force") == 0
    assert "mine" not in (tmp_path / UNIT).read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "what shall be kept?"),
        (("can0",), "no bit rate yet"),
        (("serial", "/dev/ttyACM0", "--bitrate", "500k"), "needs one"),
        (("can_front", "--bitrate", "500k"), "nothing tells which adapter"),
        (("--remove", "can7"), "nothing is kept of can7"),
        (("--remove",), "nothing is kept"),
    ],
)
def test_arguments_that_make_no_sense_are_status_2_with_a_hint(words, said, run, capsys):
    assert run(*words, "--yes") == 2
    err = capsys.readouterr().err
    assert said in err
    assert "hint: " in err


def test_a_root_that_is_not_there_is_not_made(capsys, tmp_path):
    assert (
        main(["persist", "can0", "--bitrate", "1M", "--yes", "--root", str(tmp_path / "no")]) == 2
    )
    assert "there is no such folder" in capsys.readouterr().err


def test_json_has_all_that_is_written(run, capsys):
    assert run("can0", "--bitrate", "500k", "--dry-run", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["link"], facts["manager"], facts["obsolete"]) == ("can0", "unit", [])
    assert facts["files"][0]["path"] == f"/{UNIT}"
    assert "bitrate 500000" in facts["files"][0]["text"]
    assert facts["files"][0]["symlinks"][0].endswith(".device.wants/canbus-can0.service")


# -- what makes it count at once --------------------------------------------------------


def test_commands_are_run_in_order_and_told(tmp_path):
    told: list[str] = []
    log = tmp_path / "log"
    activate([("sh", "-c", f"echo {word} >>{log}") for word in ("a", "b")], told.append)
    assert log.read_text() == "a\nb\n"
    assert len(told) == 2


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("sh", "-c", "echo first; echo last >&2; exit 3"), "last"),
        (("sh", "-c", "exit 3"), "status 3"),
        (("no-such-program",), "No such file"),
    ],
)
def test_one_that_fails_says_what_it_said(command, why):
    with pytest.raises(CanLinkError, match=why) as caught:
        activate([command])
    assert "the files are written" in str(caught.value)
    assert "the next boot" in (caught.value.hint or "")


def test_files_that_are_gone_are_told_to_whom_they_were_for(tmp_path):
    there = site(tmp_path)
    assert commands_for(["/etc/systemd/network/70-canbus-can0.network"], "can0", there) == (
        ("networkctl", "reload"),
    )
    assert commands_for(["/etc/udev/rules.d/70-canbus-can0.rules"], "can0", there) == (
        ("udevadm", "control", "--reload"),
    )
    assert commands_for(["/etc/modules-load.d/canbus-can0.conf"], "can0", there) == ()


def test_without_d_bus_networkd_is_started_anew(tmp_path):
    """networkctl of systemd 257 asks over it: "Failed to connect to system bus"."""
    there = site(tmp_path)
    (tmp_path / "run/dbus/system_bus_socket").unlink()
    assert commands_for(["/etc/systemd/network/70-canbus-can0.network"], "can0", there) == (
        ("systemctl", "restart", "systemd-networkd.service"),
    )


def test_nobody_else_is_told_of_another_root(tmp_path):
    there = persist.Site.at(str(tmp_path))
    assert commands_for(["/etc/systemd/network/70-canbus-can0.network"], "can0", there) == ()


def test_a_question_that_nobody_answers_is_a_no(tmp_path):
    """As from cron, or in a pipe; and nothing is half written."""
    words = [sys.executable, "-m", "canbus", "persist", "can0", "--bitrate", "500k"]
    done = subprocess.run(
        [*words, "--root", str(tmp_path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        env=os.environ,
    )
    assert done.returncode == 1
    assert "--yes does not ask" in done.stdout
    assert list(tmp_path.iterdir()) == []
