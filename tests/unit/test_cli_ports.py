"""`canbus ports`."""

from __future__ import annotations

import json

import pytest

from canbus.backends.slcan import discovery, port_users
from canbus.backends.slcan.discovery import Candidate
from canbus.backends.slcan.port_users import PortUser
from canbus.backends.slcan.usb_ids import Likelihood
from canbus.cli import main

CANABLE = Candidate(
    path="/dev/ttyACM0",
    description="CANable2 b158aa7",
    vid=0x16D0,
    pid=0x117E,
    serial_number="2064",
    adapter="CANable 2",
    dialect="canable2",
    likelihood=Likelihood.KNOWN,
    why="USB id 16d0:117e",
    by_id="/dev/serial/by-id/usb-CANable2",
    is_allowed=True,
)
FTDI = Candidate(
    path="/dev/ttyUSB10",
    description="",
    vid=0x0403,
    pid=0x6001,
    serial_number=None,
    adapter="FTDI converter",
    dialect=None,
    likelihood=Likelihood.MAYBE,
    why="a chip",
    by_id=None,
    is_allowed=False,
)
PLAIN = Candidate(
    path="/dev/ttyS0",
    description="",
    vid=None,
    pid=None,
    serial_number=None,
    adapter="serial port",
    dialect=None,
    likelihood=Likelihood.OTHER,
    why="not on USB",
    by_id=None,
    is_allowed=True,
)


@pytest.fixture
def rows(monkeypatch):
    rows = [CANABLE, FTDI, PLAIN]
    monkeypatch.setattr(discovery, "candidates", lambda *, everything: list(rows))
    users = {"/dev/ttyUSB10": [PortUser(77, "ModemManager")]}
    monkeypatch.setattr(port_users, "users_of", lambda path: users.get(path, []))
    return rows


def test_each_port_is_a_line_with_its_troubles_under_it(rows, capsys):
    assert main(["ports"]) == 0
    assert capsys.readouterr().out == (
        "/dev/ttyACM0   CANable 2, dialect canable2, USB 16d0:117e, serial number 2064\n"
        "                 always /dev/serial/by-id/usb-CANable2\n"
        "/dev/ttyUSB10  may be one: FTDI converter, USB 0403:6001\n"
        "                 not allowed for this user; opening it says what to do\n"
        "                 in use by ModemManager (process 77)\n"
    )


def test_all_shows_the_rest(rows, capsys):
    assert main(["ports", "--all"]) == 0
    assert "/dev/ttyS0     serial port\n" in capsys.readouterr().out


def test_v_says_why(rows, capsys):
    assert main(["ports", "-v"]) == 0
    out = capsys.readouterr().out
    assert "CANable2 b158aa7\n" in out
    assert "listed because: USB id 16d0:117e\n" in out


def test_json_has_everything(rows, capsys):
    assert main(["ports", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first == {
        "path": "/dev/ttyACM0",
        "description": "CANable2 b158aa7",
        "vid": 0x16D0,
        "pid": 0x117E,
        "serial_number": "2064",
        "adapter": "CANable 2",
        "dialect": "canable2",
        "likelihood": "known",
        "why": "USB id 16d0:117e",
        "by_id": "/dev/serial/by-id/usb-CANable2",
        "is_allowed": True,
        "users": [],
    }
    assert second["users"] == [{"pid": 77, "name": "ModemManager"}]


def test_nothing_found_says_what_to_check(rows, capsys):
    rows[:] = [PLAIN]
    assert main(["ports"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "no serial CAN adapter was found" in said.err
    assert "dmesg" in said.err
    assert "socketcan" in said.err
    assert "there is another serial port" in said.err
    rows[:] = [PLAIN, PLAIN]
    assert main(["ports"]) == 1
    assert "there are 2 other serial ports" in capsys.readouterr().err


def test_no_port_at_all(rows, capsys):
    rows.clear()
    assert main(["ports", "--all"]) == 1
    assert "other serial port" not in capsys.readouterr().err
    assert main(["ports", "--json"]) == 1
    assert capsys.readouterr().out == "[]\n"
