"""`canbus restart`; its twin with a real bus-off is in tests/hardware/test_cli_links.py."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from canbus.cli import main
from canbus.cli import restart as command
from canbus.cli.link_facts import link_facts
from canbus.errors import CanLinkError
from canbus.links import restart as mechanism
from canbus.state import CanState
from tests.unit.cli_links.examples import PCAN, VCAN0

BACK = replace(PCAN, state=CanState.ERROR_ACTIVE, has_carrier=True, tx_errors=0)


@pytest.fixture
def restarting(monkeypatch):
    """What the kernel does when it is asked to restart."""

    def by(function):
        monkeypatch.setattr(mechanism, "restart", function)

    return by


def test_it_tells_the_state_before_and_after(there, restarting, capsys):
    there(PCAN)
    restarting(lambda name: there(replace(BACK, name=name)))
    assert main(["restart", "can0"]) == 0
    assert capsys.readouterr() == ("can0: bus-off -> error-active\n", "")


def test_a_driver_that_takes_its_time_is_waited_for(there, kernel, restarting, capsys):
    there(PCAN)

    def soon(timeout):
        there(BACK)

    def ask(name):
        kernel.while_waiting = soon

    restarting(ask)
    assert main(["restart", "can0"]) == 0
    assert capsys.readouterr().out == "can0: bus-off -> error-active\n"


def test_json_has_the_link_before_and_after(there, restarting, capsys):
    there(PCAN)
    restarting(lambda name: there(BACK))
    assert main(["restart", "can0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "before": link_facts(PCAN),
        "after": link_facts(BACK),
    }


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_controller_that_stays_bus_off_is_an_error(there, restarting, monkeypatch, capsys, words):
    monkeypatch.setattr(command, "_PATIENCE", 0.0)
    there(PCAN)
    restarting(lambda name: None)
    assert main(["restart", "can0", *words]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(
        "canbus: can0 was restarted, and is still (or again) bus-off\nhint: "
    )
    assert said.err.splitlines()[1].startswith("hint: is the bus shorted")


def test_what_the_kernel_refuses_is_the_librarys_error_and_hint(there, restarting, capsys):
    there(VCAN0)

    def refuse(name):
        raise CanLinkError(f"cannot restart {name}: its driver has no restart", 95, hint="down, up")

    restarting(refuse)
    assert main(["restart", "vcan0"]) == 1
    assert capsys.readouterr() == (
        "",
        "canbus: cannot restart vcan0: its driver has no restart [Error Code 95]\nhint: down, up\n",
    )
