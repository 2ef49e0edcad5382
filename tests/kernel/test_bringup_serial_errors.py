"""`canbus up serial` where the adapter, the port, the name or a right is missing.

With the real slcand and the kernel's driver, an adapter on a pseudo-terminal.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import canbus as can
from canbus.links import create_vcan, delete_link, list_links
from canbus.testing.slcan import Refuse, Silent
from tests.kernel.serial_bringup import (
    NAME,
    NOTHING,
    PORT,
    cli,
    files,
    frames_cross,
    is_up,
    plugged_in,
    slcands,
    up,
    wait_until,
    what_is_left,
)

# Links of serial lines are where everybody sees them, and keepers are in /run.
pytestmark = [pytest.mark.guest, pytest.mark.timeout(240)]

NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


@pytest.fixture
def adapter():
    with plugged_in() as made:
        yield made


@pytest.mark.parametrize(
    ("fault", "said"), [(Silent(), "nothing answers"), (Refuse(), "refused")], ids=["silent", "BEL"]
)
def test_an_adapter_that_does_not_work_is_reported(adapter, fault, said):
    adapter.fault(fault)
    with pytest.raises(can.CanInitializationError, match=said) as info:
        up(PORT)
    assert PORT in str(info.value)
    assert "--no-probe" in info.value.hint
    assert what_is_left() == NOTHING


def test_what_was_there_is_gone_if_the_adapter_has_died_meanwhile(adapter):
    up(PORT)
    adapter.fault(Silent())
    with pytest.raises(can.CanInitializationError, match="nothing answers") as info:
        up(PORT, 500_000)
    assert any("could not be put back" in note for note in info.value.__notes__)
    assert what_is_left() == NOTHING


def test_an_adapter_that_never_answers_can_be_used_unasked(adapter):
    adapter.fault(Silent())
    up(PORT, probe=False)
    adapter.wait_for_command(b"O")
    wait_until(lambda: adapter.commands == [b"C", b"S5", b"O"] * 2)  # slcand, and the driver
    assert is_up()


def test_a_port_that_another_program_has_is_reported(adapter):
    with can.Bus(PORT, interface="slcan", bitrate=500_000):
        done = cli("up", "serial", PORT, "--bitrate", "250k", "--name", NAME)
        unasked = cli("up", "serial", PORT, "--bitrate", "250k", "--name", NAME, "--no-probe")
    assert done.returncode == 1
    assert f"(process {os.getpid()})" in done.stderr
    assert (unasked.returncode, unasked.stderr) == (done.returncode, done.stderr)
    assert what_is_left() == NOTHING


def test_a_name_that_is_taken_is_refused_before_anything_is_done(adapter):
    create_vcan(NAME)
    try:
        with pytest.raises(can.CanLinkError, match="already"):
            up(PORT)
        assert (slcands(), adapter.commands, files()) == ([], [], [])
    finally:
        delete_link(NAME)


def test_without_rights_one_line_says_which_and_nothing_is_changed(adapter):
    before = list_links()
    done = cli("up", "serial", PORT, "--bitrate", "250k", "--name", NAME, before=NOBODY)
    assert (done.returncode, done.stdout) == (1, "")
    error, hint = done.stderr.splitlines()[-2:]
    assert "CAP_NET_ADMIN" in error
    assert "sudo" in hint
    assert list_links() == before
    assert (adapter.commands, slcands(), files()) == ([], [], [])


def test_a_keeper_of_somebody_else_is_seen_and_cannot_be_stopped(adapter):
    up(PORT)
    done = cli("down", NAME, before=NOBODY)
    assert done.returncode == 1
    assert f"sudo canbus down {NAME}" in done.stderr
    assert is_up()


def test_nobody_can_hold_the_lock_of_a_keeper(adapter):
    up(PORT)
    lock = f"/run/canbus/{NAME}.lock"
    done = subprocess.run([*NOBODY, "cat", lock], capture_output=True, text=True, check=False)
    assert "Permission denied" in done.stderr


def test_down_in_another_namespace_is_not_for_a_keeper_here(adapter):
    up(PORT)
    subprocess.run(["ip", "netns", "add", "box"], check=True)
    try:
        done = cli("down", NAME, before=("ip", "netns", "exec", "box"))
        assert done.returncode == 1
        assert f"no interface {NAME}" in done.stderr
        assert is_up()
        frames_cross(adapter)
    finally:
        subprocess.run(["ip", "netns", "del", "box"], check=True)


def test_slcand_without_rights_says_so(adapter):
    """What serial_steps.py makes an error with a hint of."""
    code = (
        "import json, sys\n"
        "from canbus.bringup.daemon import Daemon\n"
        f"daemon = Daemon(('setpriv', '--bounding-set=-all', 'slcand', '-F', {PORT!r}))\n"
        "daemon._process.wait()\n"
        "print(json.dumps(str(daemon.failure())))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ioctl TIOCSETD: Operation not permitted" in json.loads(done.stdout)
    assert Path(PORT).exists()
