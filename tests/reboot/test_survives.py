"""`canbus persist`, a reboot, and what is there then: networkd, a unit with a name, slcand.

Two boots for all tests: the first writes, the second is asked.
"""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from canbus.testing.slcan import SlcanEmulator
from tests.reboot import machine
from tests.reboot.machine import STATE, bitrate, links, questions, setting

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

WRITE = """
systemctl enable systemd-networkd
canbus persist can0 --bitrate 250k --restart-ms 100 --txqueuelen 64 --yes
canbus persist can1 --bitrate 125k --listen-only --name can_back --manager unit --yes
canbus persist serial /dev/ttyUSB0 --bitrate 500k --name slcan0 --yes
"""
PORT = "/dev/canbus/slcan0"
ASK = {
    **STATE,
    "networkd": "networkctl --json=short status can0",
    "unit": "systemctl is-active canbus-can_back.service",
    "slcand": "systemctl is-active canbus-slcan0.service",
    "port": f"readlink -f {PORT}",
    "sent": "cansend slcan0 123#DEAD",
}


class Boots(NamedTuple):
    """What was seen."""

    first: dict[str, str]
    second: dict[str, str]
    commands: list[bytes]  # that the serial adapter got in the second
    sent: list[str]


@pytest.fixture(scope="module")
def boots() -> Boots:
    with SlcanEmulator() as adapter, machine.with_serial_adapter(adapter) as guest:
        first = guest.boot(WRITE + questions(**STATE))
        adapter.forget()
        second = guest.boot(questions(**ASK))
        sent = [format(msg, "candump") for msg in adapter.sent]
        commands = list(adapter.commands)
    return Boots(machine.answers(first.output), machine.answers(second.output), commands, sent)


def test_it_counts_at_once_but_for_a_name(boots):
    there = links(boots.first["links"])
    assert {name: bitrate(link) for name, link in there.items() if "UP" in link["flags"]} == {
        "can0": 250_000,
        "slcan0": 500_000,
    }
    assert bitrate(there["can1"]) is None


def test_all_are_up_with_their_bit_rates(boots):
    there = links(boots.second["links"])
    assert {name: bitrate(link) for name, link in there.items()} == {
        "can0": 250_000,
        "can_back": 125_000,
        "slcan0": 500_000,
    }
    assert all("UP" in link["flags"] for link in there.values())


def test_networkd_has_set_up_the_one_that_is_its_own(boots):
    can0 = links(boots.second["links"])["can0"]
    assert (setting(can0, "restart_ms"), can0["txqlen"]) == (100, 64)
    told = json.loads(boots.second["networkd"])
    assert told["AdministrativeState"] == "configured"
    assert told["RequiredForOnline"] is False


def test_the_unit_has_set_up_the_one_that_has_a_name(boots):
    can_back = links(boots.second["links"])["can_back"]
    assert setting(can_back, "ctrlmode") == ["LISTEN-ONLY"]
    assert can_back["parentdev"] == links(boots.first["links"])["can1"]["parentdev"]
    assert boots.second["unit"] == "active"


def test_slcand_is_back_at_its_adapter(boots):
    assert boots.second["slcand"] == "active"
    assert boots.second["port"] == "/dev/ttyUSB0"
    assert boots.sent == ["123#DEAD"]


def test_the_adapter_is_opened_at_its_bit_rate_and_closed_at_the_end(boots):
    opened = boots.commands.index(b"t1232DEAD")
    assert boots.commands[opened - 2 : opened] == [b"S6", b"O"]
    assert boots.commands[-1] == b"C"


@pytest.mark.parametrize("boot", ["first", "second"])
def test_nothing_has_failed(boots, boot):
    said = getattr(boots, boot)
    assert (said["system"], said["failed"]) == ("running", "")
