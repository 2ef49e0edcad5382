"""The guardian as a process: it does nothing when told so, and puts back when we are no more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from canbus.bringup.detect import guarding
from canbus.bringup.detect.guarding import Guard, restored
from canbus.bringup.detect.restoring import Old
from canbus.errors import CanLinkError
from canbus.link_config import LinkConfig
from tests.unit.detect.fake_bus import DOWN

OLD = Old("nosuch0", 2**31 - 1, LinkConfig(bitrate=500_000, sample_point=87.5, up=True))
FAKE = """
import os, sys
from canbus.bringup.detect import guardian
def put_back(packed):
    os.write({fd}, packed.encode())
    return 0, "nosuch0 is as it was before"
guardian._put_back, guardian._SHORT = put_back, {short}
sys.exit(guardian.main())
"""
OWNER = """
import os, sys
from canbus.bringup.detect import guarding
from canbus.bringup.detect.guarding import Guard
from canbus.bringup.detect.restoring import Old
guard = Guard(Old.unpack({old!r}), {fd}, {program!r})
{more}
os.write(1, b"guarded")
os.close(1)
os.read(0, 1)
"""


@pytest.fixture
def pipe():
    ours, theirs = os.pipe()
    yield ours, theirs
    os.close(ours)


def fake(fd, short=60_000):
    return [sys.executable, "-c", FAKE.format(fd=fd, short=short)]


def restored_by(pipe):
    """What the guardian has put back, once it and all others have let go of the pipe."""
    os.close(pipe[1])
    with os.fdopen(os.dup(pipe[0]), "rb") as file:
        return file.read().decode()


def descriptors():
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208


def children():
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_a_link_survives_the_way_to_another_process():
    assert Old.unpack(OLD.pack()) == OLD
    whole = Old.of(DOWN)
    assert Old.unpack(whole.pack()) == whole


def test_dismissed_it_does_nothing_and_leaves_nothing(pipe):
    before = descriptors(), children()
    guard = Guard(OLD, pipe[1], fake(pipe[1]))
    guard.dismiss()
    assert (descriptors(), children()) == before
    assert restored_by(pipe) == ""


@pytest.mark.parametrize("short", [0, 60_000])  # it has loaded what it needs, or not yet
def test_left_to_it_it_puts_back(pipe, short):
    guard = Guard(OLD, pipe[1], fake(pipe[1], short))
    guard.leave_to_it()
    assert Old.unpack(restored_by(pipe)) == OLD


def start_owner(pipe, more=""):
    code = OWNER.format(old=OLD.pack(), fd=pipe[1], program=fake(pipe[1]), more=more)
    owner = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[pipe[1]],
    )
    assert owner.stdout is not None
    assert owner.stdout.read(7) == b"guarded"
    return owner


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_its_owner_killed_it_puts_back_and_says_so(pipe, number):
    owner = start_owner(pipe)
    owner.send_signal(number)
    _, said = owner.communicate()
    assert Old.unpack(restored_by(pipe)) == OLD
    assert said.decode() == (
        f"canbus: the process {owner.pid}, which was detecting, has ended too early: "
        "nosuch0 is as it was before\n"
    )


def test_a_child_that_has_inherited_its_lifeline_does_not_keep_it_waiting(pipe):
    """A fork, as multiprocessing makes them: it lives on, with our end of the pipe."""
    fork = "if not os.fork(): os.close({0}); os.close(1); os.close(2); os.read(0, 1); os._exit(0)"
    owner = start_owner(pipe, fork.format(pipe[1]))
    owner.kill()
    assert Old.unpack(restored_by(pipe)) == OLD  # and the child is still there
    owner.communicate(b"x")


def test_signals_of_a_terminal_or_a_service_manager_do_not_end_it(pipe):
    before = children()
    guard = Guard(OLD, pipe[1], fake(pipe[1]))
    (pid,) = map(int, children() - before)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
        os.kill(pid, number)
    assert os.getsid(pid) == pid
    guard.leave_to_it()
    assert Old.unpack(restored_by(pipe)) == OLD


def test_one_that_was_killed_does_not_disturb(pipe):
    before = descriptors(), children()
    guard = Guard(OLD, pipe[1], fake(pipe[1]))
    (pid,) = map(int, children() - before[1])
    os.kill(pid, signal.SIGKILL)
    guard.dismiss()
    assert (descriptors(), children()) == before
    assert restored_by(pipe) == ""


@pytest.mark.parametrize("program", [["/nosuch/program"], [sys.executable, "-c", "pass"]])
def test_without_a_guardian_nothing_is_begun(pipe, program):
    before = descriptors(), children()
    with pytest.raises(CanLinkError, match="nothing was changed"):
        Guard(OLD, pipe[1], program)
    assert (descriptors(), children()) == before
    os.close(pipe[1])


@pytest.mark.parametrize("when", ["_tell", "_is_ready"])
def test_ctrl_c_while_it_starts_leaves_nothing_to_do(pipe, monkeypatch, when):
    real = getattr(Guard, when)

    def interrupted(self, *args):
        monkeypatch.setattr(Guard, when, real)
        raise KeyboardInterrupt

    before = descriptors(), children()
    monkeypatch.setattr(Guard, when, interrupted)
    with pytest.raises(KeyboardInterrupt):
        Guard(OLD, pipe[1], fake(pipe[1]))
    assert (descriptors(), children()) == before
    assert restored_by(pipe) == ""


def test_one_that_takes_its_time_to_put_back_is_not_ended(pipe, monkeypatch):
    ours, theirs = os.pipe()
    slow = FAKE.replace("def put_back(packed):", f"def put_back(packed):\n    os.read({ours}, 1)")
    program = [sys.executable, "-c", slow.format(fd=pipe[1], short=60_000)]
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda *args, pass_fds, **more: popen(*args, pass_fds=[*pass_fds, ours, pipe[1]], **more),
    )
    guard = Guard(OLD, pipe[1], program)
    monkeypatch.setattr(guarding, "_ENDING", 0.0)
    guard.leave_to_it()  # which does not wait
    os.write(theirs, b"x")
    assert Old.unpack(restored_by(pipe)) == OLD
    guard._process.wait()
    os.close(ours)
    os.close(theirs)


def test_the_real_one_says_when_there_is_nothing_to_put_back(pipe):
    with (
        pytest.raises(CanLinkError, match="nosuch0 is gone: there is nothing"),
        restored(OLD, pipe[1]),
    ):
        pass
    with pytest.raises(KeyboardInterrupt) as info, restored(OLD, pipe[1]):
        raise KeyboardInterrupt
    assert "nosuch0 is gone" in info.value.__notes__[0]
    os.close(pipe[1])
