"""`canbus up serial` with the real slcand and the kernel's driver, an adapter on a pseudo-terminal.

What only USB does, an identity and another number after unplugging, is in tests/hardware.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

import canbus as can
from canbus.bringup import bring_up, commands_for, keepers, take_down
from canbus.links import create_vcan, delete_link, set_down
from canbus.testing.slcan import Silent, SlcanEmulator
from tests.kernel.serial_bringup import (
    NAME,
    NOTHING,
    PATIENCE,
    PORT,
    RUN_CLI,
    can_link,
    files,
    frames_cross,
    in_foreground,
    is_ready_after,
    is_up,
    link,
    log,
    plugged_in,
    request,
    slcands,
    up,
    wait_until,
    wait_until_let_go,
    wait_until_told,
    what_is_left,
)

# Links of serial lines are where everybody sees them, and keepers are in /run.
pytestmark = [pytest.mark.guest, pytest.mark.timeout(240)]


@pytest.fixture
def adapter():
    with plugged_in() as made:
        yield made


# -- up, and down -------------------------------------------------------------------------------


def test_frames_go_both_ways_a_second_run_does_nothing_and_down_leaves_nothing(adapter):
    done = up(PORT, config={"txqueuelen": 77})
    assert (done.link.name, done.link.is_up, done.link.txqueuelen) == (NAME, True, 77)
    assert done.link.bitrate == 250_000  # netlink knows it, and so does the adapter
    assert (adapter.is_open, adapter.adapter.bitrate) == (True, "S5")
    frames_cross(adapter)
    keeper = keepers.find(NAME)
    before = (keeper.pid, slcands(), link().index)

    adapter.forget()
    assert up(PORT).done == ()  # also without the length of the queue
    assert (keepers.find(NAME).pid, slcands(), link().index) == before
    assert adapter.commands == []

    assert take_down(NAME).what == "stopped"
    assert what_is_left() == NOTHING
    assert (adapter.commands[-1], adapter.is_open) == (b"C", False)
    with pytest.raises(ProcessLookupError):
        os.kill(keeper.pid, 0)


def test_another_bit_rate_replaces(adapter):
    up(PORT)
    first = keepers.find(NAME)
    done = up(PORT, 500_000)
    assert done.link.bitrate == 500_000
    assert keepers.find(NAME).pid != first.pid
    assert (adapter.adapter.bitrate, len(slcands())) == ("S6", 1)


def test_a_change_that_fails_leaves_it_as_it_was(adapter):
    up(PORT)
    adapter.fault("refuse:S6")
    with pytest.raises(can.CanInitializationError, match="refused S6"):
        up(PORT, 500_000)
    assert keepers.find(NAME).request["bitrate"] == 250_000
    assert (link().bitrate, is_up()) == (250_000, True)
    frames_cross(adapter)


def test_listening_only(adapter):
    done = up(PORT, config={"listen_only": True})
    assert done.link.modes == {"listen_only"}
    assert adapter.commands[-1] == b"L"
    with can.Bus(NAME, interface="socketcan") as bus:
        adapter.arrive("321#01")
        assert bus.recv(PATIENCE).arbitration_id == 0x321


def test_what_a_serial_adapter_has_not_is_reported_by_name(adapter):
    done = up(PORT, config={"restart_ms": 100})
    assert [refusal.setting for refusal in done.refused] == ["restart_ms"]
    assert is_up()


def test_a_link_that_was_taken_down_is_brought_up_again(adapter):
    up(PORT)
    keeper = keepers.find(NAME).pid
    set_down(NAME)
    wait_until(lambda: not adapter.is_open)  # the driver has closed the channel
    up(PORT)
    wait_until(lambda: adapter.is_open)
    assert (is_up(), keepers.find(NAME).pid) == (True, keeper)


def test_the_commands_that_are_shown_do_the_same(adapter):
    lines = commands_for(request(PORT, config={"txqueuelen": 50}))
    subprocess.run(["sh", "-e"], input="\n".join(lines), text=True, check=True)
    by_hand = link()
    for pid in slcands():
        os.kill(pid, signal.SIGTERM)
    adapter.unplug()  # on a pseudo-terminal the link stays until then
    wait_until(lambda: (link(), slcands()) == (None, []))
    adapter.plug()
    up(PORT, config={"txqueuelen": 50})
    assert replace(link(), index=0) == replace(by_hand, index=0)
    assert commands_for(request(PORT)) == []


@pytest.mark.soak
def test_the_name_that_the_kernel_would_choose_itself(adapter):
    """slcand renames the link to that, too, which the kernel refuses once it is up."""
    for _ in range(2):
        assert bring_up(replace(request(PORT), name="can0")).link.name == "can0"
        take_down("can0")


def test_without_a_name_it_gets_the_first_that_is_free_and_keeps_it(adapter):
    create_vcan("slcan0")
    try:
        anonymous = replace(request(PORT), name=None)
        assert bring_up(anonymous).link.name == "slcan1"
        assert bring_up(anonymous).done == ()
    finally:
        delete_link("slcan0")


@pytest.mark.soak
def test_two_ports_at_once_get_two_names(adapter):
    other = f"{PORT}2"
    with SlcanEmulator(link=other):
        started = [
            subprocess.Popen(
                [sys.executable, "-c", RUN_CLI, "up", "serial", port, "--bitrate", "250k"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for port in (PORT, other)
        ]
        said = [process.communicate(timeout=PATIENCE)[1] for process in started]
        assert [process.returncode for process in started] == [0, 0], said
        assert sorted(one.care.key for one in keepers.find_all()) == ["slcan0", "slcan1"]
        for keeper in keepers.find_all():
            keeper.stop()


def test_the_port_is_waited_for(adapter):
    adapter.unplug()
    timer = threading.Timer(0.5, adapter.plug)  # a moment that nothing tells
    timer.start()
    assert "wait for /dev/ttyCanbusUp" in up(PORT).done
    timer.join()
    with pytest.raises(can.CanLinkError, match="kept up by canbus"):
        bring_up(can_link(500_000))


# -- what happens afterwards --------------------------------------------------------------------


def test_unplugged_and_plugged_in_again_it_is_back(adapter):
    up(PORT)
    for _ in range(2):
        adapter.unplug()
        wait_until_let_go()
        assert (link(), slcands()) == (None, [])
        adapter.plug()
        wait_until_told()
        assert (is_up(), link().bitrate) == (True, 250_000)
        frames_cross(adapter)
    assert up(PORT).done == ()


@pytest.mark.soak
def test_an_adapter_that_is_back_and_silent_is_told_of_once_and_tried_again(adapter):
    up(PORT)
    adapter.unplug()
    wait_until_let_go()
    adapter.fault(Silent())
    adapter.forget()
    adapter.plug()
    wait_until(lambda: adapter.commands.count(b"S5") >= 2)
    assert len([line for line in log() if "nothing answers" in line]) == 1
    assert (link(), slcands()) == (None, [])
    adapter.clear_faults()
    wait_until_told()
    frames_cross(adapter)


def test_slcand_that_is_ended_is_started_again(adapter):
    up(PORT)
    (first,) = slcands()
    os.kill(first, signal.SIGTERM)
    wait_until(lambda: slcands() not in ([], [first]))
    wait_until_told()
    assert any("slcand ended with status 0" in line for line in log())
    frames_cross(adapter)


def test_a_keeper_that_is_killed_takes_slcand_along(adapter):
    up(PORT)
    os.kill(keepers.find(NAME).pid, signal.SIGKILL)
    wait_until(lambda: slcands() == [])
    assert keepers.find(NAME) is None
    assert (link(), adapter.is_open) == (None, False)  # in order: the channel was closed
    assert len(files()) > 0  # which is known to be stale, as the next test shows


def test_up_at_once_after_the_keeper_was_killed(adapter):
    up(PORT)
    os.kill(keepers.find(NAME).pid, signal.SIGKILL)
    wait_until(lambda: keepers.find(NAME) is None)
    up(PORT)  # slcand may still be there, and its link
    frames_cross(adapter)
    assert len(slcands()) == 1
    take_down(NAME)
    assert what_is_left() == NOTHING


@pytest.mark.soak
def test_a_link_in_another_namespace_is_left_there(adapter):
    up(PORT)
    (first,) = slcands()
    subprocess.run(["ip", "netns", "add", "box"], check=True)
    try:
        subprocess.run(["ip", "link", "set", NAME, "netns", "box"], check=True)
        wait_until(lambda: keepers.find(NAME).links == ())
        subprocess.run(["ip", "-n", "box", "link", "set", NAME, "up"], check=True)
        assert slcands() == [first]
        adapter.unplug()
        wait_until_let_go()
        adapter.plug()
        wait_until_told()  # here: links are born where the machine's are
        frames_cross(adapter)
    finally:
        subprocess.run(["ip", "netns", "del", "box"], check=True)


# -- in the foreground --------------------------------------------------------------------------


def test_in_the_foreground_it_ends_with_the_keeper(adapter):
    with in_foreground(PORT) as process:
        assert is_up()
        os.kill(keepers.find(NAME).pid, signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
    assert f"{NAME}: {NAME} is up: slcand" in said
    assert (what_is_left(), adapter.is_open) == (NOTHING, False)


def test_in_the_foreground_it_takes_over_and_nothing_outlives_it(adapter):
    up(PORT)
    before = keepers.find(NAME).pid
    with in_foreground(PORT) as process:
        wait_until(lambda: is_ready_after(before))
        assert is_up()
        assert up(PORT).done == ()
        with pytest.raises(can.CanLinkError, match="a service"):
            up(PORT, 500_000)
        process.kill()
        wait_until(lambda: what_is_left() == NOTHING)
    assert not adapter.is_open
