"""`canbus up intrepid` where something is missing, does not fit, or is somebody else's.

With a stand-in for the module and the daemon: see intrepid_stand_in.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from canbus.bringup import keepers
from tests.kernel import intrepid_stand_in as stand_in
from tests.kernel.intrepid_rig import (
    MODULES,
    OLDER,
    PATIENCE,
    ours,
    refusal,
    rigged,
    up,
    wait_until,
)

pytestmark = pytest.mark.guest

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")


@pytest.fixture
def rig(tmp_path, monkeypatch):
    with rigged(tmp_path, monkeypatch) as made:
        yield made


# -- what goes wrong ----------------------------------------------------------------------


def test_no_module(rig, capsys):
    rig.build("3.2.0", None)
    status, text = refusal(capsys)
    assert status == 1
    assert "cannot load the kernel module intrepid" in text
    assert "github.com/intrepidcs/intrepid-socketcan-kernel-module" in text
    assert "after every update of the kernel" in text


def test_no_daemon(rig, capsys):
    rig.build(None, "3.1.2")
    _, text = refusal(capsys)
    assert "there is no program libicsneo-socketcan-daemon or icsscand" in text
    assert "github.com/intrepidcs/icsscand" in text
    assert not (MODULES / "intrepid").exists()


def test_versions_that_do_not_fit_are_found_before_the_start(rig, capsys):
    rig.build("3.1.1", "3.0.2")
    _, text = refusal(capsys)
    assert "the kernel module intrepid is 3.0.2, the daemon 3.1.1" in text
    assert "needs a daemon 3.0.x" in text
    assert "build both anew" in text


@pytest.mark.parametrize(
    ("daemon", "module", "why"),
    [
        ("3.2.0", "2.1.1", "are of different generations"),
        ("2.1.0", "3.1.2", "too old for the kernel module"),
        ("3.1.1", "3.0.2", "does not take this version"),
    ],
)
def test_where_versions_cannot_be_read_the_daemon_says_it(rig, capsys, daemon, module, why):
    rig.build(daemon, module)
    rig.load()
    (MODULES / "intrepid" / "version").unlink()
    _, text = refusal(capsys)
    assert f"Intrepid's daemon {rig.program} ends at once" in text
    assert why in text
    assert "build both anew" in text


def test_a_module_without_its_device(rig, capsys):
    rig.build(*OLDER)
    rig.load()
    stand_in.DEVICE.unlink()
    _, text = refusal(capsys)
    assert "ends at once: the kernel module intrepid is not loaded [Error Code 2]" in text


def test_another_daemon_has_the_module(rig, capsys, tmp_path):
    """One that is not known by its name."""
    rig.build(*OLDER)
    rig.load()
    with foreign_daemon(stand_in.install(tmp_path / "other", "renamed", "2.1.0")):
        _, text = refusal(capsys)
    assert "ends at once: another one is running [Error Code 5]" in text


def test_a_daemon_that_somebody_else_runs_is_used(rig, capsys):
    rig.build(*OLDER)
    rig.load()
    rig.plug("hscan_61777")
    with foreign_daemon(rig.program):
        wait_until(lambda: "hscan_61777" in ours())
        lines, _ = up(capsys)
        assert lines == ["bring can0 up", "can0 is up"]
        assert keepers.find_all() == []
        rig.plug()
        wait_until(lambda: ours() == {})
        _, text = refusal(capsys, "--wait", "1")
        assert "the daemon was not started by canbus" in text


def test_who_is_not_root_is_told_so(rig):
    rig.build(*OLDER)
    rig.load()
    done = as_nobody(rig, "up", "intrepid")
    assert done.returncode == 1
    assert "only root may open /dev/intrepid_netdevice" in done.stderr
    assert "sudo" in done.stderr
    assert ours() == {}


def test_who_is_not_root_cannot_load_the_module(rig):
    rig.build(*OLDER)
    done = as_nobody(rig, "up", "intrepid")
    assert done.returncode == 1
    assert "hint: sudo modprobe intrepid" in done.stderr


def as_nobody(rig, *words):
    runtime = rig.folder.parent / "runtime"
    runtime.mkdir()
    os.chown(runtime, 65534, 65534)
    for path in (runtime, Path(sys.executable).resolve()):  # whose folders may be root's alone
        for folder in path.parents:
            folder.chmod(folder.stat().st_mode | 0o055)
    return subprocess.run(
        [*NOBODY, sys.executable, "-m", "canbus", *words],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def foreign_daemon(program):
    """It has the module, and was not started by us."""
    with subprocess.Popen([program], stderr=subprocess.PIPE, text=True) as daemon:
        assert "Waiting for connections" in daemon.stderr.readline()
        yield
        daemon.send_signal(signal.SIGINT)
        assert daemon.wait(PATIENCE) == 0
