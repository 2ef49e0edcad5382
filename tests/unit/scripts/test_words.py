"""scripts/: the files themselves, and what they hand to `canbus`, under two shells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from tests.lab.tool import tool
from tests.unit.scripts.rig import (
    ADAPTERS,
    FOLDER,
    LIBRARY,
    ODD,
    ROOT,
    RUNNABLE,
    SCRIPTS,
    of,
    seen,
)

# -- the files ----------------------------------------------------------------------------


def test_every_script_has_its_tests_here():
    assert {path.name for path in RUNNABLE} == {*ADAPTERS, "canbus-restart-ms.sh"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path):
    done = subprocess.run(
        [tool("shellcheck"), "--external-sources", "--shell=sh", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shells_can_read_it(shell, path):
    done = subprocess.run([*shell, "-n", path], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("path", RUNNABLE, ids=lambda path: path.name)
def test_a_script_is_strict_short_and_may_be_run(path):
    lines = path.read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    assert "set -eu" in lines
    assert len(lines) <= 60
    assert os.access(path, os.X_OK)
    assert not os.access(LIBRARY, os.X_OK)


def test_the_page_names_every_script_and_no_other():
    page = (FOLDER / "README.md").read_text()
    named = set(re.findall(r"canbus-[\w-]+\.sh", page))
    assert named == {path.name for path in SCRIPTS}
    table = {line.split("|")[2].strip(" `") for line in page.splitlines() if line.startswith("|")}
    assert {path.name for path in RUNNABLE} <= table


def test_the_defaults_that_the_page_shows_are_taken(rig):
    page = (FOLDER / "README.md").read_text()
    block = page[page.index("    # lines are NAME=value") :].split("\n\n")[0]
    rig.defaults("\n".join(line[4:] for line in block.splitlines()))
    done = rig.run("canbus-pihat.sh", "--wait=0")
    assert sorted(done.words[2:-1]) == [
        "--bitrate=500k", "--name=can0", "--restart-ms=100", "--wait=30",
    ]  # fmt: skip
    assert done.words[-1] == "--wait=0"


# -- words --------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [path.name for path in RUNNABLE])
@pytest.mark.parametrize("words", [["--help"], ["-h"], ["--bitrate", "500k", "--help"]])
def test_help_is_shown_whatever_the_defaults_are(rig, script, words):
    rig.defaults("nonsense")
    done = rig.run(script, *words)
    assert seen(done) == of(0, None)
    assert done.out.startswith(f"usage: {script} ")
    lines = done.out.replace(rig.env["CANBUS_DEFAULTS"], "DEFAULTS").splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "--dry-run" in done.out


@pytest.mark.parametrize("script", ADAPTERS)
def test_arguments_are_handed_over_as_they_are(rig, script):
    assert seen(rig.run(script, "--wait=0")) == of(0, [*ADAPTERS[script], "--wait=0"])
    words = ["--wait=0", "--bitrate", "500k", "--no-such-option", "--dry-run", *ODD]
    assert seen(rig.run(script, *words)) == of(0, [*ADAPTERS[script], *words])


@pytest.mark.parametrize("status", [0, 1, 2, 3, 130, 255])
def test_the_status_is_that_of_canbus(rig, status):
    assert rig.run("canbus-pcan.sh", STATUS=str(status)).status == status
    assert rig.run("canbus-restart-ms.sh", "lo", "5", STATUS=str(status)).status == status
    assert rig.run("canbus-restart-ms.sh", "lo", STATUS=str(status or 1)).status == (status or 1)


def test_the_script_becomes_the_program_so_that_signals_reach_it(rig):
    process = rig.start("canbus-pcan.sh")
    out, _ = process.communicate(timeout=60)
    assert out == f"pid {process.pid}\n"


def test_a_virtual_interface_may_be_named_first(rig):
    assert rig.run("canbus-vcan.sh", "vcan3", "--xl").words == [
        "up",
        "vcan0",
        "--name=vcan3",
        "--xl",
    ]
    rig.defaults("VCAN_NAME=vcan1\n")
    assert rig.run("canbus-vcan.sh").words == ["up", "vcan0", "--name=vcan1"]
    assert rig.run("canbus-vcan.sh", "vcan3").words[2:] == ["--name=vcan1", "--name=vcan3"]


def test_the_serial_port_may_stand_anywhere(rig):
    wanted = ["up", "serial", "/dev/null", "--bitrate", "500k"]
    assert rig.run("canbus-serial.sh", "/dev/null", "--bitrate", "500k").words == wanted
    assert rig.run("canbus-serial.sh", "--bitrate", "500k", "/dev/null").words == wanted
    two = rig.run("canbus-serial.sh", "/dev/null", "/dev/zero").words
    assert two == ["up", "serial", "/dev/null", "/dev/zero"]  # for canbus to refuse
    rig.defaults("SERIAL_PORT=/dev/zero\nSERIAL_BITRATE=1M\n")
    assert rig.run("canbus-serial.sh").words == ["up", "serial", "/dev/zero", "--bitrate=1M"]
    assert rig.run("canbus-serial.sh", "/dev/null").words[2] == "/dev/null"


# -- where it is --------------------------------------------------------------------------


def test_it_runs_through_a_symlink_and_from_a_folder_with_spaces(rig, tmp_path):
    copy = tmp_path / "my scripts"
    shutil.copytree(FOLDER, copy)
    links = tmp_path / "some bin"
    links.mkdir()
    (links / "first").symlink_to("../my scripts/canbus-pcan.sh")
    (links / "can up").symlink_to("first")
    for script in (copy / "canbus-pcan.sh", links / "can up"):
        assert rig.run(script, "--json").words == ["up", "pcan", "--json"]
    assert rig.run("../scripts/canbus-pcan.sh").words == ["up", "pcan"]


def test_it_runs_by_itself_and_by_a_relative_path(rig):
    env = {**rig.env, "WORDS": str(rig.folder / "words")}
    for command, cwd in (("./canbus-pcan.sh", FOLDER), ("scripts/canbus-pcan.sh", ROOT)):
        subprocess.run([command], cwd=cwd, env=env, check=True, capture_output=True)
        assert (rig.folder / "words").read_bytes() == b"up\0pcan\0"


# -- which program ------------------------------------------------------------------------


def test_the_program_is_named_or_beside_or_on_path_or_a_module(rig, tmp_path):
    rig.stand_in(tmp_path / "copy" / "scripts" / "x")
    shutil.copytree(FOLDER, tmp_path / "copy" / "scripts", dirs_exist_ok=True)
    script = tmp_path / "copy" / "scripts" / "canbus-pcan.sh"

    def which(**env):
        done = rig.run(script, **env)
        return done.out.splitlines()[0] if done.out else (done.status, done.complaints)

    def program(path, name):
        return rig.stand_in(path, f'#!/bin/sh\necho {name} "$1" "$2"\n')

    on_path = program(tmp_path / "on path" / "canbus", "path")
    program(tmp_path / "on path" / "python3", "module")
    path = f"{on_path.parent}:/nowhere"
    beside = program(tmp_path / "copy" / ".venv" / "bin" / "canbus", "beside")
    named = program(tmp_path / "named one", "named")
    in_file = program(tmp_path / "in file", "file")
    rig.defaults(f"CANBUS={in_file}\nPCAN_NAME=can0\n")
    assert which(CANBUS=str(named), PATH=path) == "named up pcan"
    del rig.env["CANBUS"]
    assert which(PATH=path) == "file up pcan"
    assert which(PATH=path, CANBUS="") == "file up pcan"
    rig.defaults("PCAN_NAME=can0\n")
    assert which(PATH=path) == "beside up pcan"
    beside.unlink()
    assert which(PATH=path) == "path up pcan"
    assert which(PATH=path, CANBUS="canbus") == "path up pcan"
    on_path.unlink()
    assert which(PATH=path) == "module -P -c"  # it is asked, says 0, and is taken
    program(tmp_path / "on path" / "python3", "no").write_text("#!/bin/sh\nexit 1\n")
    status, complaints = which(PATH=path)
    assert status == 127
    assert complaints[0] == "canbus-pcan.sh: there is no program canbus"
    assert complaints[1].startswith("hint: ")
    assert len(complaints) == 2


def test_the_module_is_not_taken_from_the_folder_that_one_is_in(rig, tmp_path):
    copy = tmp_path / "copy" / "scripts"
    shutil.copytree(FOLDER, copy)
    (tmp_path / "canbus").mkdir()
    for name in ("__init__.py", "__main__.py", "cli.py"):
        (tmp_path / "canbus" / name).write_text("print('imported from here')")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "python3").symlink_to(os.path.realpath(ROOT / ".venv/bin/python"))
    del rig.env["CANBUS"]
    done = rig.run(copy / "canbus-pcan.sh", "--help-me", PATH=str(tmp_path / "path"))
    assert "imported from here" not in done.out
    assert done.status == 127


@pytest.mark.parametrize("where", ["/no/such/program", "no-such-program", "{folder}", "{text}"])
def test_a_program_that_is_none_is_an_error_and_nothing_else_is_tried(rig, where, tmp_path):
    (tmp_path / "text").write_text("")
    named = where.format(folder=tmp_path, text=tmp_path / "text")
    done = rig.run("canbus-vcan.sh", CANBUS=named)
    assert (done.status, done.words) == (127, None)
    assert done.complaints[0] == f"canbus-vcan.sh: there is no program {named}"
    assert len(done.complaints) == 2
