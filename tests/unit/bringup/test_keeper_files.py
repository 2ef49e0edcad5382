"""The lock, the state and the log of a keeper: who finds what, and after which end."""

from __future__ import annotations

import errno
import fcntl
import os
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

    def set_lock(fd, command, how, real=fcntl.fcntl):
        if steps and command == fcntl.F_OFD_SETLK:
            steps.pop()()
        return real(fd, command, how)

    monkeypatch.setattr(fcntl, "fcntl", set_lock)
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
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() or 1000)  # root has no other
    assert writable_folder() == tmp_path / "canbus"
    assert folders() == [tmp_path / "canbus"]
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    with pytest.raises(CanLinkPermissionError, match="nowhere"):
        writable_folder()


@pytest.mark.parametrize("kind", ["link", "open to others"])
def test_a_folder_that_others_may_write_is_not_believed(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(keeper_files, "SYSTEM", tmp_path / "nowhere" / "canbus")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() or 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "canbus"
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    assert folders() == []
    with pytest.raises(CanLinkPermissionError, match="others may write"):
        writable_folder()


def test_root_does_not_believe_a_users_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "canbus").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert tmp_path / "canbus" not in folders()


def test_looking_does_not_keep_a_keeper_from_starting(tmp_path, holder, monkeypatch):
    holder.kill()
    holder.wait()
    looker, keeper = KeeperFiles(tmp_path, "can0"), KeeperFiles(tmp_path, "can0")
    steps: list[Callable[[], None]] = [keeper.lock]  # between the question and its end

    def close(fd, real=os.close):
        if steps:
            steps.pop()()
        real(fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "close", close)
        assert not looker.is_locked()
    assert looker.is_locked()


def test_only_its_owner_can_hold_a_lock(tmp_path, monkeypatch):
    files = KeeperFiles(tmp_path, "can0")
    files.lock()
    files.write({"pid": 1})
    modes = {path.suffix: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {".lock": 0o600, ".json": 0o644}

    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    assert KeeperFiles(tmp_path, "can0").is_locked()
