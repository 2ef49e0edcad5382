"""`canbus watch`."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from canbus.cli import main
from canbus.cli.link_facts import link_facts
from canbus.links import route_socket
from tests.unit.cli_links.examples import PCAN, VCAN0

CLOCK = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  ")


@pytest.fixture
def meanwhile(kernel):
    """Lets things happen while it waits, one at a time; after the last, Ctrl-C."""

    def happen(*events):
        left = list(events)

        def wait(timeout):
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        kernel.while_waiting = wait

    happen()
    return happen


def texts(out: str) -> list[str]:
    """The lines without the time that each begins with."""
    lines = out.splitlines()
    assert all(CLOCK.match(line) for line in lines)
    return [CLOCK.sub("", line, count=1) for line in lines]


def test_first_what_is_there_then_each_change(there, kernel, meanwhile, capsys):
    there(VCAN0)
    meanwhile(
        lambda: there(replace(VCAN0, is_up=False, has_carrier=False)),
        lambda: there(PCAN),
        lambda: kernel.links.pop("vcan0"),
        lambda: there(replace(VCAN0, index=9)),
    )
    assert main(["watch"]) == 130
    said = capsys.readouterr()
    assert texts(said.out) == [
        "vcan0: vcan, up, no bit rate",
        "vcan0: down",
        "can0: appeared, up",
        "vcan0: gone",
        "vcan0: appeared, up",
    ]
    assert said.err == ""


def test_only_the_links_that_are_named_which_may_come_later(there, meanwhile, capsys):
    there(VCAN0)
    meanwhile(
        lambda: there(replace(VCAN0, is_up=False)),
        lambda: there(replace(PCAN, name="vcan5", index=8)),
    )
    assert main(["watch", "vcan5"]) == 130
    said = capsys.readouterr()
    assert texts(said.out) == ["vcan5: not there", "vcan5: appeared, up"]
    assert said.err == (
        "hint: waiting for vcan5; did you mean vcan0? the CAN interfaces are vcan0\n"
    )


def test_a_link_that_comes_between_our_look_and_that_of_the_watch_has_appeared(
    there, kernel, meanwhile, monkeypatch, capsys
):
    there(VCAN0)

    def open_socket(groups=0):
        if groups:
            there(PCAN)
        return kernel.open(groups)

    monkeypatch.setattr(route_socket, "RouteSocket", open_socket)
    assert main(["watch"]) == 130
    assert texts(capsys.readouterr().out) == ["vcan0: vcan, up, no bit rate", "can0: appeared, up"]


def test_where_there_is_nothing_it_waits_and_says_so(kernel, meanwhile, capsys):
    assert main(["watch"]) == 130
    assert capsys.readouterr() == ("", "hint: there is no CAN interface; waiting for one\n")


def test_json_is_an_object_a_line_with_the_link_before_and_after(there, kernel, meanwhile, capsys):
    there(PCAN)
    down = replace(PCAN, is_up=False)
    meanwhile(lambda: there(down), lambda: kernel.links.pop("can0"))
    assert main(["watch", "can0", "can9", "--json"]) == 130
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(line.pop("timestamp_ns") > 10**18 for line in lines)
    absent, present, changed, gone = lines
    assert absent == {
        "kind": "absent",
        "name": "can9",
        "description": "can9: not there",
        "before": None,
        "after": None,
    }
    assert (present["kind"], present["before"], present["after"]) == (
        "present",
        None,
        link_facts(PCAN),
    )
    assert changed == {
        "kind": "changed",
        "name": "can0",
        "description": "can0: down",
        "before": link_facts(PCAN),
        "after": link_facts(down),
    }
    assert (gone["kind"], gone["before"], gone["after"]) == ("gone", link_facts(down), None)


def test_the_timeout_ends_it_with_status_0(there, kernel, capsys):
    there(VCAN0)
    assert main(["watch", "--timeout", "0"]) == 0
    assert texts(capsys.readouterr().out) == ["vcan0: vcan, up, no bit rate"]


def test_an_alias_does_no_harm_to_the_screen(there, meanwhile, capsys):
    there(VCAN0)
    meanwhile(lambda: there(replace(VCAN0, alias="a\x1b[2J\nb")))
    main(["watch"])
    assert texts(capsys.readouterr().out)[1] == "vcan0: alias none -> a\\x1b[2J\\nb"
