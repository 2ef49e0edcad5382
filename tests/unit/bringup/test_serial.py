"""`serial`: what a request becomes, shown and done, with keepers as a table.

Twins with real keepers, slcand and links: tests/kernel/test_bringup_serial.py.
"""

from __future__ import annotations

import os
import tty
from dataclasses import replace

import pytest

from canbus.bringup import bring_up, commands_for
from canbus.bringup.care import Question
from canbus.bringup.daemon import DaemonEndedError
from canbus.bringup.families import serial_steps
from canbus.errors import (
    CanChannelNotFoundError,
    CanConfigError,
    CanInitializationError,
    CanLinkError,
    CanLinkPermissionError,
    CanUnsupportedError,
)
from tests.unit.bringup.serial_machine import SerialMachine, wish

BITRATES = (10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000)


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


def shown(machine, request):
    return [line for line in commands_for(request, machine) if not line.startswith("#")]


def program(machine):
    return machine.keepers[-1].care.program


# -- shown ------------------------------------------------------------------------------


def test_the_commands(machine, port):
    machine.modules = set()
    assert shown(machine, wish(port)) == [
        "modprobe slcan",
        f"slcand -o -c -s5 -S 115200 {port} can0",
        "ip link set dev can0 type can bitrate 250000",
        "ip link set dev can0 up",
        "ip -details -statistics link show dev can0",
    ]
    assert machine.did == []


def test_before_linux_6_slcand_alone_sets_the_bit_rate(machine, port):
    machine.kernel = (5, 15)
    assert shown(machine, wish(port, 500_000, txqueuelen=50, listen_only=True)) == [
        f"slcand -l -c -s6 -S 115200 {port} can0",
        "ip link set dev can0 txqueuelen 50",
        "ip link set dev can0 up",
        "ip -details -statistics link show dev can0",
    ]


def test_slcand_that_is_missing_is_looked_for(machine, port):
    machine.slcand = None
    assert shown(machine, wish(port))[0] == "command -v slcand || exit 1"


# -- done ---------------------------------------------------------------------------------


def test_it_is_asked_and_started_once(machine, port):
    said: list[str] = []
    done = bring_up(wish(port), said.append, machine)
    assert (done.link.name, done.link.bitrate) == ("can0", 250_000)
    question = Question(bitrate=250_000, tty_baudrate=115_200, listen_only=False)
    assert machine.did == [question, ("start", True, False)]
    assert program(machine)[:6] == ("/usr/bin/slcand", "-F", "-o", "-c", "-s5", "-S")
    assert said == [
        f"ask the adapter at {port} whether it takes 250000 bit/s",
        "start slcand for can0, and somebody who keeps it running",
    ]
    assert bring_up(wish(port), machine=machine).done == ()
    assert shown(machine, wish(port)) == []
    assert len(machine.did) == 2


@pytest.mark.parametrize(("bitrate", "number"), list(zip(BITRATES, range(9), strict=True)))
def test_the_nine_bit_rates(machine, port, bitrate, number):
    bring_up(wish(port, bitrate), machine=machine)
    assert f"-s{number}" in program(machine)


def test_options(machine, port, monkeypatch):
    monkeypatch.setattr(serial_steps, "users_of", lambda path: [])
    options = {"tty_baudrate": 1_000_000, "probe": False, "foreground": True}
    bring_up(wish(port, options=options), machine=machine)
    assert machine.did == [("start", False, True)]
    assert program(machine)[5:7] == ("-S", "1000000")
    assert machine.keepers[-1].care.question is None


def test_another_bit_rate_replaces_and_the_keeper_asks(machine, port):
    bring_up(wish(port), machine=machine)
    machine.did.clear()
    request = wish(port, 500_000, txqueuelen=10)  # which the old link has
    assert shown(machine, request) == [
        "canbus down can0",
        f"slcand -o -c -s6 -S 115200 {port} can0",
        "ip link set dev can0 type can bitrate 500000",
        "ip link set dev can0 up",
    ]
    bring_up(request, machine=machine)
    assert machine.did == ["stop", ("start", False, False)]
    assert [one.care.facts["bitrate"] for one in machine.keepers] == [500_000]


def test_a_change_that_fails_starts_the_old_one_again(machine, port):
    bring_up(wish(port), machine=machine)
    machine.fails = CanInitializationError("the adapter refused S6")
    with pytest.raises(CanInitializationError, match="S6"):
        bring_up(wish(port, 500_000), machine=machine)
    assert [one.care.facts["bitrate"] for one in machine.keepers] == [250_000]


def test_a_keeper_that_waits_for_its_adapter_is_left_if_that_is_dead(machine, port):
    bring_up(wish(port), machine=machine)
    machine.keepers[0].daemon = None
    machine.links, machine.is_dead = {}, True
    with pytest.raises(CanInitializationError, match="nothing answers"):
        bring_up(wish(port), machine=machine)
    assert len(machine.keepers) == 1
    machine.is_dead = False
    assert bring_up(wish(port), machine=machine).link.is_up


def test_a_port_that_somebody_has_is_not_taken_unasked_either(machine, port):
    """As slcand would: this very process has it open twice."""
    witness = os.open(port, os.O_RDONLY | os.O_NOCTTY)
    with pytest.raises(CanInitializationError, match="process"):
        bring_up(wish(port, options={"probe": False}), machine=machine)
    os.close(witness)
    assert machine.keepers == []


def test_a_dead_adapter_is_not_started(machine, port):
    machine.is_dead = True
    with pytest.raises(CanInitializationError, match="nothing answers"):
        bring_up(wish(port), machine=machine)
    assert machine.keepers == []


def test_what_makes_it_only_better_is_refused_by_name(machine, port):
    done = bring_up(
        wish(port, restart_ms=100, one_shot=True, termination=0, triple_sampling=False),
        machine=machine,
    )
    assert [(one.setting, one.value) for one in done.refused] == [
        ("one_shot", True),
        ("restart_ms", 100),
    ]
    assert done.link.is_up


# -- the name -----------------------------------------------------------------------------


def test_without_a_name_it_is_the_first_that_is_free(machine, port):
    machine.others |= {"slcan0"}
    bring_up(wish(port, name=None), machine=machine)
    assert list(machine.links) == ["slcan1"]
    assert bring_up(wish(port, name=None), machine=machine).done == ()


def test_a_name_that_another_link_has(machine, port):
    machine.others.add("can0")
    with pytest.raises(CanLinkError, match="there is an interface can0 already"):
        bring_up(wish(port), machine=machine)


def test_a_name_that_is_another_adapters(machine, port):
    bring_up(wish(port), machine=machine)
    machine.keepers[0].care = replace(
        machine.keepers[0].care, port=replace(machine.keepers[0].care.port, path="/dev/ttyX")
    )
    with pytest.raises(CanLinkError, match="it is the serial adapter"):
        bring_up(wish(port), machine=machine)


def test_an_adapter_that_is_kept_under_another_name(machine, port):
    bring_up(wish(port), machine=machine)
    with pytest.raises(CanLinkError, match="kept up as can0 already"):
        bring_up(wish(port, name="can1"), machine=machine)


def test_a_name_that_no_link_can_have(machine, port):
    with pytest.raises(CanConfigError, match="longer than 15"):
        bring_up(wish(port, name="a" * 16), machine=machine)


# -- refused, before anything is done --------------------------------------------------------


@pytest.fixture
def untouched(machine):
    yield machine
    assert (machine.did, machine.keepers) == ([], [])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"fd": True}, "fd"),
        ({"sample_point": 87.5}, "sample_point"),
        ({"data_bitrate": 2_000_000}, "data_bitrate"),
        ({"loopback": True}, "loopback"),
        ({"restart_ms": 100, "strict": True}, "restart_ms"),
    ],
)
def test_what_would_act_otherwise(untouched, port, settings, said):
    with pytest.raises(CanUnsupportedError, match=f"cannot set {said} on a serial adapter"):
        bring_up(wish(port, **settings), machine=untouched)


def test_no_bit_rate(untouched, port):
    with pytest.raises(CanConfigError, match="no bit rate") as info:
        bring_up(wish(port, None), machine=untouched)
    assert "--bitrate" in info.value.hint


def test_a_bit_rate_that_slcand_has_not(untouched, port):
    with pytest.raises(CanConfigError, match="83333") as info:
        bring_up(wish(port, 83_333), machine=untouched)
    assert "800000" in info.value.hint


def test_a_baud_rate_that_slcand_has_not(untouched, port):
    with pytest.raises(CanConfigError, match="tty_baudrate 1200") as info:
        bring_up(wish(port, options={"tty_baudrate": 1200}), machine=untouched)
    assert "115200" in info.value.hint


@pytest.mark.parametrize("path", ["ttyACM0", "/tmp/tty", "/dev/../tmp/tty", "socket://host:1"])
def test_what_is_not_under_dev(untouched, path):
    with pytest.raises(CanConfigError, match="under /dev"):
        bring_up(wish(path), machine=untouched)


def test_no_port_a_port_that_is_not_there_and_one_that_is_none(untouched):
    with pytest.raises(CanConfigError, match="which serial port"):
        bring_up(wish(None), machine=untouched)
    with pytest.raises(CanChannelNotFoundError, match="/dev/ttyNone") as info:
        bring_up(wish("/dev/ttyNone"), machine=untouched)
    assert info.value.hint
    with pytest.raises(CanConfigError, match="no character device"):
        bring_up(wish("/dev/shm"), machine=untouched)


def test_no_slcand(untouched, port):
    untouched.slcand = None
    with pytest.raises(CanLinkError, match="no program slcand") as info:
        bring_up(wish(port), machine=untouched)
    assert "sudo apt install can-utils" in info.value.hint


def test_no_rights(untouched, port):
    untouched.may, untouched.modules = False, set()
    with pytest.raises(CanLinkPermissionError, match="CAP_NET_ADMIN") as info:
        bring_up(wish(port), machine=untouched)
    assert "sudo" in info.value.hint


# -- what slcand says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "kind", "said"),
    [
        ("ioctl TIOCSETD: Operation not permitted", CanLinkPermissionError, "CAP_NET_ADMIN"),
        ("ioctl TIOCSETD: Invalid argument", CanLinkError, "no slcan driver"),
        ("/dev/ttyX: Device or resource busy", CanInitializationError, "another program has it"),
        ("write: Input/output error", DaemonEndedError, "Input/output"),
    ],
)
def test_what_slcand_fails_of_is_explained(machine, port, output, kind, said):
    error = DaemonEndedError(f"slcand ended with status 1: {output}")
    error.output = output
    machine.fails = error
    with pytest.raises(kind, match=said):
        bring_up(wish(port), machine=machine)
    assert machine.keepers == []
