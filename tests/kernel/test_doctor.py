"""The doctor on a real kernel; the twin of tests/unit/doctor/fake_system.py.

What the fake has in tables, a System reads here, and it has the same shape.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from canbus.bringup import doctor
from canbus.bringup.doctor import System
from canbus.cli import main
from canbus.links import set_down
from tests.unit.doctor.fake_system import FakeSystem


@pytest.fixture
def fake(tmp_path):
    link = {"name": "vcan0", "kind": "vcan", "mtu": 72, "statistics": {}}
    return FakeSystem(tmp_path, {"link": [link], "kernel_log": "can: raw protocol"})


def shape(value):
    """Of which types a value is made; of several, the first one stands for all."""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return (tuple, *(shape(one) for one in value[:1]))
    return type(value)


@pytest.mark.parametrize(
    "table", ["links", "kernel_log", "release", "has_can_sockets", "processes", "asked_links"]
)
def test_a_system_of_tables_answers_as_the_real_one_does(table, fake, vcan):
    if table == "processes":
        (fake.root / "proc/1").mkdir(parents=True)
        (fake.root / "proc/1/cmdline").write_text("init\0")
    assert shape(getattr(fake, table)) == shape(getattr(System(), table))


def test_files_of_both_are_read_alike(fake, tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/text").write_text("one \n two\n")
    (tmp_path / "etc/link").symlink_to("../text")
    os.utime(tmp_path / "etc/text", (1e9, 1e9))
    real = System(root=str(tmp_path))
    assert real.lines("/etc/text") == fake.lines("/etc/text") == ["one", "two"]
    assert real.names("/etc") == fake.names("/etc") == ["link", "text"]
    assert real.target("/etc/link") == fake.target("/etc/link") == "../text"
    assert real.modified("/etc/text") == 1e9
    assert real.modified("/none") is fake.modified("/none") is None
    assert real.may_open("/etc/text") is fake.may_open("/etc/text") is True


def test_the_kernel_is_read(vcan):
    system = System(vcan)
    assert [link.name for link in system.asked_links] == [vcan]
    assert system.has_can_sockets
    assert system.has_module("vcan")
    assert system.can_load("vcan")
    assert not system.has_module("no_such_module")
    assert not system.can_load("no_such_module")
    assert any("can: " in line for line in system.kernel_log)
    mine = next(one for one in system.processes if one.pid == os.getpid())
    assert any("pytest" in word for word in mine.words)


def test_a_link_that_is_up_and_well_is_said_to_be(vcan, capsys):
    assert main(["doctor", vcan, "--listen", "0", "--json"]) in {0, 3}
    found = json.loads(capsys.readouterr().out)["findings"]
    assert all(one["severity"] != "error" for one in found), found


def test_an_interface_that_is_not_there_is_said_to_be_absent(vcan, capsys):
    assert main(["doctor", "nope0", "--listen", "0"]) == 4
    assert "there is no interface nope0" in capsys.readouterr().out


def test_nobody_needs_a_right_to_ask(vcan):
    command = [
        "setpriv",
        "--reuid=65534",
        "--clear-groups",
        "--bounding-set=-all",
        "--inh-caps=-all",
    ]
    asked = [sys.executable, "-m", "canbus", "doctor", vcan, "--listen", "0", "--json"]
    done = subprocess.run([*command, *asked], capture_output=True, text=True, timeout=60)
    assert done.returncode in {0, 3}, done.stderr
    assert json.loads(done.stdout)["findings"]


def test_asking_changes_nothing(vcan):
    set_down(vcan)
    before = System().links
    doctor.run(vcan, listen=0)
    assert System().links == before
