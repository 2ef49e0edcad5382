"""Reading virtual links on a real kernel, against what `ip` says. Controllers: tests/hardware."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from canbus.links.reading import read_link, read_links


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def shown(name: str) -> dict[str, Any]:
    (link,) = json.loads(ip("-json", "-details", "-statistics", "link", "show", name))
    return dict(link)


@pytest.fixture
def vxcan(vcan):
    """Two ends in this namespace, down."""
    one, other = f"x{vcan[4:]}", f"y{vcan[4:]}"
    ip("link", "add", one, "type", "vxcan", "peer", "name", other)
    yield one, other
    ip("link", "del", one)


def test_a_vcan_is_what_ip_says(vcan):
    ip("link", "set", vcan, "txqueuelen", "123", "alias", "two words")
    subprocess.run(["cansend", vcan, "123#1122"], check=True)
    link, said = read_link(vcan), shown(vcan)
    assert (link.name, link.index, link.kind) == (vcan, said["ifindex"], "vcan")
    assert (link.is_up, link.mtu, link.txqueuelen) == (True, 72, 123)
    assert (link.alias, link.has_carrier) == ("two words", True)
    assert (link.device, link.state, link.peer, link.bit_timing) == (None, None, None, None)
    counts = said["stats64"]
    assert link.statistics.tx_packets == counts["tx"]["packets"] == 1
    assert link.statistics.rx_packets == counts["rx"]["packets"]
    assert link.statistics.tx_bytes == counts["tx"]["bytes"]
    assert link.statistics.bus_errors is None
    ip("link", "set", vcan, "down")
    assert (read_link(vcan).is_up, read_link(vcan).has_carrier) == (False, False)


def test_the_ends_of_a_vxcan_know_each_other_and_have_carrier_together(vxcan):
    one, other = vxcan
    ip("link", "set", one, "up")
    near, far = read_link(one), read_link(other)
    assert (near.kind, near.peer, far.peer) == ("vxcan", far.index, near.index)
    assert (near.is_up, near.has_carrier) == (True, False)
    ip("link", "set", other, "up")
    assert read_link(one).has_carrier


def test_the_list_has_all_can_links_as_read_one_by_one_and_no_others(vcan, vxcan):
    listed = read_links()
    assert {vcan, *vxcan} <= {link.name for link in listed}
    assert listed == [read_link(link.name) for link in listed]
    assert [link.index for link in listed] == sorted(link.index for link in listed)
    can = {link["ifname"] for link in json.loads(ip("-json", "link")) if link["link_type"] == "can"}
    assert {link.name for link in listed} == can


def test_more_links_than_fit_into_one_part_of_a_dump_are_all_listed(vcan):
    names = [f"m{vcan[4:]}{n:02}" for n in range(60)]
    batch = "".join(f"link add {name} type vcan\n" for name in names)
    subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
    try:
        assert set(names) < {link.name for link in read_links()}
    finally:
        batch = "".join(f"link del {name}\n" for name in names)
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)


def test_links_that_come_and_go_meanwhile_never_hide_those_that_stay(vcan, vxcan):
    """Where the kernel says that a dump was interrupted, it is begun anew."""
    name = f"z{vcan[4:]}"
    batch = f"link add {name} type vcan\nlink del {name}\n" * 300
    there = {vcan, *vxcan}
    done = threading.Event()

    def change() -> None:
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
        done.set()

    changer = threading.Thread(target=change)
    changer.start()
    listings = 0
    try:
        while not done.is_set() or listings == 0:
            listed = [link.name for link in read_links()]
            assert there <= set(listed)
            assert len(listed) == len(set(listed))
            listings += 1
    finally:
        changer.join()


def test_a_running_event_loop_is_no_hindrance(vcan):
    async def ask():
        return read_link(vcan), read_links()

    link, listed = asyncio.run(ask())
    assert link in listed


CODE = """
import os, sys
from canbus.links.reading import read_link, read_links
name = sys.argv[1]
{prepare}
link = read_link(name)
assert link in read_links()
print(link.name, link.kind, link.mtu, link.device)
"""


@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param("os.setgid(65534); os.setuid(65534)", id="without any right"),
        pytest.param("assert not os.path.exists('/sys/class')", id="without sysfs"),
    ],
)
def test_nothing_special_is_needed(vcan, prepare):
    program = [sys.executable, "-c", CODE.format(prepare=prepare), vcan]
    if "/sys" in prepare:
        script = 'mount -t tmpfs none /sys && exec "$0" "$@"'
        program = ["unshare", "--mount", "sh", "-c", script, *program]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.stdout == f"{vcan} vcan 72 None\n", done.stderr


def test_only_links_of_this_network_namespace_are_read(vcan):
    code = "from canbus.links.reading import read_links; print(read_links())"
    program = ["unshare", "--net", sys.executable, "-c", code]
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout == "[]\n"
