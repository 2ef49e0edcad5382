"""bring_up() for every family that needs no daemon: what is done, shown, undone and refused."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from canbus.backends.vcan.interface import MARK
from canbus.bringup import FAMILIES, Request, bring_up, commands_for
from canbus.bringup.families.vcan import ALIAS
from canbus.errors import (
    CanConfigError,
    CanLinkError,
    CanLinkNotFoundError,
    CanLinkPermissionError,
    CanTimeoutError,
)
from canbus.link_config import LinkConfig
from canbus.state import CanState
from tests.unit.bringup.fake_machine import FakeMachine, adapter
from tests.unit.links.test_plan import AT_500K, BLANK, VCAN

AT = LinkConfig(bitrate=500_000, up=True)


@pytest.fixture
def machine(monkeypatch):
    return FakeMachine(monkeypatch)


@pytest.fixture
def pcan(machine):
    """One PCAN-USB, whose driver is not loaded."""
    machine.usb = frozenset({"1d6b:0002", "0c72:000c"})
    machine.drivers = {"peak_usb": [adapter("can0", 3, "peak_usb", serial_number=None)]}
    return machine


def wish(target, config=AT, **facts):
    return Request(target=target, config=config, **facts)


# -- adapters with a driver ---------------------------------------------------------------


def test_the_driver_is_loaded_awaited_and_its_link_set_up(pcan):
    said: list[str] = []
    done = bring_up(wish("pcan"), said.append, pcan)
    assert said == [
        "load the kernel module peak_usb",
        "wait for the interface of a PCAN adapter",
        "set can0 to bitrate 500000",
        "bring can0 up",
    ]
    assert done.done == tuple(said)
    assert (done.link.name, done.link.bitrate, done.link.is_up) == ("can0", 500_000, True)


def test_the_second_time_there_is_nothing_to_do(pcan):
    bring_up(wish("pcan"), machine=pcan)
    assert commands_for(wish("pcan"), pcan) == []
    assert bring_up(wish("pcan"), machine=pcan).done == ()


def test_the_commands_say_all_of_it_and_do_nothing(pcan):
    lines = commands_for(wish("pcan", LinkConfig(bitrate=500_000, restart_ms=100, up=True)), pcan)
    assert [line for line in lines if not line.startswith(("#", "i=0"))] == [
        "modprobe peak_usb",
        'ip link set dev "$LINK" type can bitrate 500000',
        'ip link set dev "$LINK" type can restart-ms 100',
        'ip link set dev "$LINK" up',
        'ip -details -statistics link show dev "$LINK"',
    ]
    assert pcan.modules == set()
    assert pcan.linux.changes == []


def test_only_the_driver_of_what_is_plugged_in_is_loaded(machine):
    machine.pci = frozenset({"001c:0013"})
    assert "modprobe peak_pciefd" in commands_for(wish("pcan"), machine)
    assert "modprobe peak_usb" not in commands_for(wish("pcan"), machine)


def test_what_is_not_seen_yet_may_be_about_to_come(machine):
    lines = commands_for(wish("kvaser"), machine)
    assert [line for line in lines if line.startswith("modprobe")] == [
        "modprobe kvaser_usb || :",
        "modprobe kvaser_pci || :",
        "modprobe kvaser_pciefd || :",
    ]


def test_a_kernel_without_some_of_the_drivers_waits_with_those_that_it_has(machine):
    machine.drivers = {"peak_usb": []}
    with pytest.raises(CanTimeoutError, match="did not appear") as caught:
        bring_up(wish("pcan", timeout=7), machine=machine)
    assert "is it plugged in?" in caught.value.hint
    assert machine.waited == [7]
    machine.drivers = {}
    machine.modules = set()
    with pytest.raises(CanLinkError, match="Module peak_usb not found"):
        bring_up(wish("pcan"), machine=machine)


def test_an_interface_that_is_renamed_while_others_are_awaited_is_one(pcan):
    def rename(match, timeout, what):
        if pcan.waited:  # the second time
            link = pcan.linux.links.pop("can0")
            pcan.linux.links["canfront"] = replace(link, name="canfront")
            pcan.devices["canfront"] = link.device
            pcan.wait_for_link = lambda *args: FakeMachine.wait_for_link(pcan, *args)
        return FakeMachine.wait_for_link(pcan, match, timeout, what)

    pcan.wait_for_link = rename
    assert bring_up(wish("pcan"), machine=pcan).link.name == "canfront"


def test_a_new_adapter_needs_a_bit_rate(pcan):
    with pytest.raises(CanConfigError, match="no bit rate yet"):
        bring_up(wish("pcan", LinkConfig(up=True)), machine=pcan)
    assert pcan.modules == set()


def test_one_that_has_a_bit_rate_already_needs_none(monkeypatch):
    link = replace(AT_500K, device=adapter("can0", 3, "peak_usb").device)
    machine = FakeMachine(monkeypatch, link)
    assert bring_up(wish("pcan", LinkConfig(up=True)), machine=machine).done == ("bring can0 up",)


def test_two_channels_have_to_be_told_apart_also_if_they_appear_only_now(pcan):
    pcan.drivers["peak_usb"].append(adapter("can1", 4, "peak_usb", channel=1))
    for _ in range(2):  # the second time the driver is loaded
        with pytest.raises(CanConfigError, match=r"can0 \(peak_usb .*can1 \(peak_usb") as caught:
            bring_up(wish("pcan"), machine=pcan)
        assert "canbus up can0" in caught.value.hint
    assert bring_up(wish("pcan", name="can1"), machine=pcan).link.name == "can1"


def test_links_of_other_drivers_are_let_alone(pcan):
    other = adapter("can7", 9, "gs_usb")
    pcan.linux.links["can7"] = other
    pcan.devices["can7"] = other.device
    bring_up(wish("pcan"), machine=pcan)
    assert not pcan.linux.links["can7"].is_up


def test_an_adapter_that_does_not_appear_is_said_to_be_missing(machine):
    machine.drivers = {"gs_usb": []}
    with pytest.raises(CanTimeoutError, match="did not appear within 3 s") as caught:
        bring_up(wish("gs_usb", timeout=3), machine=machine)
    assert "is it plugged in? `lsusb`" in caught.value.hint
    machine.usb = frozenset({"1d50:606f"})
    with pytest.raises(CanTimeoutError) as caught:
        bring_up(wish("gs_usb"), machine=machine)
    assert "no driver has taken it" in caught.value.hint
    assert machine.waited == [3, 10]


@pytest.mark.parametrize(("family", "rival"), [("pcan", "pcan"), ("kvaser", "mhydra")])
def test_a_driver_of_the_makers_own_that_has_the_adapter_is_named(machine, family, rival):
    machine.modules = {rival}
    with pytest.raises(CanLinkError, match=f"the module {rival}") as caught:
        bring_up(wish(family), machine=machine)
    assert f"{rival}" in caught.value.hint


def test_a_module_that_is_not_there_is_quoted(pcan):
    pcan.drivers = {}
    with pytest.raises(CanLinkError, match="Module peak_usb not found") as caught:
        bring_up(wish("pcan"), machine=pcan)
    assert "package of extra modules" in caught.value.hint


def test_without_the_right_to_load_modules_it_says_which_and_how(pcan):
    pcan.may = {"CAP_NET_ADMIN"}
    with pytest.raises(CanLinkPermissionError, match="CAP_SYS_MODULE") as caught:
        bring_up(wish("pcan"), machine=pcan)
    assert "sudo modprobe peak_usb" in caught.value.hint


def test_a_link_that_goes_down_again_or_bus_off_at_once_is_no_success(pcan):
    pcan.drivers["peak_usb"][0] = replace(pcan.drivers["peak_usb"][0], state=CanState.BUS_OFF)
    with pytest.raises(CanLinkError, match="up, but bus-off") as caught:
        bring_up(wish("pcan"), machine=pcan)
    assert "another bit rate" in caught.value.hint
    assert not pcan.linux.links["can0"].is_up  # undone
    recovering = LinkConfig(bitrate=500_000, restart_ms=100, up=True)
    assert bring_up(wish("pcan", recovering), machine=pcan).link.is_up


def test_refused_settings_come_with_the_outcome(pcan):
    pcan.linux.has_restart = False
    wanted = LinkConfig(bitrate=500_000, restart_ms=100, up=True)
    done = bring_up(wish("pcan", wanted), machine=pcan)
    assert [refusal.setting for refusal in done.refused] == ["restart_ms"]
    with pytest.raises(CanLinkError, match="restart_ms"):
        bring_up(wish("pcan", wanted, strict=True), machine=pcan)


# -- links --------------------------------------------------------------------------------


def test_a_link_that_is_there_is_set_up(monkeypatch):
    machine = FakeMachine(monkeypatch, BLANK)
    assert bring_up(wish("can0"), machine=machine).link.is_up


def test_a_link_that_is_not_there_is_an_error_that_says_what_may_help(pcan):
    with pytest.raises(CanLinkNotFoundError, match="there is no interface can0") as caught:
        bring_up(wish("can0"), machine=pcan)
    assert "canbus up pcan" in caught.value.hint
    assert pcan.waited == []


def test_a_link_that_is_not_there_yet_can_be_awaited(machine):
    with pytest.raises(CanTimeoutError, match="the interface can0 did not appear within 2 s"):
        bring_up(wish("can0", timeout=2), machine=machine)
    assert machine.waited == [2]


@pytest.mark.parametrize("name", ["can/0", "", "a b", "vcan%d"])
def test_a_name_that_no_link_can_have_is_refused(machine, name):
    with pytest.raises(CanConfigError, match="cannot be the name"):
        bring_up(wish(name), machine=machine)
    with pytest.raises(CanConfigError, match="cannot be the name"):
        bring_up(wish("pcan", name=name), machine=machine)


def test_a_link_has_one_name(monkeypatch):
    machine = FakeMachine(monkeypatch, BLANK)
    with pytest.raises(CanConfigError, match="--name says can1"):
        bring_up(wish("can0", name="can1"), machine=machine)
    assert machine.linux.changes == []


# -- vcan ---------------------------------------------------------------------------------


def test_a_vcan_is_made_and_brought_up(machine):
    done = bring_up(wish("vcan0", LinkConfig(up=True)), machine=machine)
    assert done.done == ("make the virtual interface vcan0", "bring vcan0 up")
    assert (done.link.kind, done.link.mtu, done.link.alias is not None) == ("vcan", 72, True)


def test_a_vcan_that_somebody_else_made_is_only_brought_up(monkeypatch):
    machine = FakeMachine(monkeypatch, VCAN)
    done = bring_up(wish("vcan0", LinkConfig(up=True)), machine=machine)
    assert done.done == ("bring vcan0 up",)
    assert done.link.alias is None


@pytest.mark.parametrize(("config", "mtu"), [({"fd": False}, 16), ({"xl": True}, 2060)])
def test_a_vcan_carries_what_is_asked_for(machine, config, mtu):
    wanted = LinkConfig(**config, up=True)
    (make,) = [line for line in commands_for(wish("vcan0", wanted), machine) if "add" in line]
    assert make == f"ip link add dev vcan0 mtu {mtu} type vcan"
    assert bring_up(wish("vcan0", wanted), machine=machine).link.mtu == mtu


def test_a_vcan_that_cannot_be_brought_up_is_removed_again(machine):
    machine.linux.deny = {"up": errno.EIO}
    with pytest.raises(CanLinkError, match="bring vcan0 up"):
        bring_up(wish("vcan0", LinkConfig(up=True)), machine=machine)
    assert machine.linux.links == {}


def test_a_vcan_that_a_bus_has_made_stays_from_now_on(monkeypatch):
    machine = FakeMachine(monkeypatch, replace(VCAN, is_up=True, alias=MARK))
    assert any("alias" in line for line in commands_for(wish("vcan0"), machine))
    done = bring_up(wish("vcan0", LinkConfig(up=True)), machine=machine)
    assert done.link.alias == ALIAS


# -- Pi HATs ------------------------------------------------------------------------------


def test_a_hat_that_the_device_tree_names_gets_its_driver(machine):
    machine.spi = {"spi0.0": "mcp2515", "spi0.1": "spidev"}
    machine.drivers = {"mcp251x": [adapter("can0", 3, "mcp251x")]}
    assert bring_up(wish("pihat"), machine=machine).link.name == "can0"


def test_a_hat_that_the_device_tree_does_not_name_needs_an_overlay(machine):
    machine.spi = {"spi0.0": "spidev"}
    with pytest.raises(CanLinkError, match=r"no CAN chip on SPI \(spi0.0: spidev\)") as caught:
        bring_up(wish("pihat"), machine=machine)
    assert "dtoverlay=mcp2515-can0" in caught.value.hint


def test_a_hat_whose_driver_finds_no_chip_points_at_the_kernel_log(machine):
    machine.spi = {"spi0.0": "mcp2518fd"}
    machine.drivers = {"mcp251xfd": []}
    with pytest.raises(CanTimeoutError) as caught:
        bring_up(wish("mcp251xfd"), machine=machine)
    assert "dmesg" in caught.value.hint


# -- requests that make no sense ----------------------------------------------------------


def test_a_port_is_for_serial_adapters(machine):
    with pytest.raises(CanConfigError, match="no serial port to name"):
        bring_up(wish("pcan", port="/dev/ttyACM0"), machine=machine)


@pytest.mark.parametrize("target", ["can0", "pcan", "vcan0", "pihat"])
def test_an_option_of_another_family_is_not_ignored(machine, target):
    with pytest.raises(CanConfigError, match="tty_baudrate means nothing") as caught:
        bring_up(wish(target, options={"tty_baudrate": 9600}), machine=machine)
    assert "serial" in caught.value.hint


def test_every_family_is_described():
    assert all(FAMILIES.values())
