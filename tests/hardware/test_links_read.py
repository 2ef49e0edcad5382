"""Reading the links of real drivers, against what `ip` says and what sysfs shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from canbus.link_info import LinkDevice, LinkInfo
from canbus.links.reading import read_link, read_links
from canbus.state import CanState
from tests.hardware.network import RawCan, ip, link_details, link_down, link_up, wait_until

_TIMING = ("tq", "prop_seg", "phase_seg1", "phase_seg2", "sjw", "brp")


def check(name: str) -> LinkInfo:
    """The link, after a look whether `ip` says the same of it."""
    link, said = read_link(name), link_details(name)
    info = said["linkinfo"]
    data, counted = info["info_data"], info["info_xstats"]
    assert link.index == said["ifindex"]
    assert (link.kind, link.mtu) == (info["info_kind"], said["mtu"])
    assert link.txqueuelen == said["txqlen"]
    assert link.is_up == ("UP" in said["flags"])
    assert link.has_carrier == ("LOWER_UP" in said["flags"])
    assert link.state is CanState[data["state"].replace("-", "_")]
    assert link.restart_ms == data.get("restart_ms", 0)
    assert link.clock == data["clock"]
    assert len(link.modes) == len(data.get("ctrlmode", []))
    check_timing(link.bit_timing, data.get("bittiming"))
    check_timing(link.data_bit_timing, data.get("data_bittiming"))
    check_limits(link.bit_timing_limits, data["bittiming_const"])
    check_limits(link.data_bit_timing_limits, data.get("data_bittiming_const"))
    counter = data.get("berr_counter")
    assert (link.tx_errors, link.rx_errors) == (
        (counter["tx"], counter["rx"]) if counter else (None, None)
    )
    assert link.termination == data.get("termination")
    assert link.termination_choices == tuple(data.get("termination_const", ()))
    statistics = link.statistics
    assert statistics.bus_errors == counted["bus_error"]
    assert statistics.restarts == counted["restarts"]
    assert statistics.bus_off == counted["bus_off"]
    assert statistics.rx_packets == said["stats64"]["rx"]["packets"]
    assert statistics.tx_packets == said["stats64"]["tx"]["packets"]
    return link


def check_timing(timing: Any, said: Any) -> None:
    if said is None:
        assert timing is None
        return
    assert timing.bitrate == said["bitrate"]
    assert timing.sample_point == pytest.approx(float(said["sample_point"]) * 100)
    assert [getattr(timing, name) for name in _TIMING] == [said[name] for name in _TIMING]


def check_limits(limits: Any, said: Any) -> None:
    if said is None:
        assert limits is None
        return
    for name in ("tseg1", "tseg2", "brp"):
        pair = (getattr(limits, f"{name}_min"), getattr(limits, f"{name}_max"))
        assert pair == (said[name]["min"], said[name]["max"])
    assert (limits.name, limits.brp_inc) == (said["name"], said["brp_inc"])
    assert limits.sjw_max == said["sjw"]["max"]


def test_two_kvaser_cards(controllers):
    links = [check(name) for name in controllers]
    for link in links:
        assert (link.bitrate, link.bit_timing.sample_point) == (500_000, 87.5)
        assert link.device.driver == "kvaser_pci"
        assert (link.device.bus, link.device.usb_id, link.device.channel) == ("pci", None, 0)
        assert link.device.path == real_device(link.name).name
    assert links[0].device.path != links[1].device.path
    assert set(links) <= set(read_links())


def real_device(name: str) -> Path:
    return Path(os.path.realpath(f"/sys/class/net/{name}/device"))


def test_a_candlelight_of_two_channels(gs_usb):
    one, other = (check(name) for name in gs_usb.netdevs)
    assert not one.is_up
    assert one.device == LinkDevice(
        driver="gs_usb",
        bus="usb",
        path=real_device(one.name).name,
        usb_id="1d50:606f",
        serial_number=(real_device(one.name).parent / "serial").read_text().strip(),
        product=(real_device(one.name).parent / "product").read_text().strip(),
        channel=0,
    )
    assert other.device == one.device._replace(channel=1)
    assert one.termination_choices == (0, 120)


def test_fd_termination_and_modes_of_a_candlelight(gs_usb):
    name = gs_usb.netdevs[0]
    ip("link", "set", name, "type", "can", "termination", "120")
    options = ("sample-point", "0.8", "dbitrate", "2000000", "fd", "on", "one-shot", "on")
    link_up(name, *options)
    try:
        link = check(name)
        assert (link.bitrate, link.data_bitrate) == (500_000, 2_000_000)
        assert (link.bit_timing.sample_point, link.termination) == (80.0, 120)
        assert link.modes == frozenset({"fd", "one_shot"})
        assert link.fd
        assert link.supported_modes >= link.modes
    finally:
        link_down(name)
        words = ("type", "can", "fd", "off", "one-shot", "off", "termination", "0")
        ip("link", "set", name, *words)
    assert check(name).modes == frozenset()


def test_a_pcan_usb_in_trouble(pcan_usb):
    name = pcan_usb.netdevs[0]
    assert check(name).state is CanState.STOPPED
    link_up(name, "restart-ms", "0", bitrate=125_000)
    pcan_usb.error_counters(100, 7)
    wait_until(lambda: read_link(name).state is CanState.ERROR_WARNING)
    link = check(name)
    assert (link.tx_errors, link.rx_errors, link.bitrate) == (100, 7, 125_000)
    assert link.device.driver == "peak_usb"
    assert (link.device.usb_id, link.device.bus) == ("0c72:000c", "usb")
    pcan_usb.short()
    with RawCan(name, errors=True) as bus:
        bus.send("123#00")
        bus.receive_error(0x40)
    link = check(name)
    assert (link.state, link.has_carrier, link.is_up) == (CanState.BUS_OFF, False, True)


def test_an_adapter_that_is_unplugged_is_no_longer_listed(pcan_usb):
    before = read_link(pcan_usb.netdevs[0])
    assert before in read_links()
    pcan_usb.unplug()
    assert before.index not in {link.index for link in read_links()}
    (name,) = pcan_usb.plug()
    assert read_link(name).index > before.index
