"""Buses in another network namespace: everything that a bus opens at any time is opened there."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus import links
from canbus.errors import CanLinkNotFoundError
from canbus.links.namespaces import Namespace, entered, open_namespace
from canbus.place import HERE
from canbus.testing.support import Worker, number_of, numbered, receive
from tests.interruptions import at_every_step, interrupted
from tests.kernel.namespaces import own_namespace, run
from tests.kernel.vcan_users import candump, link, lock_files

NO_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]

_numbers = count()


@pytest.fixture
def pair(space: str) -> Iterator[tuple[str, str]]:
    """Both ends of a vxcan, up: here, and in the namespace."""
    here, there = f"here{next(_numbers)}", f"there{next(_numbers)}"
    run("ip", "link", "add", here, "type", "vxcan", "peer", "name", there, "netns", space)
    run("ip", "link", "set", here, "up")
    run("ip", "-n", space, "link", "set", there, "up")
    yield here, there
    with suppress(CanLinkNotFoundError):  # gone with the other end
        links.delete_link(here)


@pytest.fixture
def buses(pair: tuple[str, str], space: str) -> Iterator[tuple[can.BusABC, can.BusABC]]:
    """A bus on each end."""
    here, there = pair
    with (
        can.Bus(here, interface="socketcan") as near,
        can.Bus(there, interface="socketcan", netns=space) as far,
    ):
        yield near, far


Buses = tuple[can.BusABC, can.BusABC]


# -- socketcan ----------------------------------------------------------------------------


def test_frames_go_both_ways(buses: Buses) -> None:
    near, far = buses
    near.send(numbered(1))
    assert number_of(receive(far)) == 1
    far.send_many([numbered(n) for n in range(2, 5)])
    assert [number_of(receive(near)) for _ in range(3)] == [2, 3, 4]


def test_the_interface_of_a_namespace_is_nowhere_else(pair: tuple[str, str], space: str) -> None:
    here, there = pair
    with pytest.raises(can.CanChannelNotFoundError):
        can.Bus(there, interface="socketcan")
    with pytest.raises(can.CanChannelNotFoundError, match="there is no such interface"):
        can.Bus(here, interface="socketcan", netns=space)


@pytest.mark.parametrize("form", ["path", "pid", "digits"])
def test_a_namespace_has_a_path_and_the_pid_of_who_is_in_it(
    pair: tuple[str, str], space: str, form: str
) -> None:
    command = ["ip", "netns", "exec", space, "sh", "-c", "echo there; read line"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "there\n"
        pid = process.pid
        netns: Any = {"path": f"/proc/{pid}/ns/net", "pid": pid, "digits": str(pid)}[form]
        with can.Bus(pair[1], interface="socketcan", netns=netns) as bus:
            process.communicate("\n")
            bus.send(numbered(1))


def test_the_kernel_times_frames_there(buses: Buses) -> None:
    near, far = buses
    task = far.send_periodic(numbered(7), 0.002, count=5)
    assert task.engine == "bcm"
    assert [number_of(receive(near)) for _ in range(5)] == [7] * 5


def test_the_kernel_watches_frames_there(buses: Buses) -> None:
    near, far = buses
    watch = far.watch(0x123, mask=b"\xff" * 4)
    near.send(numbered(1))
    assert watch.get(timeout=10) is not None
    far.reply_to_remote(can.Message.parse("555#01"))
    near.send(can.Message.parse("555#R"))
    while format(receive(near), "candump").split()[-1] != "555#01":
        pass


def test_a_receipt_comes_from_there(buses: Buses) -> None:
    near, far = buses
    receipt = far.send(numbered(1), timeout=10, confirm=True)
    assert receipt.confirmed_by is can.ConfirmedBy.DRIVER
    far.send(numbered(2), ttl=10)
    assert [number_of(receive(near)) for _ in range(2)] == [1, 2]


def test_the_state_is_asked_there(buses: tuple[can.BusABC, Any]) -> None:
    _, far = buses
    assert far.can_state is None
    assert far.controller_status.is_up


def test_a_link_that_goes_down_there_says_so(buses: Buses, space: str) -> None:
    near, far = buses
    run("ip", "-n", space, "link", "set", far.channel, "down")
    for _ in range(2):
        with pytest.raises(can.CanLinkDownError):
            far.recv(0)
    run("ip", "-n", space, "link", "set", far.channel, "up")
    assert far.recv(0) is None
    near.send(numbered(1))
    assert number_of(receive(far)) == 1


def test_reopen_finds_it_there(buses: Buses, pair: tuple[str, str], space: str) -> None:
    near, far = buses
    here, there = pair
    links.delete_link(here)
    with pytest.raises(can.CanChannelNotFoundError):
        far.recv(0)
    with pytest.raises(can.CanChannelNotFoundError):
        far.reopen()
    run("ip", "link", "add", here, "type", "vxcan", "peer", "name", there, "netns", space)
    run("ip", "link", "set", here, "up")
    run("ip", "-n", space, "link", "set", there, "up")
    near.reopen()
    far.reopen()
    far.send_periodic(numbered(3), 0.002, count=1)
    assert number_of(receive(near)) == 3


def test_a_bus_on_all_interfaces_is_on_all_of_there(buses: Buses, space: str) -> None:
    near, far = buses
    with can.Bus("", interface="socketcan", netns=space) as every:
        near.send(numbered(1))
        msg = receive(every)
        assert msg.channel == far.channel
        msg.data[3] = 9
        every.send(msg)
        assert number_of(receive(near)) == 9
        msg.channel = near.channel
        with pytest.raises(can.CanChannelNotFoundError, match="there is no such interface"):
            every.send(msg)


def test_a_namespace_whose_name_is_gone_lives_on_with_its_bus(
    buses: Buses, space: str, pair: tuple[str, str]
) -> None:
    near, far = buses
    run("ip", "netns", "del", space)
    try:
        far.send_periodic(numbered(4), 0.002, count=1)
        assert number_of(receive(near)) == 4
    finally:
        far.shutdown()
        run("ip", "netns", "add", space)


def test_nothing_stays_open(pair: tuple[str, str], space: str) -> None:
    def use() -> None:
        with can.Bus(pair[1], interface="socketcan", netns=space) as bus:
            bus.send_periodic(numbered(1), 0.01)
            bus.watch(0x123, mask=b"\xff")
            bus.send(numbered(1), timeout=10, confirm=True)
        for channel in ("", "none"):
            with suppress(can.CanChannelNotFoundError):
                can.Bus(channel, interface="socketcan", netns=space).shutdown()

    use()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        use()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# -- errors -------------------------------------------------------------------------------


def test_a_name_that_none_has_is_refused_with_those_that_there_are(space: str) -> None:
    with pytest.raises(can.CanChannelNotFoundError, match="'nowhere': there is none") as info:
        can.Bus("vcan0", interface="socketcan", netns="nowhere")
    assert isinstance(info.value, can.CanInitializationError)
    assert info.value.error_code == errno.ENOENT
    assert space in info.value.hint
    assert "sudo ip netns add nowhere" in info.value.hint


@pytest.mark.parametrize("netns", ["/proc/self/no/net", 2**22 + 1])
def test_what_is_not_there_is_named(netns: str | int) -> None:
    with pytest.raises(can.CanChannelNotFoundError, match="cannot open network namespace"):
        open_namespace(netns)


@pytest.mark.parametrize("netns", ["/etc/passwd", "/proc/self/ns/mnt"])
def test_what_is_no_network_namespace_cannot_be_entered(netns: str) -> None:
    before = own_namespace()
    with pytest.raises(can.CanConfigError), entered(netns):
        raise AssertionError
    assert own_namespace() == before


@pytest.mark.parametrize("netns", ["", "..", "a\0b"])
def test_what_can_be_no_name_is_refused(netns: str) -> None:
    with pytest.raises(can.CanConfigError, match="is no network namespace"):
        open_namespace(netns)


@pytest.mark.parametrize("interface", ["socketcan", "vcan"])
def test_without_rights_the_error_has_the_command_that_helps(space: str, interface: str) -> None:
    code = f"""
import canbus as can
try:
    can.Bus("vcan0", interface={interface!r}, netns={space!r})
except can.CanPermissionError as exc:
    print(exc, exc.hint, sep="\\n")
"""
    done = subprocess.run(
        [*NO_RIGHTS, sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    text, hint = done.stdout.splitlines()
    assert text.startswith(f"cannot enter network namespace {space}: that needs CAP_SYS_ADMIN")
    assert hint == f"run the program in there: sudo ip netns exec {space} PROGRAM"


# -- being there --------------------------------------------------------------------------


def test_only_this_thread_goes_there_and_comes_back(space: str) -> None:
    before = own_namespace()
    with entered(space):
        inside = own_namespace()
        assert inside != before
        assert Worker(lambda: len(socket.if_nameindex())).result() == 1  # started here: lo
        with entered(None):
            assert own_namespace() == inside
    assert own_namespace() == before


def test_other_threads_stay_where_they_are(space: str) -> None:
    go, gone = threading.Event(), threading.Event()

    def look() -> int:
        go.wait(10)
        number = own_namespace()
        gone.set()
        return number

    worker = Worker(look)
    with entered(space):
        go.set()
        gone.wait(10)
    assert worker.result() == own_namespace()


def test_an_error_in_there_comes_out_here(space: str) -> None:
    before = own_namespace()
    with pytest.raises(ZeroDivisionError), entered(space):
        raise ZeroDivisionError
    assert own_namespace() == before


def test_one_that_is_closed_cannot_be_entered(space: str) -> None:
    namespace = Namespace(space)
    index = namespace.index_of("lo")
    assert namespace.name_of(index) == "lo"
    namespace.close()
    namespace.close()
    for use in (lambda: namespace.index_of("lo"), lambda: namespace.socket(1, 1)):
        with pytest.raises(OSError, match="Bad file descriptor"):
            use()


def test_here_is_where_a_thread_is() -> None:
    assert HERE.identity() == own_namespace()
    assert HERE.index_of("lo") == socket.if_nametoindex("lo")
    HERE.close()
    with HERE.entered():
        assert HERE.name_of(HERE.index_of("lo")) == "lo"


# -- vcan ---------------------------------------------------------------------------------


def vcan(netns: str | None, **options: Any) -> can.BusABC:
    return can.Bus("vcan9", interface="vcan", netns=netns, **options)


def names_in(space: str) -> list[str]:
    with entered(space):
        return [name for _, name in socket.if_nameindex()]


def test_a_vcan_is_made_and_removed_there(space: str) -> None:
    with vcan(space) as one, vcan(space) as other:
        assert "vcan9" in names_in(space)
        assert link("vcan9") is None
        one.send(numbered(1))
        assert number_of(receive(other)) == 1
        one.shutdown()
        assert "vcan9" in names_in(space)
    assert "vcan9" not in names_in(space)
    assert lock_files("vcan9") == []


def test_one_of_the_same_name_here_has_users_of_its_own(space: str) -> None:
    with vcan(None) as here:
        with vcan(space) as there:
            here.send(numbered(1))
            assert there.recv(0.05) is None
        assert "vcan9" not in names_in(space)
        assert link("vcan9") is not None
        with candump("vcan9"), vcan(space):
            pass
        assert "vcan9" not in names_in(space), "who listens here is no listener there"
    assert link("vcan9") is None


def test_without_net_admin_the_commands_are_for_there(space: str) -> None:
    code = f"""
import canbus as can
try:
    can.Bus("vcan9", interface="vcan", netns={space!r})
except can.CanPermissionError as exc:
    print(exc.hint)
"""
    rights = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
    done = subprocess.run(
        [*rights, sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith(
        f"sudo ip -n {space} link add dev vcan9 type vcan mtu 72 && "
        f"sudo ip -n {space} link set vcan9 up"
    )
    for command in done.stdout.strip().split(" && "):
        run(*command.removeprefix("sudo ").split())
    with vcan(space):
        pass
    assert "vcan9" in names_in(space)


# -- interrupted --------------------------------------------------------------------------


def test_ctrl_c_at_any_step_leaves_the_thread_where_it_was(space: str) -> None:
    def ctrl_c() -> None:
        raise KeyboardInterrupt

    def try_one(step: int) -> bool:
        def visit() -> int:
            try:
                with entered(space):
                    pass
            except KeyboardInterrupt:
                pass
            sys.setprofile(None)
            return own_namespace()

        places: list[int] = []
        reached = interrupted(lambda: places.append(visit()), step + 2, ctrl_c)
        assert places == [own_namespace()], f"interrupted at step {step}"
        return reached

    at_every_step(try_one)
