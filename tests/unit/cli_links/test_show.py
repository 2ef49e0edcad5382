"""`canbus show`, and what every subcommand says of a NAME that will not do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from canbus.cli import main
from canbus.cli.link_facts import link_facts
from canbus.link_info import LinkTiming
from tests.unit.cli_links.examples import FD, PCAN, UNSET, VCAN0


def test_everything_about_a_controller_is_in_groups(there, capsys):
    there(PCAN)
    assert main(["show", "can0"]) == 0
    assert (
        capsys.readouterr().out
        == """\
can0: up, bus-off

link
  index         4
  kind          can
  frames        classic CAN (MTU 16)
  queue length  10 frames
  alias         left door

state
  up                      yes
  carrier                 no
  controller              bus-off
  transmit error counter  248
  receive error counter   3

bit timing
  bit rate             500 kbit/s
  sample point         87.5 %
  time quantum         125 ns
  propagation segment  6 quanta
  phase segment 1      7 quanta
  phase segment 2      2 quanta
  jump width (sjw)     1 quantum
  prescaler            1

limits
  clock                    8 MHz
  controller               pcan_usb
  before the sample point  1 to 16 quanta
  after the sample point   1 to 8 quanta
  jump width (sjw)         up to 4 quanta
  prescaler                1 to 64 in steps of 1

modes
  on              berr_reporting, one_shot
  the driver has  berr_reporting, listen_only, one_shot

restart
  after bus-off  by `canbus restart` only

counters since it was made
  frames received            1
  frames sent                2
  bytes received             8
  bytes sent                 16
  receive errors             0
  transmit errors            4
  received and dropped       0
  dropped instead of sent    1
  no room in the controller  0
  carrier errors             0
  bus errors                 9
  times error-warning        1
  times error-passive        1
  times bus-off              1
  lost arbitrations          0
  restarts                   0

device
  driver         peak_usb
  bus            usb
  path           1-1:1.0
  USB id         0c72:000c
  serial number  00AB
  product        PCAN-USB
  channel        0
"""
    )


def test_fd_termination_and_automatic_restart(there, capsys):
    there(FD)
    assert main(["show", "can1"]) == 0
    out = capsys.readouterr().out
    for line in (
        "can1: up",
        "  frames        classic CAN, CAN FD (MTU 72)",
        "bit timing of the data phase",
        "limits of the data phase",
        "  transceiver  up to 5 Mbit/s",
        "  after bus-off  by itself in 100 ms",
        "  switched in  120 ohms",
        "  can be       none, 120 ohms",
        "  channel  1",
    ):
        assert line in out.splitlines() or line in out


def test_a_virtual_link_has_only_what_there_is(there, capsys):
    there(VCAN0)
    assert main(["show", "vcan0"]) == 0
    assert (
        capsys.readouterr().out
        == """\
vcan0: up

link
  index         3
  kind          vcan
  frames        classic CAN, CAN FD (MTU 72)
  queue length  1000 frames

state
  up       yes
  carrier  yes

counters since it was made
  frames received            5
  frames sent                7
  bytes received             40
  bytes sent                 56
  receive errors             0
  transmit errors            0
  received and dropped       0
  dropped instead of sent    0
  no room in the controller  0
  carrier errors             0
"""
    )


def test_a_vxcan_names_its_peer(there, capsys):
    there(replace(VCAN0, kind="vxcan", peer=12, mtu=2060))
    assert main(["show", "vcan0"]) == 0
    out = capsys.readouterr().out
    assert "interface 12, in its own network namespace" in out
    assert "classic CAN, CAN FD, CAN XL (MTU 2060)" in out


@pytest.mark.parametrize(
    ("link", "line"),
    [
        (UNSET, "  bit rate  not set"),
        (replace(UNSET, is_up=True), "  bit rate  unknown"),
        (
            replace(UNSET, bit_timing=LinkTiming(50_000, 0, 0, 0, 0, 0, 0, 0)),
            "  bit rate  50 kbit/s",
        ),
        (replace(UNSET, bitrate_choices=(50_000, 10**6)), "  bit rates  50 kbit/s, 1 Mbit/s"),
        (UNSET, "  clock  8 MHz"),
        (UNSET, "  on  none"),
        (replace(UNSET, supported_modes=frozenset()), "  the driver has  none"),
    ],
)
def test_what_is_not_known_is_not_shown_as_a_value(there, capsys, link, line):
    there(link)
    assert main(["show", link.name]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert line in lines
    assert "" not in [text.partition("  ")[2].strip() for text in lines if text.startswith("  ")]
    assert not [text for text in lines if "sample point" in text]


def test_json_is_one_object(there, capsys):
    there(PCAN)
    assert main(["show", "can0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == link_facts(PCAN)


COMMANDS = [["show"], ["stats"], ["restart"], ["show", "--json"], ["stats", "--interval", "1"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_name_is_named_with_the_nearest_and_all_that_there_are(there, capsys, command):
    there(VCAN0, PCAN)
    assert main([*command, "vcan1"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "canbus: there is no interface vcan1 [Error Code 19]\n"
        "hint: did you mean vcan0? the CAN interfaces are vcan0, can0\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_where_there_is_none_the_hint_says_so(kernel, capsys, command):
    assert main([*command, "vcan1"]) == 1
    assert "hint: there is no CAN interface at all; `canbus list` says" in capsys.readouterr().err


def test_a_name_that_is_like_none_of_them(there, capsys):
    there(PCAN)
    assert main(["show", "zz"]) == 1
    assert "hint: the CAN interfaces are can0\n" in capsys.readouterr().err


@pytest.mark.parametrize("command", [*COMMANDS, ["watch"]])
@pytest.mark.parametrize(
    ("name", "complaint"),
    [("eth0", "canbus: eth0 is not a CAN interface"), ("a b", "canbus: 'a b' cannot be the name")],
)
def test_a_name_that_is_no_can_interfaces_is_the_librarys_error(
    kernel, capsys, command, name, complaint
):
    assert main([*command, name]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(complaint)


def test_v_shows_the_traceback(kernel, capsys):
    assert main(["show", "-v", "can0"]) == 1
    assert capsys.readouterr().err.startswith("Traceback")


@pytest.mark.parametrize("words", [["show"], ["restart"], ["show", "a", "b"], ["list", "a"]])
def test_wrong_usage(capsys, words):
    assert main(words) == 2
