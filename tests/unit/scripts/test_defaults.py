"""scripts/: /etc/default/canbus, which is read and never run."""

from __future__ import annotations

import argparse
import shutil

import pytest

from canbus.cli import up
from tests.unit.scripts.rig import (
    FOLDER,
    LIBRARY,
    ODD,
    of,
    seen,
)

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
