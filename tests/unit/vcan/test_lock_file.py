"""Lock files: what is at the path, who else has it, and what is not touched."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("flock(2)", allow_module_level=True)

from canbus.backends.vcan import lock_file
from canbus.backends.vcan.lock_file import (
    EXCLUSIVE,
    SHARED,
    LockBusyError,
    LockError,
    Patience,
    lock,
    lock_folder,
    open_file,
    release,
    try_lock,
)
from canbus.errors import CanInitializationError


class FakeTime:
    """A clock that goes on when somebody sleeps; what happens meanwhile is `events`."""

    def __init__(self, *events) -> None:
        self.now = 0.0
        self.events = list(events)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        if self.events:
            self.events.pop(0)()

    def patience(self, seconds: float = 30.0) -> Patience:
        return Patience(seconds, lambda: self.now, self.sleep)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.lock"


def test_a_file_that_is_not_there_is_made_for_all_to_read_whatever_the_umask(path: Path) -> None:
    before = os.umask(0o077)
    try:
        os.close(open_file(path))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_file_that_is_there_is_not_changed(path: Path) -> None:
    path.write_text("somebody's")
    path.chmod(0o444)
    os.close(open_file(path))
    assert path.read_text() == "somebody's"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


@pytest.mark.parametrize("is_there", [True, False])
def test_a_symbolic_link_is_refused_and_not_followed(path: Path, is_there: bool) -> None:
    target = path.with_name("target")
    if is_there:
        target.write_text("precious")
    path.symlink_to(target)
    with pytest.raises(LockError, match="it is a symbolic link") as info:
        open_file(path)
    assert f"sudo rm {path}" in (info.value.hint or "")
    assert target.exists() is is_there


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(path: Path, make) -> None:
    make(path)
    with pytest.raises(LockError, match="is no regular file"):
        open_file(path)


def test_a_folder_that_is_not_there_is_an_error_of_opening(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="cannot be used: No such file") as info:
        open_file(tmp_path / "no" / "x.lock")
    assert isinstance(info.value, CanInitializationError)


def test_one_made_in_between_is_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.open

    def opening(name, flags, mode=0o777):
        if flags & os.O_CREAT:
            os.close(really(name, os.O_CREAT, mode))
        return really(name, flags, mode)

    monkeypatch.setattr(os, "open", opening)
    os.close(open_file(path))


def test_one_that_is_just_being_made_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.touch()
    answers = iter([PermissionError(13, "denied"), PermissionError(13, "denied"), None])
    really = os.open

    def opening(name, flags, mode=0o777):
        refusal = next(answers)
        if refusal:
            raise refusal
        return really(name, flags, mode)

    monkeypatch.setattr(os, "open", opening)
    pauses: list[float] = []
    os.close(open_file(path, pauses.append))
    assert len(pauses) == 2


def test_one_that_may_not_be_read_is_refused_in_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.touch()

    def opening(*_: object) -> int:
        raise PermissionError(13, "denied")

    monkeypatch.setattr(os, "open", opening)
    with pytest.raises(LockError, match="cannot be used"):
        open_file(path, lambda _: None)


def test_many_share_and_one_has_it_alone(path: Path) -> None:
    first, second = (lock(path, SHARED, Patience(0)) for _ in range(2))
    with pytest.raises(LockBusyError):
        lock(path, EXCLUSIVE, Patience(0))
    release(first)
    assert try_lock(second, EXCLUSIVE)
    with pytest.raises(LockBusyError):
        lock(path, SHARED, Patience(0))
    release(second)
    release(lock(path, EXCLUSIVE, Patience(0)))


def test_waiting_has_an_end_and_says_for_what(path: Path) -> None:
    held = lock(path, EXCLUSIVE, Patience(0))
    clock = FakeTime()
    with pytest.raises(LockBusyError, match=f"has held {path} for 30 s") as info:
        lock(path, EXCLUSIVE, clock.patience())
    assert 30 <= clock.now < 30.2
    assert f"fuser -v {path}" in (info.value.hint or "")
    release(held)


def test_it_is_had_as_soon_as_the_other_lets_go(path: Path) -> None:
    held = lock(path, EXCLUSIVE, Patience(0))
    clock = FakeTime(lambda: None, lambda: release(held))
    release(lock(path, EXCLUSIVE, clock.patience()))
    assert clock.now < 0.1


def test_a_file_that_was_removed_meanwhile_is_not_mistaken_for_the_new_one(path: Path) -> None:
    held = lock(path, EXCLUSIVE, Patience(0))

    def leave() -> None:
        lock_file.remove(held, path)
        release(held)

    clock = FakeTime(leave)
    mine = lock(path, EXCLUSIVE, clock.patience())
    assert lock_file.is_at(mine, path)
    with pytest.raises(LockBusyError):
        lock(path, EXCLUSIVE, Patience(0))
    release(mine)


def test_only_the_file_that_is_locked_is_removed(path: Path) -> None:
    old = lock(path, EXCLUSIVE, Patience(0))
    path.unlink()
    path.write_text("another one")
    lock_file.remove(old, path)
    assert path.read_text() == "another one"
    release(old)


def test_a_copy_of_the_descriptor_keeps_no_lock_once_it_is_released(path: Path) -> None:
    mine = lock(path, EXCLUSIVE, Patience(0))
    copy = os.dup(mine)  # as a forked child has
    release(mine)
    release(lock(path, EXCLUSIVE, Patience(0)))
    os.close(copy)


def test_closing_a_copy_drops_no_lock(path: Path) -> None:
    mine = lock(path, SHARED, Patience(0))
    os.close(os.dup(mine))
    with pytest.raises(LockBusyError):
        lock(path, EXCLUSIVE, Patience(0))
    release(mine)


@pytest.mark.parametrize(
    ("mode", "is_taken"), [(0o1777, True), (0o777, False), (0o1755, False), (None, False)]
)
def test_the_folder_is_one_that_all_may_write_to(
    tmp_path: Path, mode: int | None, is_taken: bool
) -> None:
    first, last = tmp_path / "first", tmp_path / "last"
    if mode is not None:
        first.mkdir()
        first.chmod(mode)
    assert lock_folder((first, last)) == (first if is_taken else last)
