"""Nobody is fought: whoever sets a link up already is named, with the file and the line."""

from __future__ import annotations

import pytest

from canbus.bringup import Request, persist
from canbus.errors import CanLinkError
from canbus.link_config import LinkConfig
from tests.unit.persist.sites import CANDLELIGHT, channel_files, serial_files, site

IFUP = {"/usr/sbin/ifup": ""}
STANZA = "auto lo\niface lo inet loopback\n\nallow-hotplug can0\niface can0 can static\n"
PROFILE = "[connection]\nid=can\ntype=generic\ninterface-name=can0\n"
NETPLAN = "network:\n  ethernets:\n    can0:\n      optional: true\n"
BY_HAND = "[Service]\nType=oneshot\nExecStart=/sbin/ip link set can0 up type can bitrate 250000\n"
WILD = "[Match]\nName=*\n\n[Network]\nDHCP=yes\n"
ALL_CAN = "[Match]\nType=can\n\n[CAN]\nBitRate=1M\n"
CAN0 = "# mine\n[Match]\nName=can0\n\n[CAN]\nBitRate=250K\n"

FIGHTS = {
    "ifupdown": (
        {"/etc/network/interfaces": STANZA, **IFUP},
        "/etc/network/interfaces:5: iface can0 can static",
        "sudoedit /etc/network/interfaces",
    ),
    "a part of ifupdown's": (
        {
            "/etc/network/interfaces": "source /etc/network/interfaces.d/*\n",
            "/etc/network/interfaces.d/can": STANZA,
            **IFUP,
        },
        "/etc/network/interfaces.d/can:5: iface can0 can static",
        "sudoedit /etc/network/interfaces.d/can",
    ),
    "a unit": (
        {"/etc/systemd/system/can.service": BY_HAND},
        "/etc/systemd/system/can.service:3: ExecStart=/sbin/ip link set can0 up",
        "sudo systemctl disable --now can.service",
    ),
    "rc.local": (
        {"/etc/rc.local": "#!/bin/sh\nip link set dev can0 up type can bitrate 500000\n"},
        "/etc/rc.local:2: ip link set dev can0 up",
        "sudoedit /etc/rc.local",
    ),
    "NetworkManager": (
        {"/etc/NetworkManager/system-connections/can.nmconnection": PROFILE},
        "/etc/NetworkManager/system-connections/can.nmconnection:4: interface-name=can0",
        "sudo mv /etc/NetworkManager/system-connections/can.nmconnection /root/",
    ),
    "netplan": (
        {"/etc/netplan/01-can.yaml": NETPLAN},
        "/etc/netplan/01-can.yaml:3: can0:",
        "sudoedit /etc/netplan/01-can.yaml",
    ),
    "a template of ours": (
        {"/etc/systemd/system/x.device.wants/canbus-can@can0.service": ""},
        "/etc/systemd/system/x.device.wants/canbus-can@can0.service:1",
        "sudo systemctl disable --now canbus-can@can0.service",
    ),
}
OF_NETWORKD = {
    "this link": {"/etc/systemd/network/80-can.network": CAN0},
    "all CAN links": {"/etc/systemd/network/99-can.network": ALL_CAN},
    "whatever there is, and first": {"/etc/systemd/network/10-all.network": WILD},
    "netplan's": {"/run/systemd/network/10-netplan-can0.network": CAN0},
}


def plan(root, *, name="can0", target=None, manager=None, **facts):
    """What is planned, where the facts are such."""
    request = Request(target=target or name, name=None if target is None else name,
                      config=LinkConfig(bitrate=500_000, up=True))  # fmt: skip
    return persist.plan(request, manager=manager, site=site(root, **facts))


@pytest.mark.parametrize("manager", ["networkd", "unit"])
@pytest.mark.parametrize("who", FIGHTS)
def test_whoever_sets_it_up_is_named_with_file_and_line(who, manager, tmp_path):
    files, where, remedy = FIGHTS[who]
    with pytest.raises(CanLinkError, match="is set up by another already") as caught:
        plan(tmp_path, manager=manager, networkd=True, files=files)
    assert where in str(caught.value)
    assert f"to end that: {remedy}" in (caught.value.hint or "")


@pytest.mark.parametrize("manager", ["networkd", "unit"])
@pytest.mark.parametrize("what", OF_NETWORKD)
def test_another_file_of_networkds_that_counts_is_a_fight(what, manager, tmp_path):
    files = OF_NETWORKD[what]
    with pytest.raises(CanLinkError, match=next(iter(files))):
        plan(tmp_path, manager=manager, networkd=True, files=files)


def test_the_line_of_networkds_file_is_that_with_the_name(tmp_path):
    with pytest.raises(CanLinkError, match=r"80-can\.network:3: Name=can0"):
        plan(tmp_path, networkd=True, files=OF_NETWORKD["this link"])


def test_a_file_for_whatever_there_is_loses_against_ours(tmp_path):
    files = {"/etc/systemd/network/80-all.network": WILD}
    assert plan(tmp_path, networkd=True, files=files).manager == "networkd"


def test_but_it_would_take_a_link_from_a_unit(tmp_path):
    files = {"/etc/systemd/network/80-all.network": WILD}
    with pytest.raises(CanLinkError, match=r"80-all\.network:2"):
        plan(tmp_path, networkd=True, manager="unit", files=files)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (OF_NETWORKD["this link"], "has no effect while systemd-networkd is not enabled"),
        ({"/etc/network/interfaces": STANZA}, "/etc/network/interfaces is for can0, too, and is"),
        ({"/etc/network/interfaces.d/can": STANZA, **IFUP}, "is read by nobody"),
    ],
)
def test_what_has_no_effect_is_only_told(files, told, tmp_path):
    made = plan(tmp_path, files=files)
    assert told in " ".join(made.notes)


@pytest.mark.parametrize("who", FIGHTS)
def test_another_links_set_up_is_no_fight(who, tmp_path):
    files, _, _ = FIGHTS[who]
    assert plan(tmp_path, name="can1", files=files).notes == ()


def test_what_is_written_is_no_rival_of_its_own(tmp_path):
    for manager in ("unit", "networkd", "unit"):
        persist.install(plan(tmp_path, manager=manager, networkd=True), str(tmp_path))


NAMING = {
    "/etc/udev/rules.d/75-can.rules": 'SUBSYSTEM=="net", KERNELS=="1-1", NAME="can_front"\n',
    "/etc/systemd/network/10-can.link": "[Match]\nPath=x\n[Link]\nName=can_front\n",
}


@pytest.mark.parametrize("path", NAMING)
def test_a_name_that_somebody_else_gives_is_not_given_twice(path, tmp_path):
    facts = {"link": [{"name": "can0", "device": CANDLELIGHT}]}
    files = {path: NAMING[path], **channel_files("can0")}
    with pytest.raises(CanLinkError, match=path):
        plan(tmp_path, target="can0", name="can_front", files=files, **facts)


def test_one_adapter_is_not_kept_under_two_names(tmp_path):
    facts = {"link": [{"name": "can0", "device": CANDLELIGHT}], "files": channel_files("can0")}
    first = plan(tmp_path, target="can0", name="can_front", **facts)
    persist.install(first, str(tmp_path))
    with pytest.raises(CanLinkError, match="kept already, as can_front") as caught:
        plan(tmp_path, target="can0", name="can_rear", **facts)
    assert caught.value.hint == "canbus persist --remove can_front, then again"


@pytest.mark.parametrize("port", ["/dev/ttyACM0", "/dev/ttyAMA0"])
def test_one_port_is_not_given_to_two_slcands(port, tmp_path):
    there = site(tmp_path, **serial_files())

    def ask(name):
        config = LinkConfig(bitrate=500_000, up=True)
        request = Request(target="serial", port=port, name=name, config=config)
        return persist.plan(request, site=there)

    persist.install(ask("can0"), str(tmp_path))
    with pytest.raises(CanLinkError, match="kept already, as can0"):
        ask("can1")
