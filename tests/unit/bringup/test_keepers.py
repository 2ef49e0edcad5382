"""Keepers as processes: started, found, stopped, killed; with daemons that make no links.

Those that do are slcand (tests/kernel, tests/hardware) and Intrepid's.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

from canbus.bringup import keeper_files, keepers
from canbus.bringup.care import Care, WantedLink
from canbus.bringup.daemon import DaemonEndedError
from canbus.errors import CanLinkError, CanTimeoutError
from canbus.link_config import LinkConfig

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="keepers are for Linux")

PATIENCE = 20.0


class Place:
    """Where the keepers of a test have their files, and what they keep running."""

    def __init__(self, tmp_path):
        self.folder = tmp_path / "canbus"
        self.told = tmp_path / "told"
        for name in ("pipe", "ready"):
            os.mkfifo(tmp_path / name)
        self._ready = tmp_path / "ready"
        self.forever = f"exec 2>&-; while :; do read x < {tmp_path}/pipe; done"

    def care(self, script=None, **facts):
        trap = f"trap 'echo over > {self.told}; exit 0' TERM; echo ready > {self._ready}"
        told = f"{trap}; {self.forever}"
        return Care(
            **{
                "key": "can0",
                "what": "a daemon",
                "program": ("/bin/sh", "-c", script or told),
                "links": (),
                "facts": {"bitrate": 250_000},
                **facts,
            }
        )

    def wait_for_daemon(self):
        """Until it hears signals as it shall."""
        assert self._ready.read_text() == "ready\n"

    @property
    def files(self):
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def place(tmp_path, monkeypatch):
    place = Place(tmp_path)
    for module in (keeper_files, keepers):
        monkeypatch.setattr(module, "SYSTEM", place.folder)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    yield place
    for keeper in keepers.find_all():
        keeper.stop()


def is_over(pid, timeout=PATIENCE):
    """Whether a process ends in time; one that is dead and not reaped is over."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    ready = poll.poll(timeout * 1000)
    os.close(pidfd)
    return bool(ready)


def test_it_is_started_found_and_stopped(place):
    assert keepers.find("can0") is None
    keeper = keepers.start(place.care())
    assert keepers.find("can0") == keeper
    assert (keeper.what, keeper.request, keeper.links) == ("a daemon", {"bitrate": 250_000}, ())
    assert place.files == ["can0.json", "can0.lock", "can0.log"]
    place.wait_for_daemon()
    daemon = keeper.daemon
    assert daemon is not None
    assert not is_over(daemon, 0)
    keeper.stop()
    assert (is_over(keeper.pid, 0), is_over(daemon, 0)) == (True, True)
    assert place.told.read_text() == "over\n"
    assert (place.files, keepers.find("can0")) == ([], None)


def test_it_is_nobodys_child(place):
    keeper = keepers.start(place.care())
    with pytest.raises(ChildProcessError):
        os.waitpid(keeper.pid, os.WNOHANG)
    assert os.getsid(keeper.pid) != os.getsid(0)


def test_there_is_one_for_a_key(place):
    keepers.start(place.care())
    with pytest.raises(CanLinkError, match="another process") as info:
        keepers.start(place.care())
    assert info.value.hint == "canbus down can0"
    keepers.start(place.care(key="can1"))
    assert [one.care.key for one in keepers.find_all()] == ["can0", "can1"]


def test_a_daemon_that_fails_is_an_error_here(place):
    with pytest.raises(DaemonEndedError, match="sh ended with status 3: no device") as info:
        keepers.start(
            place.care(
                "echo no device >&2; exit 3",
                links=(WantedLink(name="can0", config=LinkConfig()),),
            )
        )
    assert (info.value.status, info.value.output) == (3, "no device")
    assert place.files == []


def test_a_link_that_does_not_come_is_an_error_here(place):
    links = (WantedLink(name="canNone", config=LinkConfig()),)
    with pytest.raises(CanTimeoutError, match=r"no interface canNone after 0\.2 s"):
        keepers.start(place.care(links=links, patience=0.2))
    assert place.files == []


def test_what_is_no_program_is_an_error_here(place):
    with pytest.raises(CanLinkError, match="cannot start /no/such"):
        keepers.start(place.care(program=("/no/such",)))
    assert place.files == []


def test_killed_it_takes_its_daemon_along_and_leaves_what_is_known_to_be_stale(place):
    keeper = keepers.start(place.care())
    os.kill(keeper.pid, signal.SIGKILL)
    assert is_over(keeper.pid)
    assert is_over(keeper.daemon or 0)
    assert keepers.find("can0") is None
    assert len(place.files) > 0
    keepers.clear_stale()
    assert place.files == []


def test_a_new_one_takes_the_place_of_one_that_was_killed(place):
    first = keepers.start(place.care())
    os.kill(first.pid, signal.SIGKILL)
    assert is_over(first.pid)
    second = keepers.start(place.care())
    assert is_over(first.daemon or 0, 0)  # waited for
    assert keepers.find("can0") == second


def test_one_that_does_not_end_is_killed(place):
    keeper = keepers.start(place.care())
    os.kill(keeper.pid, signal.SIGSTOP)
    keeper.stop(timeout=0.1)
    assert is_over(keeper.pid, 0)
    assert place.files == []


def test_a_state_that_cannot_be_written_is_logged_and_no_end(place, tmp_path):
    keeper = keepers.start(place.care())
    place.wait_for_daemon()
    place.folder.rename(tmp_path / "moved")
    os.kill(keeper.daemon or 0, signal.SIGKILL)
    place.wait_for_daemon()  # the next one
    assert "cannot write the state" in (tmp_path / "moved" / "can0.log").read_text()
    (tmp_path / "moved").rename(place.folder)
    keeper.stop()
    assert place.files == []


def test_in_the_foreground_it_is_waited_for(place, capfd):
    keeper = keepers.start(place.care(), foreground=True)
    assert place.files == ["can0.json", "can0.lock"]  # its log is our stderr
    found = keepers.find("can0")
    assert found is not None
    os.kill(keeper.pid, signal.SIGTERM)
    assert found.wait() == 0
    assert "can0: stopped" in capfd.readouterr().err
    assert place.files == []


OWNER = """
import sys
from pathlib import Path
from canbus.bringup import keeper_files, keepers
from canbus.bringup.care import Care
keeper_files.SYSTEM = keepers.SYSTEM = Path(sys.argv[1])
care = Care(key="can0", what="x", program=("/bin/sh", "-c", sys.argv[2]), links=())
keeper = keepers.start(care, foreground=True)
print(keeper.pid, keeper.daemon, flush=True)
keeper.wait()
"""


def test_in_the_foreground_it_does_not_outlive_its_owner(place):
    script = place.care().program[2]
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(place.folder), script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    keeper, daemon = map(int, owner.stdout.readline().split())
    place.wait_for_daemon()
    owner.kill()
    owner.communicate()
    assert (is_over(keeper), is_over(daemon)) == (True, True)
    assert place.told.read_text() == "over\n"
    assert place.files == []


def test_a_state_of_somebody_else_is_not_believed(place, tmp_path, monkeypatch):
    keeper = keepers.start(place.care())
    monkeypatch.setattr(keepers, "SYSTEM", tmp_path / "elsewhere")
    assert keepers.find("can0") == keeper  # our own folder
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert keepers.find("can0") is None
    monkeypatch.undo()
    keeper.stop()
