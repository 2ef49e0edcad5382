"""canbus.links on a real kernel: what netlink does, not what we think it does."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
from collections.abc import Iterator

import pytest

from canbus import links
from canbus.errors import CanLinkError, CanLinkNotFoundError


@pytest.fixture
def free_name(vcan: str) -> Iterator[str]:
    """A name that no link has; a link made under it is removed."""
    name = f"{vcan}x"
    yield name
    if name in [link.name for link in links.list_links()]:
        links.delete_link(name)


def test_a_created_vcan_is_there_up_and_carries_fd(free_name):
    made = links.create_vcan(free_name)
    assert (made.name, made.kind, made.is_up, made.mtu) == (free_name, "vcan", True, 72)
    assert links.get_link(free_name) == made
    assert made in links.list_links()


def test_a_vcan_can_be_created_classic_and_down(free_name):
    made = links.create_vcan(free_name, fd=False, up=False)
    assert (made.is_up, made.mtu) == (False, 16)


def test_only_can_links_are_listed(vcan):
    listed = [link.name for link in links.list_links()]
    assert vcan in listed
    assert "lo" not in listed


def test_a_second_link_of_the_name_is_refused(vcan):
    with pytest.raises(CanLinkError, match=f"there is an interface {vcan} already") as caught:
        links.create_vcan(vcan)
    assert caught.value.error_code == errno.EEXIST


def test_exist_ok_takes_the_link_that_is_there(vcan):
    there = links.get_link(vcan)
    assert links.create_vcan(vcan, exist_ok=True) == there


def test_exist_ok_refuses_a_link_of_another_mtu(vcan):
    with pytest.raises(CanLinkError, match="its MTU is 72"):
        links.create_vcan(vcan, fd=False, exist_ok=True)


def test_down_and_up_may_be_repeated(vcan):
    for _ in range(2):
        links.set_down(vcan)
        assert not links.get_link(vcan).is_up
    for _ in range(2):
        links.set_up(vcan)
        assert links.get_link(vcan).is_up


def test_a_deleted_link_is_gone_and_cannot_be_deleted_again(free_name):
    links.create_vcan(free_name)
    links.delete_link(free_name)
    with pytest.raises(CanLinkNotFoundError, match=free_name):
        links.delete_link(free_name)


@pytest.mark.parametrize("action", [links.set_up, links.set_down, links.delete_link])
def test_the_loopback_interface_is_left_alone(action):
    def flags() -> bytes:
        return subprocess.run(["ip", "link", "show", "lo"], capture_output=True, check=True).stdout

    before = flags()
    with pytest.raises(CanLinkError, match="lo is not a CAN interface"):
        action("lo")
    assert flags() == before


def test_a_temporary_link_lives_as_long_as_its_block():
    with links.temporary_vcan() as link:
        assert links.get_link(link.name) == link
        assert link.is_up
    with pytest.raises(CanLinkNotFoundError):
        links.get_link(link.name)


def test_a_temporary_link_is_removed_after_an_exception(free_name):
    with pytest.raises(ZeroDivisionError), links.temporary_vcan(free_name, fd=False):
        raise ZeroDivisionError
    with pytest.raises(CanLinkNotFoundError):
        links.get_link(free_name)


def test_links_can_be_made_inside_a_running_event_loop():
    async def use() -> bool:
        with links.temporary_vcan() as link:
            links.set_down(link.name)
            return links.get_link(link.name).is_up

    assert asyncio.run(use()) is False


@pytest.mark.parametrize(
    "statement",
    ["links.create_vcan(name + 'y')", "links.delete_link(name)", "links.set_down(name)"],
)
def test_without_rights_nothing_changes_and_the_error_says_so(vcan, statement):
    code = f"""
import os, sys
import pyroute2
from canbus import links
from canbus.errors import CanLinkPermissionError
name = sys.argv[1]
links.get_link(name)  # imports everything while this may still be read
os.setuid(65534)
try:
    {statement}
except CanLinkPermissionError as exc:
    print(exc.hint)
"""
    before = links.list_links()
    done = subprocess.run(
        [sys.executable, "-c", code, vcan], capture_output=True, text=True, check=True
    )
    assert "CAP_NET_ADMIN" in done.stdout
    assert links.list_links() == before
