"""systemd and udev of Debian 13 find nothing wrong with what is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.golden.persist_trees import CASES, TREES
from tests.lab.paths import CHECKOUT
from tests.unit.persist import trixie

UNITS, RULES = "etc/systemd/system", "etc/udev/rules.d"
SCRIPTS = CHECKOUT / "scripts"


def verify_units(folder: Path, *names: str) -> str:
    """What `systemd-analyze verify` says of units: it says the same of harmless slips, with 0.

    Intrepid's daemon is in no Debian, and is complained about.
    """
    over = {f"/{UNITS}": folder}
    done = trixie.run("systemd-analyze", "verify", "--man=no", *names, over=over)
    lines = f"{done.stdout}{done.stderr}".splitlines(keepends=True)
    missing = "/usr/local/bin/libicsneo-socketcan-daemon is not executable"
    said = [line for line in lines if missing not in line]
    excused = len(said) < len(lines)
    return "".join(said) + (f"status {done.returncode}" * bool(done.returncode and not excused))


def verify_rules(folder: Path) -> tuple[int, str]:
    done = trixie.run("udevadm", "verify", f"/{RULES}", over={f"/{RULES}": folder})
    return done.returncode, f"{done.stdout}{done.stderr}"


WITH_UNITS = [name for name in CASES if (TREES / name / UNITS).is_dir()]
WITH_RULES = [name for name in CASES if (TREES / name / RULES).is_dir()]


@pytest.mark.parametrize("name", WITH_UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(name):
    folder = TREES / name / UNITS
    units = [unit.name for unit in folder.iterdir()]
    assert verify_units(folder, *units) == ""


@pytest.mark.parametrize("name", WITH_RULES)
def test_udev_finds_nothing_wrong_with_a_rule(name):
    status, said = verify_rules(TREES / name / RULES)
    assert (status, "Success: 1" in said, "Fail:    0" in said) == (0, True, True), said


def test_both_find_nothing_wrong_with_what_is_in_scripts():
    units = ["canbus-can@can0.service", "canbus-slcand@can0.service"]
    units.append("canbus-intrepid-icsscand.service")
    assert verify_units(SCRIPTS / "systemd", *units) == ""
    status, said = verify_rules(SCRIPTS / "udev")
    assert (status, "Fail:    0" in said) == (0, True), said


def test_they_would_find_a_key_that_is_none(tmp_path):
    units, rules = tmp_path / "units", tmp_path / "rules"
    for folder in (units, rules):
        folder.mkdir()
    good = (TREES / "can0-unit" / UNITS / "canbus-can0.service").read_text()
    (units / "canbus-can0.service").write_text(good.replace("RemainAfterExit", "Remain"))
    assert "Unknown key 'Remain'" in verify_units(units, "canbus-can0.service")
    (units / "canbus-can0.service").write_text(good.replace("/usr/sbin/ip", "/usr/sbin/if"))
    assert "/usr/sbin/if" in verify_units(units, "canbus-can0.service")
    (rules / "70-x.rules").write_text('SUBSYSTEM=="net", ACTION="add", NAME="can_front"\n')
    status, said = verify_rules(rules)
    assert (status, "Invalid operator for ACTION" in said) == (1, True)


@pytest.mark.parametrize("ending", ["network", "netdev", "link"])
def test_networkd_and_udev_know_every_key_that_is_written(ending):
    """Their tables (networkd-network-gperf.gperf and others) have a string for each."""
    program = {"link": "usr/bin/udevadm"}.get(ending, "usr/lib/systemd/systemd-networkd")
    known = (trixie.ROOT / program).read_bytes()
    files = [file for file in TREES.rglob(f"*.{ending}") if file.is_file()]
    assert files
    for file in files:
        section = ""
        for line in file.read_text().splitlines():
            if found := re.fullmatch(r"\[(\w+)\]", line):
                section = found[1]
            elif found := re.match(r"(\w+)=", line):
                assert f"\0{section}.{found[1]}\0".encode() in known, (file, line)
