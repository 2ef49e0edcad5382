"""The backend `vcan` with users in other processes, killed ones, and ones without rights."""

from __future__ import annotations

import errno
import subprocess
import sys

from canbus import links
from canbus.backends.vcan.interface import MARK
from tests.kernel.vcan_users import User, link, lock_files, open_bus

NO_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


# -- other processes ----------------------------------------------------------------------


_CROWD = """
import os, sys, traceback
import canbus as can
import canbus.backends.vcan.bus, pyroute2  # once, for all that are forked
name, number = sys.argv[1], int(sys.argv[2])
(wait_start, start), (wait_send, send) = os.pipe(), os.pipe()  # closed: all go on at once
children = []
for place in range(number):
    is_open, tell_open = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell_open)
        children.append((pid, is_open))
        continue
    os.close(start), os.close(send)
    status = 1
    try:
        os.read(wait_start, 1)
        with can.Bus(name, interface="vcan", on_loss="count") as bus:
            os.write(tell_open, b"x")
            os.read(wait_send, 1)
            bus.send(can.Message(arbitration_id=place, is_extended_id=False))
            seen = {place}
            while len(seen) < number:
                seen.add(bus.recv(60).arbitration_id)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
os.close(start)
are_open = [os.read(is_open, 1) == b"x" for _, is_open in children]
os.close(send)
assert all(are_open)
assert [os.waitpid(pid, 0)[1] for pid, _ in children] == [0] * number
"""


def _next_index() -> int:
    """The number that the kernel gives to the next interface: one more each time."""
    with links.temporary_vcan() as made:
        return made.index + 1


def test_fifty_processes_at_once_make_one_and_remove_it(name: str) -> None:
    before = _next_index()
    command = [sys.executable, "-c", _CROWD, name, "50"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    assert link(name) is None
    assert lock_files(name) == []
    assert _next_index() - before == 2, "one was made, and the one that is asked for the number"


def test_who_made_it_may_be_killed_while_another_uses_it(name: str) -> None:
    maker = User(name)
    other = User(name)
    maker.kill()
    assert link(name) is not None
    assert other.leave() == ""
    assert link(name) is None


def test_after_the_only_user_was_killed_the_next_one_removes_it(name: str) -> None:
    User(name).kill()
    assert link(name).alias == MARK
    assert User(name).leave() == ""
    assert link(name) is None


_FORK = """
import os, sys
import canbus as can
name = sys.argv[1]
bus, other = can.Bus(name, interface="vcan"), can.Bus(name, interface="vcan")
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        bus.shutdown(), other.shutdown()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
other.shutdown()  # would be the last, if a child had left for its parent
bus.send(can.Message(arbitration_id=1))
pid = os.fork()
if pid == 0:  # with its copy open, for as long as the parent lets it
    sys.stdin.readline()
    os._exit(0)
with can.Bus(name, interface="vcan"):
    bus.shutdown()
print("unharmed", flush=True)
with can.Bus(name, interface="vcan"):  # the child's copy keeps nobody out
    pass
sys.stdin.readline()
assert os.waitpid(pid, 0)[1] == 0
"""


def test_a_forked_child_neither_removes_it_nor_keeps_others_out(name: str) -> None:
    command = [sys.executable, "-c", _FORK, name]
    done = subprocess.run(command, input="\n\n", capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("unharmed\n", "", 0)
    open_bus(name).shutdown()
    assert link(name) is None


# -- without rights -----------------------------------------------------------------------


def without_rights(
    name: str, then: str = "", **options: object
) -> subprocess.CompletedProcess[str]:
    code = f"""
import canbus as can
try:
    bus = can.Bus({name!r}, interface="vcan", **{options!r})
except can.CanPermissionError as exc:
    assert isinstance(exc, can.CanInitializationError)
    print(exc, exc.hint, sep="\\n")
else:
    {then or "pass"}
    bus.shutdown()
    print("used")
"""
    return subprocess.run(
        [*NO_RIGHTS, sys.executable, "-c", code], capture_output=True, text=True, check=False
    )


def test_without_rights_the_error_has_the_commands_that_help(name: str) -> None:
    done = without_rights(name)
    text, hint = done.stdout.splitlines()
    assert text == (
        f"cannot open {name}: there is no such interface, and making it needs CAP_NET_ADMIN "
        f"[Error Code {errno.EPERM}]"
    )
    assert hint == (f"sudo ip link add dev {name} type vcan mtu 72 && sudo ip link set {name} up")
    assert link(name) is None
    assert lock_files(name) == []
    subprocess.run(["sh", "-c", hint.replace("sudo ", "")], check=True)
    assert without_rights(name).stdout == "used\n"
    assert link(name) is not None


def test_without_rights_one_that_is_down_stays_so(name: str) -> None:
    links.create_vcan(name, up=False)
    text, hint = without_rights(name).stdout.splitlines()
    assert "it is down, and changing that needs CAP_NET_ADMIN" in text
    assert hint == f"sudo ip link set {name} up"
    assert not link(name).is_up


def test_without_rights_persist_is_refused_for_what_will_go(name: str) -> None:
    with open_bus(name):
        text, hint = without_rights(name, persist=True).stdout.splitlines()
        assert "it will be removed with its last user" in text
        assert link(name).alias == MARK
        subprocess.run(["sh", "-c", hint.replace("sudo ", "")], check=True)
        assert link(name).alias is None


def test_a_last_user_without_rights_says_how_to_remove_it(name: str) -> None:
    User(name).kill()
    done = without_rights(name)
    assert done.stdout == "used\n"
    assert "CanWarning" in done.stderr
    assert f"needs CAP_NET_ADMIN. sudo ip link del {name}" in done.stderr
    assert link(name).alias == MARK
    open_bus(name).shutdown()
    assert link(name) is None


_ANOTHER_USER = """
import os, sys
import canbus as can
from canbus.links import temporary_vcan
with temporary_vcan() as link:  # imports everything while this may still be read
    can.Bus(link.name, interface="vcan").shutdown()
os.setuid(65534)
bus = can.Bus(sys.argv[1], interface="vcan")
print("there", flush=True)
sys.stdin.readline()
bus.shutdown()
"""


def test_users_of_several_accounts_share_it(name: str) -> None:
    with open_bus(name) as bus:
        with subprocess.Popen(
            [sys.executable, "-c", _ANOTHER_USER, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdout.readline() == "there\n", other.communicate()[1]
            bus.shutdown()
            assert link(name) is not None
            _, err = other.communicate("\n", timeout=60)
        assert f"needs CAP_NET_ADMIN. sudo ip link del {name}" in err
    open_bus(name).shutdown()
    assert link(name) is None


def test_lock_files_of_another_account_are_no_obstacle(name: str) -> None:
    links.create_vcan(name)
    with subprocess.Popen(
        [sys.executable, "-c", _ANOTHER_USER, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "there\n"
        assert len(lock_files(name)) == 2
        open_bus(name).shutdown()
        other.communicate("\n", timeout=60)
    assert lock_files(name) == []
