"""A keeper whose link is known by a pattern: which one it is, and what its daemon says of it."""

from __future__ import annotations

import pytest

from canbus.bringup.daemon import DaemonEndedError, DaemonIdleError
from canbus.bringup.keeper_report import describe_error, error_from
from tests.unit.bringup.fake_rig import FakeDaemon, Rig, wanted


@pytest.fixture
def rig(tmp_path):
    return Rig(tmp_path, port=None, question=None, links=(wanted(alias="hscan_*"),))


def test_the_first_that_fits_stays_the_one(rig):
    def appear():
        rig.machine.add("can0", alias="hscan_1")

    def another():
        rig.machine.add("can1", alias="hscan_2")

    def only_another():
        del rig.machine.links["can0"]

    def back():
        rig.machine.add("can2", alias="hscan_1")

    rig.run(appear, another, only_another, back, rig.pass_by)
    assert [name for name, _ in rig.machine.applied] == ["can0", "can2"]


def test_of_several_at_once_one_alone_is_touched(rig):
    def appear():
        rig.machine.add("can0", alias="hscan_1")
        rig.machine.add("can1", alias="hscan_2")

    rig.run(appear, rig.pass_by)
    assert [name for name, _ in rig.machine.applied] == ["can0"]


def test_what_an_idle_daemon_has_said_is_told(rig, monkeypatch):
    monkeypatch.setattr(FakeDaemon, "listen", lambda self: "no device")
    with pytest.raises(DaemonIdleError, match="no interface hscan_") as caught:
        rig.run(*[rig.pass_by] * 100)
    assert caught.value.output == "no device"
    assert rig.daemon.ended == 1


@pytest.mark.parametrize("kind", [DaemonEndedError, DaemonIdleError])
def test_and_reaches_who_has_started_it(kind):
    error = kind("in vain", hint="try")
    error.output = "no device"
    again = error_from(describe_error(error))
    assert isinstance(again, kind)
    assert (str(again), again.hint, again.output) == ("in vain", "try", "no device")
