"""`canbus up intrepid`, end to end, with a stand-in for the module and the daemon.

Neither can be had here. How far the stand-in is like them says intrepid_stand_in.py. What goes
wrong is in test_bringup_intrepid_errors.py.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

import canbus as can
from canbus.bringup import Machine, keepers
from tests.kernel.intrepid_rig import (
    MODULES,
    NEWER,
    OLDER,
    PATIENCE,
    exchange,
    is_up,
    ours,
    refusal,
    rigged,
    run,
    up,
    wait_until,
)

pytestmark = pytest.mark.guest


@pytest.fixture
def rig(tmp_path, monkeypatch):
    with rigged(tmp_path, monkeypatch) as made:
        yield made


# -- the older pair: no bit rate to set ---------------------------------------------------


def test_from_plugged_in_to_the_first_frame(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777", "mscan_61777")
    lines, complaints = up(capsys, "--bitrate", "500k", "--restart-ms", "100")
    link = ours()["hscan_61777"]
    assert lines == [
        "load the kernel module intrepid",
        "see whether Intrepid's module and daemon fit each other",
        f"start Intrepid's daemon, {rig.program}, and somebody who keeps it running",
        f"{link.name} is up",
    ]
    refused = [line for line in complaints if "was refused" in line]
    assert len(refused) == 2
    assert f"{link.name}: restart_ms=100 was refused: Intrepid's module cannot" in refused[0]
    assert f"{link.name}: bitrate=500000 was refused" in refused[1]
    assert "too old to set it (module 2.1.1, daemon 2.1.0)" in refused[1]
    assert link.is_up
    assert not ours()["mscan_61777"].is_up
    exchange(link.name, "w_hscan_61777")

    keeper = keepers.find(link.name)
    lines, complaints = up(capsys, "--bitrate", "500k", "--restart-ms", "100")
    assert lines == [f"{link.name} is up, nothing more to do"]
    assert [line for line in complaints if "was refused" in line] == refused
    assert ours()["hscan_61777"].index == link.index
    assert keepers.find(link.name).daemon == keeper.daemon

    assert run(capsys, "down", link.name)[0] == 0
    assert ours() == {}
    assert keepers.find_all() == []
    for pid in (keeper.pid, keeper.daemon):
        assert not Path(f"/proc/{pid}").exists()
    assert run(capsys, "down", link.name)[0] == 1


def test_strict_leaves_nothing_behind(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777")
    _, text = refusal(capsys, "--bitrate", "500k", "--strict")
    assert "cannot set bitrate on can0: Intrepid's module and daemon are too old to set it" in text


def test_unplugged_and_plugged_again_it_is_set_up_again(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777", "mscan_61777")
    up(capsys)
    before = ours()["hscan_61777"]
    rig.plug()
    wait_until(lambda: ours() == {})
    assert run(capsys, "show", "can0")[0] != 0
    rig.plug("mscan_61777", "hscan_61777")  # under other names, even
    wait_until(lambda: is_up("hscan_61777"))
    now = ours()["hscan_61777"]
    assert (before.name, now.name) == ("can0", "can1")
    assert not ours()["mscan_61777"].is_up
    exchange(now.name, "w_hscan_61777")
    assert keepers.find(now.name) is not None


@pytest.mark.soak
def test_a_second_device_that_comes_later_is_left_alone(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777")
    up(capsys)
    rig.plug("hscan_61777", "mscan_61888", "hscan2_61888")
    wait_until(lambda: len(ours()) == 3)
    rig.plug("mscan_61888", "hscan2_61888")
    wait_until(lambda: len(ours()) == 2)
    rig.plug("mscan_61888", "hscan2_61888", "hscan_61777")
    wait_until(lambda: is_up("hscan_61777"))
    assert {alias for alias in ours() if is_up(alias)} == {"hscan_61777"}


def test_a_daemon_that_dies_is_started_again_and_ends_with_its_keeper(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777")
    up(capsys)
    for number in (signal.SIGTERM, signal.SIGKILL):
        keeper, before = keepers.find("intrepid"), ours()["hscan_61777"].index
        assert keeper.daemon is not None
        os.kill(keeper.daemon, number)
        wait_until(lambda before=before: is_up("hscan_61777", new_since=before))
        assert keepers.find("intrepid").daemon not in {None, keeper.daemon}
        exchange(ours()["hscan_61777"].name, "w_hscan_61777")
    os.kill(keepers.find("intrepid").pid, signal.SIGKILL)
    wait_until(lambda: ours() == {} and not Machine().is_running("icsscand"))
    assert keepers.find_all() == []
    up(capsys)
    assert is_up("hscan_61777")


# -- which of them ------------------------------------------------------------------------


@pytest.mark.soak
def test_several_devices_are_named_and_one_is_chosen(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777", "hscan_v0123")
    status, text = refusal(capsys)
    assert status == 2
    assert "can0 (hscan_61777), can1 (hscan_v0123)" in text
    assert "--network hscan_61777" in text
    up(capsys, "--network", "hscan_v0123")
    assert {alias for alias in ours() if is_up(alias)} == {"hscan_v0123"}


@pytest.mark.soak
def test_a_network_may_be_named(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777", "mscan_61777")
    up(capsys, "--network", "MSCAN")
    assert {alias for alias in ours() if is_up(alias)} == {"mscan_61777"}
    up(capsys, "--name", "can0")
    assert is_up("hscan_61777")


@pytest.mark.soak
def test_a_network_that_the_device_has_not(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777", "mscan_61777")
    status, text = refusal(capsys, "--network", "swcan", "--wait", "5")
    assert status == 1
    assert "the device has hscan_61777, mscan_61777" in text
    assert "--network hscan_61777" in text


def test_nothing_is_plugged_in(rig, capsys):
    rig.build(*OLDER)
    status, text = refusal(capsys, "--wait", "1")
    assert status == 1
    assert "of an Intrepid device did not appear within 1 s" in text
    assert "lsusb -d 093c:" in text


# -- the newer pair: a list of bit rates --------------------------------------------------


def test_the_bit_rate_is_set_and_set_again_after_a_replug(rig, capsys):
    rig.build(*NEWER, name="libicsneo-socketcan-daemon")
    rig.plug("hscan_61777")
    lines, complaints = up(capsys, "--bitrate", "250k", "--restart-ms", "100")
    link = ours()["hscan_61777"]
    assert lines[-1] == f"{link.name} is up: 250000 bit/s"
    assert [line for line in complaints if "refused" in line] == [
        line for line in complaints if "restart_ms" in line
    ]
    assert (link.kind, link.bitrate, link.is_up) == ("can", 250_000, True)
    wait_until(lambda: b"S5\r" in told(rig))  # what slcan says for it
    with can.Bus(link.name, "socketcan") as bus:
        bus.send(can.Message(arbitration_id=0x123, is_extended_id=False, data=b"\xab"), PATIENCE)
    wait_until(lambda: b"t1231AB\r" in told(rig))
    lines, _ = up(capsys, "--bitrate", "250k")
    assert lines == [f"{link.name} is up as asked, nothing to do: 250000 bit/s"]

    up(capsys, "--bitrate", "125k")  # and that is what is kept from then on
    assert ours()["hscan_61777"].bitrate == 125_000
    rig.plug()
    wait_until(lambda: ours() == {})
    rig.plug("hscan_61777")
    wait_until(lambda: is_up("hscan_61777"))
    assert ours()["hscan_61777"].bitrate == 125_000


def test_a_bit_rate_that_is_not_on_the_list(rig, capsys):
    rig.build(*NEWER)
    rig.plug("hscan_61777")
    _, text = refusal(capsys, "--bitrate", "123456")
    assert "it has 10000, 20000, 50000, " in text


def told(rig):
    """What the device was told by the link."""
    file = rig.folder / "device"
    return file.read_bytes() if file.exists() else b""


# -- commands for sh ----------------------------------------------------------------------


def test_the_commands_of_a_dry_run_do_the_same(rig, capsys):
    rig.build(*NEWER)
    rig.plug("hscan_61777")
    _, lines, _ = run(capsys, "up", "intrepid", "--bitrate", "250k", "--dry-run")
    assert ours() == {}
    assert not (MODULES / "intrepid").exists()
    subprocess.run(
        ["sh", "-eu", "-c", "\n".join(lines)], check=True, timeout=60, stdout=subprocess.DEVNULL
    )
    try:
        link = ours()["hscan_61777"]
        assert (link.is_up, link.bitrate) == (True, 250_000)
        _, lines, _ = run(capsys, "up", "intrepid", "--bitrate", "250k", "--dry-run")
        assert lines == ["# it is up as asked already: nothing to do"]
    finally:
        end_daemon(rig)


@pytest.mark.soak
def test_in_a_dry_run_the_older_pair_comes_up_all_the_same(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777")
    _, lines, _ = run(capsys, "up", "intrepid", "--bitrate", "250k", "--dry-run")
    done = subprocess.run(
        ["sh", "-eu", "-c", "\n".join(lines)],
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    try:
        assert is_up("hscan_61777")
        assert "its bit rate stays as it is stored in the device" in done.stderr
    finally:
        end_daemon(rig)


def end_daemon(rig):
    """The one that a shell has started."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        if str(rig.program).encode() in path.read_bytes().split(b"\0")[:3]:
            os.kill(int(path.parent.name), signal.SIGINT)
    wait_until(lambda: ours() == {})


# -- the page -----------------------------------------------------------------------------


def test_the_commands_of_the_page_work_in_their_order(rig, capsys):
    rig.build(*NEWER)
    rig.plug("hscan_61777", "mscan_61777")
    page = Path(__file__).parents[2] / "docs" / "adapters" / "intrepid.md"
    commands = re.findall(r"^    canbus (.*)$", page.read_text(), re.MULTILINE)
    assert len(commands) == 7
    for command in commands:
        status, _, complaints = run(capsys, *command.split())
        assert status == 0, (command, complaints)
    assert {alias for alias in ours() if is_up(alias)} == {"mscan_61777"}
