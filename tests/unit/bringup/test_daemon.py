"""Running a program, and that it does not outlive who runs it. With real processes."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

from canbus.bringup.daemon import Daemon
from canbus.errors import CanLinkError

SH = "/bin/sh"
PATIENCE = 20.0


def sh(script, **options):
    return Daemon((SH, "-c", script), **options)


@pytest.fixture
def forever(tmp_path):
    """What a shell does that waits for nothing but signals: nobody writes to its pipe."""
    os.mkfifo(tmp_path / "pipe")
    return f"while :; do read x < {tmp_path}/pipe; done"


def wait_for_words(daemon, words):
    said = ""
    while words not in said:
        poll = select.poll()
        poll.register(daemon.descriptors[0], select.POLLIN)
        assert poll.poll(PATIENCE * 1000), said
        said = daemon.listen()


def wait_for_end(daemon):
    while daemon.descriptors:
        poll = select.poll()
        poll.register(daemon.descriptors[0], select.POLLIN)
        assert poll.poll(PATIENCE * 1000)
        daemon.listen()
    daemon._process.wait(PATIENCE)


def test_it_runs_until_it_is_ended(forever):
    daemon = sh(f"trap 'exit 0' TERM; echo ready; {forever}")
    wait_for_words(daemon, "ready")
    assert daemon.is_running()
    assert daemon.name == "sh"
    daemon.end()
    assert not daemon.is_running()
    daemon.end()


def test_another_signal_may_be_what_ends_it(forever):
    daemon = sh(
        f"trap '' TERM; trap 'exit 3' INT; echo ready; {forever}", stop_signal=signal.SIGINT
    )
    wait_for_words(daemon, "ready")
    daemon.end()
    assert daemon.failure().status == 3


def test_one_that_does_not_end_is_killed(monkeypatch, forever):
    monkeypatch.setattr("canbus.bringup.daemon._PATIENCE", 0.05)
    daemon = sh(f"trap '' TERM; echo ready; {forever}")
    wait_for_words(daemon, "ready")
    daemon.end()
    assert daemon.failure().status == -signal.SIGKILL


def test_its_end_is_told_in_its_own_words():
    daemon = sh("echo one; echo 'ioctl TIOCSETD: Invalid argument' >&2; echo '[6] on'; exit 1")
    wait_for_end(daemon)
    failure = daemon.failure()
    assert str(failure) == "sh ended with status 1: ioctl TIOCSETD: Invalid argument"
    assert (failure.status, failure.output.splitlines()[0]) == (1, "one")
    daemon.end()


def test_one_that_says_nothing_points_to_the_journal():
    daemon = sh("kill -9 $$")
    wait_for_end(daemon)
    assert str(daemon.failure()) == "sh was killed by signal 9"
    assert "journalctl -t sh" in daemon.failure().hint
    daemon.end()


def test_of_much_that_it_says_the_end_is_kept():
    daemon = sh("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done")
    wait_for_end(daemon)
    assert daemon.listen().endswith("line 2999")
    assert len(daemon.listen()) <= 4000
    daemon.end()


def test_one_that_closes_its_output_is_not_listened_to(forever):
    daemon = sh(f"exec >&- 2>&-; {forever}")
    poll = select.poll()
    poll.register(daemon.descriptors[0], select.POLLIN)
    assert poll.poll(PATIENCE * 1000)
    daemon.listen()
    assert (daemon.descriptors, daemon.is_running()) == ([], True)
    daemon.end()


def test_its_environment_has_more():
    daemon = sh("echo $LIBICSNEO_USE_SERVD", environment={"LIBICSNEO_USE_SERVD": "0"})
    wait_for_end(daemon)
    assert daemon.listen() == "0"
    daemon.end()


def test_what_is_no_program_is_an_error():
    with pytest.raises(CanLinkError, match="cannot start /no/such"):
        Daemon(("/no/such",))


OWNER = """
import os, signal, sys
from canbus.bringup.daemon import Daemon
daemon = Daemon(("/bin/sh", "-c", sys.argv[1]))
os.set_blocking(daemon.descriptors[0], True)
assert os.read(daemon.descriptors[0], 100)
print(daemon.pid, flush=True)
signal.pause()
"""


def test_it_is_told_to_end_when_its_owner_is_killed(tmp_path, forever):
    told = tmp_path / "told"
    script = f"trap 'echo TERM > {told}; exit' TERM; echo ready; {forever}"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, script], stdout=subprocess.PIPE, text=True
    )
    pidfd = os.pidfd_open(int(owner.stdout.readline()))
    owner.kill()
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    assert poll.poll(PATIENCE * 1000)
    os.close(pidfd)
    owner.communicate()
    assert told.read_text() == "TERM\n"


def test_its_words_may_be_lost_but_not_itself():
    daemon = sh("trap '' HUP; grep SigIgn /proc/self/status")
    wait_for_end(daemon)
    ignored = int(daemon.listen().split()[-1], 16)
    assert ignored >> (signal.SIGPIPE - 1) & 1
    daemon.end()
