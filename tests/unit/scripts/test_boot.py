"""scripts/: as at boot, for restart-ms, and with the real `canbus`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.unit.scripts.rig import (
    FOLDER,
    ROOT,
    of,
    seen,
)

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
