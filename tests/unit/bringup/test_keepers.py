"""Keepers as processes: started, found, stopped, killed; with daemons that make no links.

Those that do are slcand (tests/kernel, tests/hardware) and Intrepid's.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from canbus.bringup import keeper_files, keepers
from canbus.bringup.care import Care, WantedLink
from canbus.bringup.daemon import DaemonEndedError
from canbus.errors import CanLinkError, CanTimeoutError
from canbus.link_config import LinkConfig
from canbus.place import HERE

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
    monkeypatch.setattr(keeper_files, "SYSTEM", place.folder)
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
keeper_files.SYSTEM = Path(sys.argv[1])
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


def test_a_state_that_others_could_write_is_not_believed(place):
    keeper = keepers.start(place.care())
    place.wait_for_daemon()
    os.kill(keeper.pid, signal.SIGKILL)
    assert is_over(keeper.pid)
    place.folder.chmod(0o777)
    keepers.clear_stale()
    assert place.files == ["can0.json", "can0.lock", "can0.log"]
    place.folder.chmod(0o755)
    keepers.clear_stale()
    assert place.files == []


def test_a_keeper_in_a_folder_where_others_may_write_is_not_found(place):
    keeper = keepers.start(place.care())
    place.folder.chmod(0o777)
    found = keepers.find("can0")
    place.folder.chmod(0o755)
    assert (found, keepers.find("can0")) == (None, keeper)


STARTER = """
import sys
from pathlib import Path
from canbus.bringup import keeper_files, keepers
from canbus.bringup.care import Care, WantedLink
from canbus.link_config import LinkConfig
keeper_files.SYSTEM = Path(sys.argv[1])
links = (WantedLink(name="canNone", config=LinkConfig()),)
program = ("/bin/sh", "-c", sys.argv[2])
keepers.start(Care(key="can0", what="x", program=program, links=links, patience=600.0))
"""


@pytest.fixture
def coming(place):
    """A process that waits for a keeper to come up, which never does; and that keeper."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(place.folder), place.care().program[2]],
        stderr=subprocess.PIPE,
        text=True,
    )
    place.wait_for_daemon()
    deadline = time.monotonic() + PATIENCE
    while (keeper := keepers.find("can0")) is None or keeper.daemon is None:  # written a bit later
        assert time.monotonic() < deadline
    with starter:
        yield starter, keeper
        starter.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_is_not_up_yet_does_not_outlive_who_waits_for_it(place, coming, number):
    starter, keeper = coming
    starter.send_signal(number)
    starter.communicate()
    assert (is_over(keeper.pid), is_over(keeper.daemon)) == (True, True)
    assert place.told.read_text() == "over\n"
    assert place.files == []


def test_after_ctrl_c_nothing_is_left_when_the_error_comes(place, coming):
    starter, keeper = coming
    starter.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in starter.communicate()[1]
    assert (place.files, is_over(keeper.daemon, 0)) == ([], True)


def test_one_that_still_comes_up_is_found_and_stopped(place, coming):
    starter, keeper = coming
    assert (keeper.is_ready, keeper.links) == (False, ())
    keeper.stop()
    assert "can0: stopped while it came up" in starter.communicate()[1]
    assert (place.files, keepers.find_all()) == ([], [])


def rewrite(place, **facts):
    """A state as another keeper, or another version of this package, would write it."""
    path = place.folder / "can0.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))


@pytest.mark.parametrize(
    "facts",
    [
        {"care": {"of_the_next_version": 1}},
        {"care": []},
        {"care": None, "links": None, "daemon": "x"},
        {"started": None, "namespace": None},
    ],
    ids=["care", "list", "nothing", "earlier"],
)
def test_a_state_of_another_version_does_for_finding_and_stopping(place, facts):
    pid = keepers.start(place.care()).pid
    rewrite(place, **facts)
    keeper = keepers.find("can0")
    assert keeper is not None
    assert (keeper.pid, keeper.care.key) == (pid, "can0")
    keeper.stop()
    assert is_over(pid, 0)
    assert place.files == []


def test_a_damaged_state_of_one_that_was_killed_is_cleared(place):
    keeper = keepers.start(place.care())
    os.kill(keeper.pid, signal.SIGKILL)
    assert is_over(keeper.pid)
    rewrite(place, care={"program": []})
    keepers.clear_stale()
    assert place.files == []


@pytest.fixture
def stranger():
    process = subprocess.Popen(["/bin/sh", "-c", "read x"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("says_when", [True, False])
def test_a_number_that_is_somebody_elses_now_is_not_signalled(place, stranger, says_when):
    keeper = keepers.start(place.care())
    os.kill(keeper.pid, signal.SIGKILL)
    assert is_over(keeper.pid)
    started = -1 if says_when else None
    stale = replace(keeper, pid=stranger.pid, started=started)
    stale.stop()
    assert not is_over(stranger.pid, 0)
    assert stale.wait() == 0  # it has ended long since
    assert place.files == []


def test_a_lock_that_is_held_makes_no_dead_keeper_live(place):
    keeper = keepers.start(place.care())
    os.kill(keeper.pid, signal.SIGKILL)
    assert is_over(keeper.pid)
    files = keeper_files.KeeperFiles(place.folder, "can0")
    files.lock()  # somebody clears up, say
    assert keepers.find_all() == []
    files.remove()


def test_one_of_another_network_namespace_is_passed_over(place):
    keeper = keepers.start(place.care())
    assert keeper.namespace == HERE.identity()
    rewrite(place, namespace=1)
    assert keepers.find("can0") is None
    assert [one.pid for one in keepers.find_all()] == [keeper.pid]


def test_an_interpreter_that_is_gone_is_an_error_here(place, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(CanLinkError, match="cannot start /no/such/python: No such file"):
        keepers.start(place.care())
    assert place.files == []
