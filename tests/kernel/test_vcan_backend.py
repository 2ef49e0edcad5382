"""The backend `vcan`: who makes its interface, who removes it, and whose is left alone."""

from __future__ import annotations

import errno
import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus import links
from canbus.backends.vcan.interface import MARK
from canbus.links import netlink, owning
from canbus.testing.support import Worker, number_of, numbered, receive, wait_until_blocked
from tests.interruptions import at_every_step, interrupted
from tests.kernel.vcan_users import User, candump, link, lock_files

NO_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]

_numbers = count()


@pytest.fixture
def name() -> Iterator[str]:
    """A name that no interface has, and none has afterwards."""
    name = f"made{next(_numbers)}"
    yield name
    left = link(name)
    if left is not None:
        owning.remove(left)
    assert lock_files(name) == []


def open_bus(name: str, **options: Any) -> can.BusABC:
    return can.Bus(name, interface="vcan", **options)


# -- coming and going ---------------------------------------------------------------------


def test_it_is_made_for_the_first_user_and_removed_after_the_last(name: str) -> None:
    with open_bus(name) as first:
        made = link(name)
        assert (made.kind, made.mtu, made.is_up, made.alias) == ("vcan", 72, True, MARK)
        with open_bus(name) as second:
            first.send(numbered(1))
            assert number_of(receive(second)) == 1
        assert link(name) == made
    assert link(name) is None


def test_the_last_user_removes_it_though_another_has_made_it(name: str) -> None:
    first, second = open_bus(name), open_bus(name)
    first.shutdown()
    assert link(name) is not None
    second.shutdown()
    assert link(name) is None


def test_the_channel_is_vcan0_by_default() -> None:
    assert link("vcan0") is None
    with can.Bus(interface="vcan") as bus:
        assert str(bus) == "vcan vcan0"
        assert link("vcan0") is not None
    assert link("vcan0") is None


def test_shutdown_twice_removes_nothing_of_somebody_else(name: str) -> None:
    bus = open_bus(name)
    bus.shutdown()
    with open_bus(name) as other:
        bus.shutdown()
        assert other.recv(0) is None
        assert link(name) is not None


def test_a_bus_that_is_forgotten_says_so_and_leaves(name: str) -> None:
    bus = open_bus(name)
    del bus
    with pytest.warns(ResourceWarning):
        gc.collect()
    assert link(name) is None


def test_an_interpreter_that_ends_with_an_open_bus_leaves(name: str) -> None:
    code = f"import canbus as can; bus = can.Bus({name!r}, interface='vcan')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert link(name) is None


def test_a_thread_that_waits_is_no_listener_when_the_bus_closes(name: str) -> None:
    bus = open_bus(name)
    workers = [Worker(lambda: bus.recv(None)) for _ in range(3)]
    wait_until_blocked(*workers)
    bus.shutdown()
    assert link(name) is None
    assert all(isinstance(worker.error(), can.CanClosedError) for worker in workers)


def test_what_a_bus_was_used_for_does_not_keep_it(name: str) -> None:
    bus, other = open_bus(name), open_bus(name)
    bus.send_periodic(numbered(1), 0.01)
    other.watch(0x123, period=1.0)
    other.send(numbered(1), timeout=1.0, confirm=True)
    receive(other)
    bus.shutdown()
    other.shutdown()
    assert link(name) is None


def test_a_constructor_that_fails_leaves_nothing_behind(name: str) -> None:
    with pytest.raises(can.CanConfigError, match="timestamping"):
        open_bus(name, timestamping="never")
    assert link(name) is None
    with open_bus(name), pytest.raises(can.CanConfigError):
        open_bus(name, timestamping="never")
    assert link(name) is None


@pytest.mark.parametrize("channel", ["", "much-too-long-a-name", "a b", "a/b", 5])
def test_a_channel_that_can_be_no_interface_is_refused(channel: object) -> None:
    with pytest.raises(can.CanConfigError):
        can.Bus(channel, interface="vcan")


def test_a_signal_handler_may_close_the_bus_that_waits(name: str) -> None:
    bus = open_bus(name)
    before = signal.signal(signal.SIGUSR1, lambda *_: bus.shutdown())
    try:
        waiter = threading.get_ident()
        threading.Thread(target=lambda: signal.pthread_kill(waiter, signal.SIGUSR1)).start()
        with pytest.raises(can.CanClosedError):
            bus.recv(None)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert link(name) is None


# -- other people's -----------------------------------------------------------------------


def test_an_interface_that_was_there_is_never_removed(name: str) -> None:
    links.create_vcan(name)
    before = link(name)
    with open_bus(name), open_bus(name):
        pass
    assert link(name) == before


def test_an_interface_that_is_down_is_brought_up_and_stays_up(name: str) -> None:
    links.create_vcan(name, up=False)
    with open_bus(name) as bus:
        bus.send(numbered(1))
    assert link(name).is_up


def test_it_stays_while_another_program_listens_and_goes_after_the_next(name: str) -> None:
    bus = open_bus(name)
    with candump(name) as dump:
        bus.send(numbered(1))
        bus.shutdown()
        assert link(name).alias == MARK
        assert name.encode() in dump.stdout.readline()
        subprocess.run(["cansend", name, "123#01"], check=True)
        assert name.encode() in dump.stdout.readline()
    open_bus(name).shutdown()
    assert link(name) is None


def test_a_socketcan_bus_is_another_program(name: str) -> None:
    with open_bus(name) as bus, can.Bus(name, interface="socketcan") as other:
        bus.shutdown()
        assert link(name) is not None
        other.send(numbered(1))
    open_bus(name).shutdown()
    assert link(name) is None


def test_an_interface_of_another_kind_is_refused(name: str) -> None:
    with pytest.raises(can.CanConfigError, match="lo is not a CAN interface"):
        open_bus("lo")
    links.create_vxcan(name, f"{name}p")
    with pytest.raises(can.CanConfigError, match="of kind vxcan, not vcan") as info:
        open_bus(name)
    assert "socketcan" in info.value.hint


# -- persist ------------------------------------------------------------------------------


def test_persist_keeps_what_is_made(name: str) -> None:
    open_bus(name, persist=True).shutdown()
    assert link(name).alias is None
    open_bus(name).shutdown()
    assert link(name) is not None


def test_persist_keeps_what_was_made_to_go(name: str) -> None:
    with open_bus(name):
        open_bus(name, persist=True).shutdown()
        assert link(name).alias is None
    assert link(name) is not None


# -- what fits ----------------------------------------------------------------------------


def test_fd_is_carried_by_what_a_classic_bus_has_made(name: str) -> None:
    with open_bus(name, fd=False), open_bus(name, fd=True) as bus, open_bus(name, fd=True) as peer:
        bus.send(can.Message(arbitration_id=1, is_fd=True, data=bytes(64)))
        assert receive(peer).is_fd


def test_xl_makes_it_large_enough(name: str) -> None:
    with open_bus(name, xl=True) as bus, open_bus(name, xl=True) as peer:
        assert link(name).mtu == 2060
        bus.send(can.XlMessage(arbitration_id=1, data=bytes(2048)))
        assert receive(peer).dlc == 2048


@pytest.mark.parametrize(("mtu", "option"), [(16, "fd"), (72, "xl")])
def test_one_that_is_too_small_is_refused_with_the_commands_that_help(
    name: str, mtu: int, option: str
) -> None:
    links.create_vcan(name, fd=mtu == 72)
    with pytest.raises(can.CanUnsupportedError, match=f"its MTU is {mtu}") as info:
        open_bus(name, **{option: True})
    subprocess.run(["sh", "-c", info.value.hint.replace("sudo ", "").split(";")[0]], check=True)
    open_bus(name, **{option: True}).shutdown()


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


# -- removed by others --------------------------------------------------------------------


def test_reopen_makes_it_anew(name: str) -> None:
    with open_bus(name) as bus, open_bus(name) as other:
        links.delete_link(name)
        with pytest.raises(can.CanChannelNotFoundError):
            bus.recv(0)
        bus.reopen()
        assert link(name).alias == MARK
        other.reopen()
        bus.send(numbered(1))
        while True:
            try:
                assert number_of(receive(other)) == 1
                break
            except can.CanChannelNotFoundError:
                pass
    assert link(name) is None


def test_one_that_others_removed_is_no_trouble_at_the_end(name: str) -> None:
    with open_bus(name):
        links.delete_link(name)
    assert link(name) is None


def test_closing_from_many_threads_is_closing_once(name: str) -> None:
    buses = [open_bus(name) for _ in range(4)]
    workers = [Worker(bus.shutdown) for bus in buses for _ in range(3)]
    for worker in workers:
        worker.result()
    for bus in buses:
        bus.shutdown()
    assert link(name) is None
    assert not [fd for fd in Path("/proc/self/fd").iterdir() if "canbus-vcan" in _target(fd)]


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""


# -- interrupted --------------------------------------------------------------------------


def ctrl_c() -> None:
    """But at the entry of what closes, where nothing can be done about it."""
    frame = sys._getframe(2)  # this function's, the profile function's, that one's
    is_entry = frame.f_lineno == frame.f_code.co_firstlineno
    if not (is_entry and frame.f_code.co_name in {"_close", "_after_close"}):
        raise KeyboardInterrupt


def test_ctrl_c_at_any_step_of_opening_leaves_nothing(name: str) -> None:
    open_bus(name).shutdown()  # what is imported once

    def try_one(step: int) -> bool:
        def work() -> None:
            try:
                bus = open_bus(name)
            except KeyboardInterrupt:
                pass
            else:
                sys.setprofile(None)
                bus.shutdown()

        reached = interrupted(work, step, ctrl_c, "backends/vcan/")
        gc.collect()
        assert link(name) is None, f"interrupted at step {step}"
        return reached

    at_every_step(try_one)


def test_ctrl_c_at_any_step_of_closing_leaves_nothing(name: str) -> None:
    def try_one(step: int) -> bool:
        bus = open_bus(name)

        def work() -> None:
            try:
                bus.shutdown()
            except KeyboardInterrupt:
                return

        reached = interrupted(work, step, ctrl_c, "backends/vcan/")
        assert link(name) is None, f"interrupted at step {step}"
        assert lock_files(name) == []
        return reached

    at_every_step(try_one)


def test_ctrl_c_when_the_kernel_has_made_it_leaves_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_vcan = links.create_vcan

    def interrupted_at_the_end(*args: Any, **options: Any) -> None:
        create_vcan(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(links, "create_vcan", interrupted_at_the_end)
    with pytest.raises(KeyboardInterrupt):
        open_bus(name)
    assert link(name) is None


def test_ctrl_c_before_it_is_made_removes_nothing_of_others(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_vcan = links.create_vcan

    def overtaken(*args: Any, **options: Any) -> None:
        create_vcan(name)  # another program's: it is up
        raise KeyboardInterrupt

    monkeypatch.setattr(links, "create_vcan", overtaken)
    with pytest.raises(KeyboardInterrupt):
        open_bus(name)
    assert link(name) is not None


@pytest.mark.parametrize("interface", ["socketcan", "vcan"])
def test_a_constructor_that_fails_late_leaves_nothing_open(
    name: str, interface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from canbus.prefetch import PrefetchingBus

    def fail(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    links.create_vcan(name) if interface == "socketcan" else open_bus(name).shutdown()
    before = _sockets()
    monkeypatch.setattr(PrefetchingBus, "__init__", fail)
    with pytest.raises(KeyboardInterrupt) as info:
        can.Bus(name, interface=interface)
    assert info.value.__traceback__ is not None  # and so the bus is still there
    assert _sockets() == before
    assert (link(name) is None) == (interface == "vcan")


def test_configure_changes_nothing_if_another_argument_makes_no_sense(name: str) -> None:
    links.create_vcan(name, up=False)
    wrongs: list[dict[str, Any]] = [{"on_loss": "bogus"}, {"timestamping": "never"}]
    for wrong in wrongs:
        with pytest.raises(can.CanConfigError):
            can.Bus(name, interface="socketcan", configure=True, **wrong)
        assert not link(name).is_up


def _sockets() -> set[str]:
    targets = {_target(fd) for fd in Path("/proc/self/fd").iterdir()}
    return {target for target in targets if target.startswith("socket:")}


# -- temporary_vcan -----------------------------------------------------------------------


def test_ctrl_c_while_a_temporary_one_is_made_leaves_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_vcan = netlink.add_vcan

    def interrupted_at_the_end(*args: Any, **options: Any) -> None:
        add_vcan(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(netlink, "add_vcan", interrupted_at_the_end)
    with pytest.raises(KeyboardInterrupt), links.temporary_vcan(name):
        pass
    assert link(name) is None


def test_ctrl_c_removes_no_link_that_was_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    links.create_vcan(name)

    def interrupted_at_once(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(netlink, "add_vcan", interrupted_at_once)
    with pytest.raises(KeyboardInterrupt), links.temporary_vcan(name):
        pass
    assert link(name) is not None


def test_a_temporary_one_is_removed_under_whatever_name(name: str) -> None:
    other = f"{name}x"
    with links.temporary_vcan(name) as made:
        subprocess.run(["ip", "link", "set", name, "down"], check=True)
        subprocess.run(["ip", "link", "set", name, "name", other], check=True)
        links.create_vcan(name)
        assert link(other).index == made.index
    assert link(other) is None
    assert link(name) is not None
