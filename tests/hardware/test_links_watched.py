"""Watching the links of emulated USB adapters: error states, bus-off, unplugging."""

from __future__ import annotations

from canbus import links
from canbus.state import CanState
from tests.hardware.network import RawCan, ip, link_up

PATIENCE = 60.0


def states(changes, last):
    """The states that are told, until this one."""
    found = []
    for change in changes:
        assert change.kind == "changed"
        if change.after.state is not change.before.state:
            found.append(change.after.state)
        if found and found[-1] is last:
            return found
    raise AssertionError(f"{last} did not come: {found}")


def test_states_that_the_kernel_does_not_report_are_found_by_looking(pcan_usb):
    name = pcan_usb.netdevs[0]
    link_up(name, "restart-ms", "0")
    changes = links.watch_links(name, timeout=PATIENCE)
    steps = [
        ((100, 0), CanState.ERROR_WARNING),
        ((0, 200), CanState.ERROR_PASSIVE),
        ((0, 0), CanState.ERROR_ACTIVE),
    ]
    for counters, state in steps:
        pcan_usb.error_counters(*counters)
        change = next(changes)
        assert change.after.state is state
        assert change.describe().startswith(f"{name}: state {change.before.state.name} -> ")
    changes.close()


def test_bus_off_and_the_restart_by_hand_are_told(pcan_usb):
    name = pcan_usb.netdevs[0]
    link_up(name, "restart-ms", "0")
    changes = links.watch_links(name, timeout=PATIENCE)
    pcan_usb.short()
    with RawCan(name) as bus:
        bus.send("123#00")
    assert states(changes, CanState.BUS_OFF)[-1] is CanState.BUS_OFF
    off = links.wait_for_link(
        lambda link: link.name == name and link.has_carrier is False, PATIENCE
    )
    assert (off.is_up, off.state) == (True, CanState.BUS_OFF)
    pcan_usb.fault("none")
    ip("link", "set", name, "type", "can", "restart")
    assert states(changes, CanState.ERROR_ACTIVE)[-1] is CanState.ERROR_ACTIVE
    changes.close()


def test_unplugging_and_plugging_in_are_told_with_the_device(pcan_usb):
    (name,) = pcan_usb.netdevs
    changes = links.watch_links(poll_interval=PATIENCE, timeout=PATIENCE)
    pcan_usb.unplug()
    gone = next(changes)
    assert (gone.kind, gone.describe()) == ("gone", f"{name}: gone")
    assert gone.before.device.driver == "peak_usb"
    (again,) = pcan_usb.plug()
    appeared = next(changes)
    assert (appeared.kind, appeared.name) == ("appeared", again)
    assert appeared.after.device == gone.before.device
    assert appeared.after.index > gone.before.index
    changes.close()


def test_an_adapter_can_be_waited_for_by_its_usb_id(pcan_usb):
    def is_pcan(link):
        return link.device is not None and link.device.usb_id == "0c72:000c"

    assert links.wait_for_link(is_pcan, PATIENCE).name == pcan_usb.netdevs[0]
