"""`canbus up intrepid`, end to end, with a stand-in for the module and the daemon.

Neither can be had here. How far the stand-in is like them says intrepid_stand_in.py.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import canbus as can
from canbus.bringup import Machine, keepers
from canbus.cli import main
from canbus.links import list_links
from tests.kernel import intrepid_stand_in as stand_in

pytestmark = pytest.mark.guest

PATIENCE = 30
MODULES = Path("/sys/module")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all")
OLDER, NEWER = ("2.1.0", "2.1.1"), ("3.2.0", "3.1.2")  # daemon, module


class Rig:
    """A machine with or without module, daemon, devices.

    Attributes:
        folder: of the programs.
        program: the daemon.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "icsscand"
        self._built = folder / "module"  # that can be loaded

    def build(self, daemon: str | None, module: str | None, name: str = "icsscand") -> None:
        """Install the daemon and the module of these versions; None for none."""
        if daemon is not None:
            self.program = stand_in.install(self.folder, name, daemon)
        if module is not None:
            self._built.write_text(module)

    def load(self) -> None:
        subprocess.run(["modprobe", "intrepid"], check=True)

    def unload(self) -> None:
        stand_in.DEVICE.unlink(missing_ok=True)
        shutil.rmtree(MODULES / "intrepid", ignore_errors=True)

    def plug(self, *aliases: str) -> None:
        stand_in.plug(self.folder, *aliases)

    def make_modprobe(self) -> None:
        """A modprobe that knows one module more."""
        real = shutil.which("modprobe")
        device, module = stand_in.DEVICE, MODULES / "intrepid"
        program = self.folder / "modprobe"
        program.write_text(
            f"""#!/bin/sh
[ "$*" = intrepid ] || exec {real} "$@"
[ -e {self._built} ] || {{
    echo "modprobe: FATAL: Module intrepid not found in directory /lib/modules/$(uname -r)" >&2
    exit 1
}}
mkdir -p {module} && cp {self._built} {module}/version
umask 077 && cp {self._built} {device}
"""
        )
        program.chmod(0o755)


@contextmanager
def other_modules(folder):
    """/sys/module as it is, but one where entries can be made."""
    folder.mkdir()
    for module in MODULES.iterdir():
        (folder / module.name).mkdir()
    subprocess.run(["mount", "--bind", folder, MODULES], check=True)
    yield
    subprocess.run(["umount", MODULES], check=True)


@pytest.fixture
def rig(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    made = Rig(folder)
    made.make_modprobe()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    with other_modules(tmp_path / "modules"):
        yield made
        for keeper in keepers.find_all():
            keeper.stop()
        made.unload()
    assert ours() == {}


def ours():
    """The links of the stand-in: {alias: link}."""
    return {link.alias: link for link in list_links() if link.alias and "_" in link.alias}


def wait_until(condition):
    """Look again and again until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)


def run(capsys, *words):
    """The exit status, lines and complaints of `canbus ...`."""
    status = main(list(words))
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def up(capsys, *words):
    status, lines, complaints = run(capsys, "up", "intrepid", *words)
    assert status == 0, complaints
    return lines, complaints


def refusal(capsys, *words):
    """The status and complaint of a bring-up that fails, and leaves nothing behind."""
    before = ours()
    status, lines, complaints = run(capsys, "up", "intrepid", *words)
    assert status, lines
    assert ours() == before
    assert keepers.find_all() == []
    return status, "\n".join(complaints)


def is_up(alias, new_since=0):
    link = ours().get(alias)
    return link is not None and link.is_up and link.index > new_since


def exchange(one, other):
    """Frames cross, both ways."""
    with can.Bus(one, "socketcan") as left, can.Bus(other, "socketcan") as right:
        for sender, receiver in ((left, right), (right, left)):
            sender.send(can.Message(arbitration_id=0x123, data=b"frame"), PATIENCE)
            assert receiver.recv(PATIENCE).data == b"frame"


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
    assert lines == [f"{link.name} is up as asked, nothing to do"]
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


def test_several_devices_are_named_and_one_is_chosen(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777", "hscan_v0123")
    status, text = refusal(capsys)
    assert status == 2
    assert "can0 (hscan_61777), can1 (hscan_v0123)" in text
    assert "--network hscan_61777" in text
    up(capsys, "--network", "hscan_v0123")
    assert {alias for alias in ours() if is_up(alias)} == {"hscan_v0123"}


def test_a_network_may_be_named(rig, capsys):
    rig.build(*OLDER)
    rig.plug("hscan_61777", "mscan_61777")
    up(capsys, "--network", "MSCAN")
    assert {alias for alias in ours() if is_up(alias)} == {"mscan_61777"}
    up(capsys, "--name", "can0")
    assert is_up("hscan_61777")


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
