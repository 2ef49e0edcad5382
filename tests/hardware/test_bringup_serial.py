"""`canbus up serial` with the real slcand on an emulated USB adapter: what only USB does.

It is unplugged, comes back under another number, or another one comes in its place. What a
pseudo-terminal shows as well is in tests/kernel/test_bringup_serial.py.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

import canbus as can
from canbus.bringup import keepers, take_down
from canbus.bringup.serial_port import identify
from canbus.testing.usb import emulate
from tests.kernel.serial_bringup import (
    NAME,
    NOTHING,
    PATIENCE,
    is_up,
    link,
    log,
    slcands,
    up,
    wait_until,
    wait_until_let_go,
    wait_until_told,
    what_is_left,
)

pytestmark = pytest.mark.timeout(400)

IN_TIME = 5.0
"""Seconds from plugging in to the link that is up. For the best of three: the guest has
no processor to itself, and is ten times slower than any machine with a serial adapter."""


@pytest.fixture
def adapter(serial_adapter):
    yield serial_adapter
    for keeper in keepers.find_all():
        keeper.stop()


def frames_cross(adapter):
    adapter.forget_sent()
    with can.Bus(NAME, interface="socketcan") as bus:
        bus.send(can.Message.parse("123#DEAD"))
        (sent,) = adapter.wait_for_sent(1)
        assert format(sent.msg, "candump") == "123#DEAD"
        adapter.frame("321#01")
        assert bus.recv(PATIENCE).arbitration_id == 0x321


def channel(adapter):
    return adapter.state()["channels"][0]


def plug_and_wait(adapter):
    """Plug it in; seconds until the link is up. Those of the driver, to make a port, count."""
    start = time.monotonic()
    adapter.plug()
    wait_until(is_up)
    return time.monotonic() - start


def test_frames_go_both_ways_and_down_leaves_nothing(adapter):
    done = up(adapter.tty)
    assert (done.link.is_up, done.link.bitrate) == (True, 250_000)
    assert (channel(adapter)["on"], channel(adapter)["bitrate"]) == (True, 250_000)
    frames_cross(adapter)
    assert up(adapter.tty).done == ()
    assert take_down(NAME).what == "stopped"
    assert (what_is_left(), channel(adapter)["on"]) == (NOTHING, False)


def test_plugged_in_again_it_is_back_under_its_name_in_time(adapter, capsys):
    tty = adapter.tty
    up(tty)
    times = []
    for _ in range(3):
        adapter.unplug()
        wait_until_let_go()
        assert (link(), slcands()) == (None, [])
        times.append(plug_and_wait(adapter))
        assert adapter.tty == tty  # slcand has let go of the old one
        wait_until_told()
        assert link().bitrate == 250_000
        frames_cross(adapter)
    with capsys.disabled():
        print(f"\nback after {', '.join(f'{seconds:.2f} s' for seconds in times)}")
    assert min(times) < IN_TIME
    assert up(tty).done == ()


def test_it_is_found_under_another_number(adapter):
    tty = adapter.tty
    up(tty)
    with Path(tty).open("rb", buffering=0):  # another program holds the dead port
        adapter.unplug()
        wait_until_let_go()
        plug_and_wait(adapter)
        assert adapter.tty != tty
        wait_until_told()
        frames_cross(adapter)


def test_another_adapter_is_not_taken_for_it(adapter):
    adapter.unplug()
    adapter.plug()  # with the first number, which is what the other one gets, too
    up(adapter.tty)
    adapter.unplug()
    wait_until_let_go()
    with emulate("cdc_acm", serial="ANOTHER") as other:
        assert other.tty == keepers.find(NAME).request["port"]
        assert identify(other.tty).serial_number == "ANOTHER"
        plug_and_wait(adapter)
        wait_until_told()
        assert other.commands == []
        frames_cross(adapter)


@pytest.mark.parametrize(("fault", "said"), [("silent", "nothing answers"), ("refuse", "refused")])
def test_an_adapter_that_does_not_work_is_reported(adapter, fault, said):
    adapter.fault(fault)
    with pytest.raises(can.CanInitializationError, match=said) as info:
        up(adapter.tty)
    assert adapter.tty in str(info.value)
    assert what_is_left() == NOTHING


@pytest.mark.soak
def test_slcand_that_is_killed_is_started_again(adapter):
    up(adapter.tty)
    (first,) = slcands()
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: slcands() not in ([], [first]))
    wait_until_told()
    assert any("slcand was killed by signal 9" in line for line in log())
    frames_cross(adapter)
