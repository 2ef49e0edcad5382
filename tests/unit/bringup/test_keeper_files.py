"""The lock, the state and the log of a keeper: who finds what, and after which end."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable

import pytest

from canbus.bringup import keeper_files
from canbus.bringup.keeper_files import KeeperFiles, all_keys, folders, writable_folder
from canbus.errors import CanLinkError, CanLinkPermissionError

HOLDER = """
import sys
from pathlib import Path
from canbus.bringup.keeper_files import KeeperFiles
files = KeeperFiles(Path(sys.argv[1]), "can0")
files.lock()
files.write({"pid": 1})
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that is the keeper of can0."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.communicate()


def test_there_is_one_keeper_at_a_time(tmp_path, holder):
    files = KeeperFiles(tmp_path, "can0")
    assert files.is_locked()
    assert files.read() == {"pid": 1}
    with pytest.raises(CanLinkError, match="can0") as info:
        files.lock()
    assert info.value.hint == "canbus down can0"


def test_what_a_killed_one_leaves_is_stale_at_once(tmp_path, holder):
    files = KeeperFiles(tmp_path, "can0")
    holder.kill()
    holder.wait()
    assert not files.is_locked()
    assert all_keys(tmp_path) == ["can0"]
    files.lock()
    assert files.is_locked()
    files.remove()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_and_it_may_begin_anew(tmp_path):
    files = KeeperFiles(tmp_path, "can0")
    for number in range(2):
        files.lock()
        files.write({"number": number})
        files.log.write_text("...")
        (tmp_path / ".can0.killed").touch()  # while it wrote
        assert files.read() == {"number": number}
        files.remove()
        assert (files.is_locked(), files.read(), list(tmp_path.iterdir())) == (False, None, [])


def test_a_lock_that_its_holder_removes_meanwhile_is_not_taken_for_one(tmp_path, monkeypatch):
    first, second = KeeperFiles(tmp_path, "can0"), KeeperFiles(tmp_path, "can0")
    first.lock()
    steps: list[Callable[[], None]] = [first.remove]  # between opening and locking

    def flock(fd, how, real=fcntl.flock):
        if steps:
            steps.pop()()
        real(fd, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    second.lock()
    assert KeeperFiles(tmp_path, "can0").is_locked()


def test_a_state_that_makes_no_sense_is_none(tmp_path):
    files = KeeperFiles(tmp_path, "can0")
    for text in ("", "{", "[]"):
        (tmp_path / "can0.json").write_text(text)
        assert files.read() is None


def test_where_the_system_folder_cannot_be_written_it_is_the_users(tmp_path, monkeypatch):
    monkeypatch.setattr(keeper_files, "SYSTEM", tmp_path / "nowhere" / "canbus")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert writable_folder() == tmp_path / "canbus"
    assert folders() == [tmp_path / "nowhere" / "canbus", tmp_path / "canbus"]
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    with pytest.raises(CanLinkPermissionError, match="nowhere"):
        writable_folder()
