"""Provision: users come and go in every order; the interface is a fake, the locks are real."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("flock(2)", allow_module_level=True)

from canbus.backends.vcan import lock_file
from canbus.backends.vcan.lock_file import LockBusyError, LockError, Patience
from canbus.backends.vcan.provision import Provision
from canbus.errors import CanPermissionError, CanWarning
from tests.interruptions import at_every_step, interrupted


class FakeInterface:
    """An interface of a kernel without any: there or not, ours or not."""

    name = "vcan0"

    def __init__(self) -> None:
        self.is_there = self.is_foreign = False
        self.log: list[str] = []
        self.refusal: Exception | None = None
        self.problem: str | None = None
        self.meanwhile = lambda: None

    def provide(self) -> None:
        self.meanwhile()
        if self.refusal is not None:
            raise self.refusal
        if not self.is_there:
            self.log.append("made")
        self.is_there = True

    def stays(self) -> bool:
        return self.is_there and self.is_foreign

    def remove(self) -> str | None:
        self.meanwhile()
        if self.problem is None and self.is_there and not self.is_foreign:
            self.log.append("removed")
            self.is_there = False
        return self.problem


@pytest.fixture
def interface() -> FakeInterface:
    return FakeInterface()


@pytest.fixture
def user(interface: FakeInterface, tmp_path: Path):
    def make() -> Provision:
        return Provision(interface, 7, folder=tmp_path, patience=lambda: Patience(0))  # type: ignore[arg-type]

    return make


def ctrl_c() -> None:
    raise KeyboardInterrupt


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_made_once_and_removed_once(interface, user, tmp_path) -> None:
    one, two, three = user(), user(), user()
    one.join()
    two.join()
    one.leave()
    three.join()
    two.leave()
    assert interface.log == ["made"]
    assert files(tmp_path) == ["canbus-vcan-7-vcan0.change", "canbus-vcan-7-vcan0.users"]
    three.leave()
    assert interface.log == ["made", "removed"]
    assert files(tmp_path) == []


def test_leaving_twice_is_leaving_once(interface, user) -> None:
    one, two = user(), user()
    one.join()
    one.leave()
    two.join()
    one.leave()
    assert interface.is_there
    two.leave()


def test_nobody_comes_while_the_last_one_leaves(interface, user) -> None:
    one, two = user(), user()
    one.join()
    tried: list[bool] = []

    def try_to_come() -> None:
        with pytest.raises(LockBusyError):
            two.join()
        tried.append(True)

    in_another_thread(interface, try_to_come)
    one.leave()
    assert tried == [True]
    interface.meanwhile = lambda: None
    two.join()
    two.leave()
    assert interface.log == ["made", "removed", "made", "removed"]


def in_another_thread(interface: FakeInterface, work) -> None:
    import threading

    def meanwhile() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(10)

    interface.meanwhile = meanwhile


def test_a_failure_leaves_nothing_behind(interface, user, tmp_path) -> None:
    interface.refusal = CanPermissionError("no")
    with pytest.raises(CanPermissionError):
        user().join()
    assert files(tmp_path) == []
    interface.refusal = None
    one = user()
    one.join()
    interface.refusal = CanPermissionError("no")
    with pytest.raises(CanPermissionError):
        user().join()
    assert interface.is_there
    one.leave()
    assert interface.log == ["made", "removed"]
    assert files(tmp_path) == []


def test_what_could_not_be_removed_is_told(interface, user) -> None:
    one = user()
    one.join()
    interface.problem = "vcan0 stays"
    with pytest.warns(CanWarning, match="vcan0 stays"):
        one.leave()


def test_a_killed_user_counts_no_more(interface, user) -> None:
    one, two = user(), user()
    one.join()
    two.join()
    os.close(one._use)  # what the kernel does
    two.leave()
    assert interface.log == ["made", "removed"]
    one._use = None


def test_a_forked_child_changes_nothing(interface, user) -> None:
    one = user()
    one.join()
    child = user()
    child._use, child._pid = os.dup(one._use), os.getpid() + 1
    child.leave()
    assert interface.is_there
    with pytest.raises(LockBusyError):
        lock_file.lock(one._users, lock_file.EXCLUSIVE, Patience(0))
    one.leave()
    assert not interface.is_there


def test_a_copy_that_a_child_keeps_does_not_keep_others_out(interface, user) -> None:
    one = user()
    one.join()
    copy = os.dup(one._use)
    one.leave()
    two = user()
    two.join()
    two.leave()
    os.close(copy)
    assert interface.log == ["made", "removed"] * 2


def test_who_joins_again_is_one_user(interface, user, tmp_path) -> None:
    one = user()
    one.join()
    interface.is_there = False
    one.join()
    assert interface.log == ["made", "made"]
    one._users.unlink()  # somebody tidies up
    one.join()
    assert one._users.exists()
    one.leave()
    assert files(tmp_path) == []


def test_a_signal_handler_that_closes_within_does_so_afterwards(interface, user) -> None:
    one, two = user(), user()
    one.join()
    two.join()
    three = user()
    interface.meanwhile = one.leave
    three.join()
    interface.meanwhile = lambda: None
    assert one._use is None
    two.leave()
    three.leave()
    assert interface.log == ["made", "removed"]


def test_a_signal_handler_that_opens_within_is_refused(interface, user) -> None:
    one, two = user(), user()
    interface.meanwhile = two.join
    with pytest.raises(LockBusyError, match="a signal handler has interrupted"):
        one.join()


def test_without_locks_only_what_stays_is_used(interface, user, tmp_path) -> None:
    (tmp_path / "canbus-vcan-7-vcan0.change").symlink_to("/nowhere")
    with pytest.raises(LockError, match="symbolic link"):
        user().join()
    assert interface.log == []
    interface.is_there = True
    with pytest.raises(LockError):
        user().join()
    interface.is_foreign = True
    one = user()
    one.join()
    one.leave()
    assert interface.is_there


def test_a_lock_that_others_keep_is_told_at_the_end_too(interface, user) -> None:
    one = user()
    one.join()
    held = lock_file.lock(one._change, lock_file.EXCLUSIVE, Patience(0))
    with pytest.raises(LockBusyError) as info:
        user().join()
    assert info.value.error_code == errno.EAGAIN
    with pytest.warns(CanWarning, match="vcan0 may stay"):
        one.leave()
    lock_file.release(held)
    last = user()
    last.join()
    last.leave()
    assert interface.log == ["made", "removed"]


def test_ctrl_c_at_any_step_of_leaving_leaves_nothing_behind(interface, user, tmp_path) -> None:
    def try_one(step: int) -> bool:
        one = user()
        one.join()

        def work() -> None:
            try:
                one.leave()
            except KeyboardInterrupt:
                return

        reached = interrupted(work, step + 2, ctrl_c)  # in it, not when it is called
        assert (one._use, interface.is_there, files(tmp_path)) == (None, False, [])
        return reached

    at_every_step(try_one)


def test_ctrl_c_at_any_step_of_joining_leaves_no_lock(interface, user, tmp_path) -> None:
    def try_one(step: int) -> bool:
        one = user()

        def work() -> None:
            try:
                one.join()
            except KeyboardInterrupt:
                one.leave()  # as a bus does

        reached = interrupted(work, step + 1, ctrl_c)  # not in `work` itself
        one.leave()
        next_one = user()
        next_one.join()
        next_one.leave()
        assert (one._use, interface.is_there, files(tmp_path)) == (None, False, [])
        return reached

    at_every_step(try_one)


def test_a_failure_tells_what_stays(interface, user) -> None:
    interface.refusal = CanPermissionError("no")
    interface.problem = "vcan0 stays"
    with pytest.raises(CanPermissionError) as info:
        user().join()
    assert "vcan0 stays" in info.value.__notes__
