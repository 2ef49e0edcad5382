"""The backend `vcan`: who makes its interface, who removes it, and whose is left alone."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import canbus as can
from canbus import links
from canbus.backends.vcan.interface import MARK
from canbus.testing.support import Worker, number_of, numbered, receive, wait_until_blocked
from tests.kernel.vcan_users import candump, link, open_bus, target_of

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
    assert not [fd for fd in Path("/proc/self/fd").iterdir() if "canbus-vcan" in target_of(fd)]
