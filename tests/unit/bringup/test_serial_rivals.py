"""`serial` beside another canbus: names, ports and services that are taken; and waiting, dry runs.

Keepers are a table. Twins with real ones: tests/kernel/test_bringup_serial.py.
"""

from __future__ import annotations

import os
import tty
from dataclasses import replace

import pytest

from canbus.backends.slcan.port_users import PortUser
from canbus.bringup import Request, bring_up, commands_for, serial_port
from canbus.bringup.families import serial_names, serial_steps
from canbus.bringup.keeper_files import KeeperFiles
from canbus.bringup.serial_port import SerialPort
from canbus.errors import CanChannelNotFoundError, CanInitializationError, CanLinkError
from canbus.link_config import LinkConfig
from tests.unit.bringup.serial_machine import FakeKeeper, SerialMachine, wish

FOREGROUND = {"foreground": True}


@pytest.fixture
def machine(monkeypatch):
    return SerialMachine(monkeypatch)


@pytest.fixture(scope="module")
def port():
    """A tty under /dev."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


# -- names ----------------------------------------------------------------------------------


def test_a_name_that_another_canbus_is_giving_is_not_chosen(machine, port):
    machine.locked.add("slcan0")
    assert bring_up(wish(port, name=None), machine=machine).link.name == "slcan1"


def test_a_name_that_was_taken_meanwhile_is_left_for_the_next(machine, port, monkeypatch):
    ask = vars(serial_steps)["ask_adapter"]  # the one of the machine of tables

    def take_name(path, question):
        ask(path, question)
        machine.locked.add("slcan0")

    monkeypatch.setattr(serial_steps, "ask_adapter", take_name)
    done = bring_up(wish(port, name=None), machine=machine)
    assert done.link.name == "slcan1"
    (keeper,) = machine.keepers
    assert (keeper.care.key, keeper.care.program[-1]) == ("slcan1", "slcan1")
    assert keeper.care.links[0].name == "slcan1"
    assert bring_up(wish(port, name=None), machine=machine).done == ()


def test_a_name_that_was_asked_for_is_not_exchanged(machine, port):
    machine.locked.add("can0")
    with pytest.raises(CanLinkError, match="another process is bringing can0 up"):
        bring_up(wish(port), machine=machine)


def test_another_failure_is_not_tried_under_another_name(machine, port):
    machine.fails = CanLinkError("no")
    with pytest.raises(CanLinkError, match="no"):
        bring_up(wish(port, name=None), machine=machine)
    assert [each for each in machine.did if isinstance(each, tuple)] == [("start", True, False)]


# -- ports ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pid", "processes"),
    [
        (747, {747: (1, ("python3", "/usr/bin/canbus", "up", "serial", "/dev/ttyACM0"))}),
        (747, {747: (1, ("python3", "-P", "-m", "canbus.bringup.keeper"))}),
        (748, {748: (747, ("slcand",)), 747: (1, ("python3", "-m", "canbus.bringup.keeper"))}),
    ],
    ids=["up", "keeper", "slcand"],
)
def test_another_canbus_at_the_port_is_not_to_be_killed(machine, port, monkeypatch, pid, processes):
    machine.processes, machine.is_dead = processes, True
    monkeypatch.setattr(serial_steps, "users_of", lambda path: [PortUser(pid, "python3")])
    with pytest.raises(CanLinkError, match=f"another canbus .process {pid}. is bringing") as info:
        bring_up(wish(port), machine=machine)
    assert "kill" not in info.value.hint


def test_any_other_program_at_the_port_is_what_it_was(machine, port, monkeypatch):
    machine.processes, machine.is_dead = {747: (1, ("python3", "mine.py"))}, True
    monkeypatch.setattr(serial_steps, "users_of", lambda path: [PortUser(747, "python3")])
    with pytest.raises(CanInitializationError, match="nothing answers"):
        bring_up(wish(port), machine=machine)


def another(machine, port, name, path, *, is_ready):
    """What another canbus keeps up, or is about to."""
    other = SerialPort(path=path)
    care = replace(machine.keepers[0].care, key=name, port=other, what=f"serial adapter {path}")
    machine.keepers.clear()
    machine.links.clear()
    keeper = FakeKeeper(care, machine, 747, is_ready=is_ready)
    machine.keepers.append(keeper)
    return keeper


@pytest.mark.parametrize("name", [None, "can0", "can1"])
def test_a_keeper_that_is_coming_for_the_same_port_is_left_alone(machine, port, name):
    bring_up(wish(port), machine=machine)
    keeper = another(machine, port, "can0", port, is_ready=False)
    with pytest.raises(CanLinkError, match=r"another canbus|kept up as can0"):
        bring_up(wish(port, name=name), machine=machine)
    assert machine.keepers == [keeper]


@pytest.mark.parametrize("is_ready", [False, True])
def test_a_keeper_that_came_meanwhile_for_another_port_is_left_alone(
    machine, port, monkeypatch, is_ready
):
    bring_up(wish(port), machine=machine)
    theirs = another(machine, port, "slcan0", "/dev/ttyOther", is_ready=is_ready)
    machine.keepers.clear()
    ask = machine._ask

    def come(path, question):
        ask(path, question)
        machine.keepers.append(theirs)
        machine.locked.add("slcan0")

    monkeypatch.setattr(serial_steps, "ask_adapter", come)
    assert bring_up(wish(port, name=None), machine=machine).link.name == "slcan1"
    assert "stop" not in machine.did
    assert machine.keepers[0] is theirs


# -- services -------------------------------------------------------------------------------


def test_in_the_foreground_it_takes_over_from_the_background(machine, port):
    bring_up(wish(port), machine=machine)
    machine.did.clear()
    done = bring_up(wish(port, options=FOREGROUND), machine=machine)
    assert done.link.is_up
    assert machine.did == ["stop", ("start", False, True)]
    assert bring_up(wish(port, options=FOREGROUND), machine=machine).done == ()  # it is ours


@pytest.mark.parametrize("request_", [{"bitrate": 500_000}, {"options": FOREGROUND}])
def test_what_a_service_keeps_is_not_replaced(machine, port, request_):
    bring_up(wish(port, options=FOREGROUND), machine=machine)
    (keeper,) = machine.keepers
    machine.processes[keeper.pid] = (4000, ())  # of another process
    machine.did.clear()
    request = wish(port, **request_)
    for act in (bring_up, commands_for):
        with pytest.raises(CanLinkError, match=f"a service .process {keeper.pid}. keeps") as info:
            act(request, machine=machine)
        assert f"systemctl status {keeper.pid}" in info.value.hint
    assert (machine.did, machine.keepers) == ([], [keeper])


def test_what_a_service_keeps_as_asked_is_used(machine, port):
    bring_up(wish(port, options=FOREGROUND), machine=machine)
    machine.processes[machine.keepers[0].pid] = (4000, ())
    assert bring_up(wish(port), machine=machine).done == ()


# -- the link itself ------------------------------------------------------------------------


def up(machine, **config):
    request = Request(target="can0", config=LinkConfig(up=True, **config))
    return bring_up(request, machine=machine)


def test_a_kept_link_is_not_changed_behind_its_keeper(machine, port):
    bring_up(wish(port), machine=machine)
    with pytest.raises(CanLinkError, match="can0 is kept up by canbus") as info:
        up(machine, bitrate=500_000)
    assert info.value.hint == f"canbus up serial {port} --bitrate 500k --name can0"


def test_a_kept_link_that_is_as_asked_is_left_alone(machine, port):
    bring_up(wish(port), machine=machine)
    assert up(machine, bitrate=250_000).done == ()
    assert up(machine).done == ()


# -- waiting --------------------------------------------------------------------------------


def test_a_port_is_waited_for(machine):
    path = f"/dev/ttyNone{os.getpid()}"
    with pytest.raises(CanChannelNotFoundError, match="within 30 s"):
        bring_up(wish(path, timeout=30), machine=machine)
    assert machine.awaited == [30]
    with pytest.raises(CanChannelNotFoundError, match="there is no serial port"):
        bring_up(wish(path, timeout=0), machine=machine)


def test_a_port_that_comes_is_used_as_what_it_then_is(machine, port, monkeypatch):
    path = f"{port}0"  # not there yet

    def come(wanted, timeout):
        machine.awaited.append(timeout)
        return bool(timeout)

    machine.wait_for_device = come
    found = serial_port.identify("/dev/null")
    monkeypatch.setattr(serial_steps, "identify", lambda name: found)
    bring_up(wish(path, timeout=30), machine=machine)
    assert machine.keepers[0].care.port is found


def test_a_dry_run_does_not_wait_and_shows_how(machine):
    path = f"/dev/ttyNone{os.getpid()}"
    lines = commands_for(wish(path, timeout=30), machine)
    at = lines.index(f"# wait for {path}")
    assert lines[at + 1] == f"timeout 30 sh -c 'until [ -c {path} ]; do sleep 0.1; done'"
    assert machine.awaited == []


# -- what killed keepers have left -----------------------------------------------------------


def test_only_a_run_clears_what_a_killed_keeper_has_left(machine, port):
    machine.others.add("slcan0")
    machine.stale.add("slcan0")
    lines = commands_for(wish(port, name=None), machine)
    assert f"slcand -o -c -s5 -S 115200 {port} slcan0" in lines  # its link is about to go
    assert machine.cleared == 0
    assert bring_up(wish(port, name=None), machine=machine).link.name == "slcan0"
    assert machine.cleared == 1


def test_what_runs_and_what_was_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(serial_names, "folders", lambda: [tmp_path, tmp_path / "none"])
    running = KeeperFiles(tmp_path, "can0")
    running.lock()
    (tmp_path / "can1.lock").touch()
    assert serial_names.keys(is_locked=True) == {"can0"}
    assert serial_names.keys(is_locked=False) == {"can1"}
    running.remove()
