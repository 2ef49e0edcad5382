"""scripts/: what they hand to `canbus`, with a stand-in for it, under two shells."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from canbus.cli import up
from tests.lab.tool import tool

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "scripts"
SCRIPTS = sorted(FOLDER.glob("canbus-*.sh"))
LIBRARY = FOLDER / "canbus-lib.sh"
RUNNABLE = [path for path in SCRIPTS if path != LIBRARY]
ADAPTERS = {  # what each hands over when it is given nothing
    "canbus-vcan.sh": ["up", "vcan0"],
    "canbus-pihat.sh": ["up", "pihat"],
    "canbus-pcan.sh": ["up", "pcan"],
    "canbus-intrepid.sh": ["up", "intrepid"],
    "canbus-serial.sh": ["up", "serial"],
}
ODD = ["a b", "", "*", "$(touch /oops)", "`id`", "'", '"', "\\n", "two\nlines", "é", ";", "-"]

STAND_IN = """#!/bin/sh
printf 'pid %s\\n' "$$"
printf '%s\\0' "$@" >"$WORDS"
exit "${STATUS:-0}"
"""


class Done(NamedTuple):
    """What came of a script: its status, what canbus was called with, and its complaints."""

    status: int
    words: list[str] | None
    out: str
    complaints: list[str]


@pytest.fixture(params=["dash", "busybox"])
def shell(request):
    """The words that start a shell; the lab brings busybox, Debian dash."""
    if request.param == "busybox":
        return [str(tool("busybox")), "sh"]
    found = shutil.which("dash")
    assert found, "there is no dash: apt-get install dash"
    return [found]


class Rig:
    """Runs scripts as at boot: hardly any environment, no terminal; in another folder."""

    def __init__(self, shell, folder):
        self.shell = shell
        self.folder = folder
        self.program = self.stand_in(folder / "bin of mine" / "canbus")
        self.env = {"CANBUS": str(self.program), "CANBUS_DEFAULTS": "/dev/null"}

    def stand_in(self, path, text=STAND_IN):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def defaults(self, text):
        path = self.folder / "defaults of it"
        path.write_text(text, newline="")
        self.env["CANBUS_DEFAULTS"] = str(path)
        return path

    def start(self, script, *words, **env):
        self.said = self.folder / "words"
        self.said.unlink(missing_ok=True)
        return subprocess.Popen(
            [*self.shell, str(FOLDER / script), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env={"WORDS": str(self.said), **self.env, **env},
        )

    def run(self, script, *words, **env):
        process = self.start(script, *words, **env)
        out, complaints = process.communicate(timeout=60)
        return Done(process.returncode, self.words(), out, complaints.splitlines())

    def words(self):
        if not self.said.exists():
            return None
        return self.said.read_bytes().decode().split("\0")[:-1]


@pytest.fixture
def rig(shell, tmp_path):
    return Rig(shell, tmp_path)


def of(status, words):
    """Done, as it should be when there is nothing to complain of."""
    return status, words, []


def seen(done):
    return done.status, done.words, done.complaints


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


# -- defaults -----------------------------------------------------------------------------


def test_the_defaults_come_first_so_that_arguments_win(rig):
    rig.defaults(
        "# a comment\n\n   # another\n  PCAN_BITRATE=500k  \nPCAN_NAME='can 0'\n"
        'PCAN_SAMPLE_POINT="80"\nPCAN_FD=yes\nPCAN_LISTEN_ONLY=no\nPCAN_STRICT=yes\n'
        "VCAN_NAME=vcan9\nSERIAL_BITRATE=rubbish\nPIHAT_FD=maybe\nPCAN_TXQUEUELEN=" + "5"
    )
    done = rig.run("canbus-pcan.sh", "--bitrate", "250k", "--no-fd")
    assert done.words[:2] == ["up", "pcan"]
    assert sorted(done.words[2:-3]) == sorted([
        "--bitrate=500k", "--name=can 0", "--sample-point=80", "--fd", "--no-listen-only",
        "--strict", "--txqueuelen=5",
    ])  # fmt: skip
    assert done.words[-3:] == ["--bitrate", "250k", "--no-fd"]
    assert done.complaints == []


@pytest.mark.parametrize("word", [word for word in ODD if word and "\n" not in word])
def test_values_are_text_that_nothing_runs_or_expands(rig, word):
    rig.defaults(f"PCAN_NAME={word}\n")
    assert rig.run("canbus-pcan.sh").words == ["up", "pcan", f"--name={word}"]


def test_yes_and_no_where_only_one_of_them_is_an_option(rig):
    rig.defaults("SERIAL_PROBE=no\nSERIAL_STRICT=no\n")
    assert rig.run("canbus-serial.sh").words == ["up", "serial", "--no-probe"]
    rig.defaults("SERIAL_PROBE=yes\nSERIAL_STRICT=yes\n")
    assert rig.run("canbus-serial.sh").words == ["up", "serial", "--strict"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("PCAN_BITRAT=500k", "there is no setting PCAN_BITRAT"),
        ("BITRATE=500k", "there is no setting BITRATE"),
        ("PCAN_PORT=/dev/x", "there is no setting PCAN_PORT"),
        ("PCAN_NETWORK=hscan", "there is no setting PCAN_NETWORK"),
        ("PCAN_DATA_NAME=x", "there is no setting PCAN_DATA_NAME"),
        ("PCAN_DRY_RUN=yes", "there is no setting PCAN_DRY_RUN"),
        ("PCAN_=x", "there is no setting PCAN_"),
        ("_NAME=x", "there is no setting _NAME"),
        ("PATH=/tmp", "there is no setting PATH"),
        ("pcan_bitrate=500k", "it is not NAME=value"),
        ("PCAN_BITRATE", "it is not NAME=value"),
        ("PCAN_BITRATE 500k", "it is not NAME=value"),
        ("PCAN_BITRATE = 500k", "it is not NAME=value"),
        ("export PCAN_BITRATE=500k", "it is not NAME=value"),
        ("touch oops; PCAN_NAME=x", "it is not NAME=value"),
        ("$(touch oops)=x", "it is not NAME=value"),
        ("=x", "there is no setting "),
        ("PCAN_FD=on", "PCAN_FD is neither yes nor no"),
        ("PCAN_STRICT=", "PCAN_STRICT is neither yes nor no"),
        ("PCAN_NAME=can1", "PCAN_NAME is set already"),
        ("CANBUS=/bin/true\nCANBUS=/bin/true", "CANBUS is set already"),
        ("PCAN_BITRATE=500k\r", "there is a control character (a line end of Windows?)"),
    ],
)
def test_a_line_that_is_wrong_is_named(rig, line, why):
    path = rig.defaults(f"# first\nPCAN_NAME=can0\n{line}\n")
    done = rig.run("canbus-pcan.sh")
    number = 3 + line.count("\n")
    assert (done.status, done.words) == (2, None)
    assert done.complaints[0] == f"canbus-pcan.sh: {path}, line {number}: {why}"
    assert len(done.complaints) == 2
    assert done.complaints[1].startswith("hint: ")
    assert not (rig.folder / "oops").exists()


def test_a_file_that_somebody_names_has_to_be_there(rig, tmp_path):
    for named in (tmp_path / "nix", tmp_path):
        done = rig.run("canbus-pcan.sh", CANBUS_DEFAULTS=str(named))
        assert (done.status, done.words, len(done.complaints)) == (2, None, 2)
        assert done.complaints[0] == f"canbus-pcan.sh: cannot read the defaults in {named}"


def test_the_usual_file_is_read_if_it_is_there(rig, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(FOLDER, copy)
    usual = tmp_path / "usual"
    text = LIBRARY.read_text()
    assert text.count("/etc/default/canbus") == 1
    (copy / LIBRARY.name).write_text(text.replace("/etc/default/canbus", f"'{usual}'"))
    for env in ({"CANBUS_DEFAULTS": ""}, {}):
        rig.env.pop("CANBUS_DEFAULTS", None)
        usual.unlink(missing_ok=True)
        assert seen(rig.run(copy / "canbus-pcan.sh", **env)) == of(0, ["up", "pcan"])
        usual.write_text("PCAN_NAME=can7")
        assert rig.run(copy / "canbus-pcan.sh", **env).words == ["up", "pcan", "--name=can7"]


def test_whatever_canbus_up_takes_may_be_a_default(rig):
    parser = up.add_parser(argparse.ArgumentParser().add_subparsers())
    options = {}
    for action in parser._actions:
        names = [name for name in action.option_strings if name.startswith("--")]
        if names:
            options[names[0]] = action
    for name in ("--help", "--verbose", "--json", "--dry-run", "--foreground"):
        del options[name]  # these are for one call
    for name, action in options.items():
        setting = name.removeprefix("--no-" if name == "--no-probe" else "--")
        prefix = {"--network": "INTREPID", "--tty-baudrate": "SERIAL", "--no-probe": "SERIAL"}
        family = prefix.get(name, "PCAN")
        value = {"--no-probe": "no"}.get(name, "yes" if action.nargs == 0 else "7")
        rig.defaults(f"{family}_{setting.upper().replace('-', '_')}={value}\n")
        done = rig.run(f"canbus-{family.lower()}.sh")
        word = name if action.nargs == 0 else f"{name}=7"
        assert seen(done) == of(0, ["up", family.lower(), word])


# -- at boot ------------------------------------------------------------------------------


def test_it_runs_without_any_environment_and_with_no_open_files(rig):
    rig.defaults(f"CANBUS={rig.program}\n")
    command = [*rig.shell, "-c", 'exec "$0" "$@" <&- >&- 2>&-', *rig.shell]
    env = {"WORDS": str(rig.folder / "words"), "CANBUS_DEFAULTS": rig.env["CANBUS_DEFAULTS"]}
    command.append(str(FOLDER / "canbus-pcan.sh"))
    subprocess.run(command, env=env, cwd="/", check=False)
    assert (rig.folder / "words").read_bytes() == b"up\0pcan\0"


def test_modprobe_is_found_with_a_short_path(rig):
    rig.stand_in(rig.program, '#!/bin/sh\necho "$PATH"\n')
    done = rig.run("canbus-pcan.sh", PATH="/only here")
    assert done.out.startswith("/only here:")
    assert "/sbin" in done.out.strip().split(":")


@pytest.fixture
def late_port(tmp_path):
    """A path under /dev that is not there yet."""
    path = Path(f"/dev/shm/{tmp_path.name} {os.getpid()} tty")
    yield path
    path.unlink(missing_ok=True)


def test_a_port_that_is_not_there_yet_is_waited_for(rig, late_port):
    rig.defaults(f"SERIAL_PORT={late_port}\nSERIAL_WAIT=50\n")
    process = rig.start("canbus-serial.sh")
    assert process.stderr.readline() == (
        f"canbus-serial.sh: waiting for the serial port {late_port}\n"
    )
    assert rig.words() is None
    late_port.touch()
    assert process.communicate(timeout=30)[1] == ""
    assert rig.words() == ["up", "serial", str(late_port), "--wait=50"]


def test_canbus_says_what_is_missing_when_the_wait_is_over(rig, late_port):
    for words in (["--wait", "1"], ["--wait=1.9"]):
        done = rig.run("canbus-serial.sh", *words, str(late_port), STATUS="1")
        assert (done.status, done.words) == (1, ["up", "serial", str(late_port), *words])
        assert len(done.complaints) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--wait", "0"], ["--wait", "x"], ["--wait=1e9"], ["--wait=-1"], ["--wait="], ["--wait"],
        ["--wait=9999999999999999999999"], ["--wait=.9"], ["--wait=50", "--dry-run"],
        ["--wait=50", "--wait=0"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_it_does_not_wait_for_a_dry_run_nor_for_nonsense(rig, late_port, words):
    done = rig.run("canbus-serial.sh", str(late_port), *words)
    assert seen(done) == of(0, ["up", "serial", str(late_port), *words])


def test_octal_looking_seconds_are_seconds(rig, late_port):
    process = rig.start("canbus-serial.sh", str(late_port), "--wait", "008")
    process.stderr.readline()
    late_port.touch()
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0


# -- restart-ms ---------------------------------------------------------------------------


def test_restart_ms_is_set_strictly_and_the_link_restarted(rig):
    assert rig.run("canbus-restart-ms.sh", "lo", "100", "--json").words == [
        "up", "lo", "--restart-ms=100", "--strict", "--json",
    ]  # fmt: skip
    assert rig.run("canbus-restart-ms.sh", "lo", "--restart").words == ["restart", "lo"]
    done = rig.run("canbus-restart-ms.sh", "lo", "--restart", "--dry-run")
    assert (done.words, done.out) == (None, "ip link set dev lo type can restart\n")


@pytest.mark.parametrize(("value", "out"), [("100", "100\n"), ("0", "0\n"), ("null", "")])
def test_restart_ms_is_printed_as_a_number(rig, value, out):
    facts = (
        f'{{\n  "name": "lo",\n  "restart_ms": {value},\n  "x": {{\n    "restart_ms": 7\n  }}\n}}'
    )
    rig.stand_in(
        rig.program, f"#!/bin/sh\n[ \"$*\" = 'show lo --json' ] && cat <<'E'\n{facts}\nE\n"
    )
    done = rig.run("canbus-restart-ms.sh", "lo")
    assert done.out == out
    assert (done.status, len(done.complaints)) == ((0, 0) if out else (1, 2))


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        ([], 2, "which interface?"),
        (["--restart"], 2, "which interface?"),
        (["../net/lo"], 2, "which interface?"),
        (["vcan77", "100"], 1, "there is no interface vcan77"),
        (["pcan", "--restart"], 1, "there is no interface pcan"),
        (["lo", "soon"], 2, "soon is neither milliseconds nor --restart"),
        (["lo", "-5"], 2, "-5 is neither milliseconds nor --restart"),
    ],
)
def test_restart_ms_says_what_is_wrong(rig, words, status, why):
    done = rig.run("canbus-restart-ms.sh", *words)
    assert (done.status, done.words) == (status, None)
    assert done.complaints[0] == f"canbus-restart-ms.sh: {why}"
    assert len(done.complaints) == 2


def test_restart_ms_reads_which_program_it_is_and_refuses_wrong_defaults(rig):
    rig.defaults(f"CANBUS={rig.program}\n")
    del rig.env["CANBUS"]
    assert rig.run("canbus-restart-ms.sh", "lo", "5").words[0] == "up"
    rig.defaults("oops\n")
    assert rig.run("canbus-restart-ms.sh", "lo", "5").status == 2


# -- the real canbus ----------------------------------------------------------------------


def real(rig, script, *words):
    rig.env["CANBUS"] = str(ROOT / ".venv/bin/canbus")
    return rig.run(script, *words)


def test_a_dry_run_shows_the_commands_of_canbus_up(rig):
    done = real(rig, "canbus-vcan.sh", "vcan77", "--dry-run")
    assert (done.status, done.complaints) == (0, [])
    assert any(line.startswith("ip link add dev vcan77 ") for line in done.out.splitlines())
    rig.defaults("PCAN_BITRATE=1M\n")
    done = real(rig, "canbus-pcan.sh", "--bitrate", "250k", "--dry-run")
    assert "bitrate 250000" in done.out
    assert "1000000" not in done.out


def test_canbus_judges_the_values(rig):
    rig.defaults("PCAN_BITRATE=$(id)\n")
    done = real(rig, "canbus-pcan.sh", "--dry-run")
    assert done.status == 2
    assert "'$(id)' is no bit rate" in done.complaints[-1]
    rig.defaults("PCAN_BITRATE=1M\n")
    done = real(rig, "canbus-pcan.sh", "--no-such-option")
    assert done.status == 2
    assert "--no-such-option" in done.complaints[-1]
