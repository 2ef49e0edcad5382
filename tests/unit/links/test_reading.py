"""links.reading over a fake kernel; its twin on real ones: tests/kernel/test_links_read.py."""

from __future__ import annotations

import asyncio
import errno
import socket
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from canbus.errors import CanLinkError, CanLinkNotFoundError, CanProtocolError, CanUnsupportedError
from canbus.link_info import LinkDevice, LinkInfo
from canbus.links import reading, route_socket
from canbus.links.reading import read_link, read_links
from tests.unit.links.kernel_answers import FakeRouteKernel

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")

VCAN0, VCAN1, VCAN2 = (
    LinkInfo(f"vcan{n}", 7 + n, "vcan", is_up=True, mtu=72, has_carrier=True) for n in range(3)
)


@pytest.fixture
def kernel(monkeypatch):
    fake = FakeRouteKernel(VCAN0, VCAN1, VCAN2)
    fake.add_other("eth0")
    monkeypatch.setattr(route_socket, "RouteSocket", fake.open)
    monkeypatch.setattr(reading, "sys", SimpleNamespace(platform="linux"))
    yield fake
    assert fake.open_sockets == 0


@pytest.fixture(autouse=True)
def devices(monkeypatch):
    """What sysfs shows: name and index to device."""
    found: dict[tuple[str, int], LinkDevice] = {}
    monkeypatch.setattr(reading, "read_device", lambda name, *, index: found.get((name, index)))
    return found


def test_can_links_are_listed_by_their_index(kernel):
    kernel.links = {link.name: link for link in (VCAN2, VCAN0, VCAN1)}
    assert read_links() == [VCAN0, VCAN1, VCAN2]
    kernel.links.clear()
    assert read_links() == []


def test_a_link_is_read_by_its_name(kernel):
    assert read_link("vcan1") == VCAN1


def test_the_device_is_that_of_the_very_link(kernel, devices):
    devices["vcan0", VCAN0.index] = LinkDevice("gs_usb", "usb")
    devices["vcan1", 99] = LinkDevice("of", "another")
    assert read_link("vcan0") == replace(VCAN0, device=LinkDevice("gs_usb", "usb"))
    assert [link.device for link in read_links()] == [LinkDevice("gs_usb", "usb"), None, None]


def test_an_interface_that_is_not_can_is_left_alone(kernel):
    with pytest.raises(CanLinkError, match="eth0 is not a CAN interface: it is left alone") as info:
        read_link("eth0")
    assert "canbus list" in str(info.value.hint)


def test_a_missing_interface_is_named(kernel):
    with pytest.raises(CanLinkNotFoundError, match="there is no interface can7") as info:
        read_link("can7")
    assert info.value.error_code == errno.ENODEV
    assert isinstance(info.value, LookupError)
    assert info.value.hint


@pytest.mark.parametrize("attribute", ["interruptions", "lost"])
@pytest.mark.parametrize("times", [1, 19])
def test_a_listing_that_changes_disturb_is_begun_anew(kernel, attribute, times):
    setattr(kernel, attribute, times)
    assert read_links() == [VCAN0, VCAN1, VCAN2]


@pytest.mark.parametrize("attribute", ["interruptions", "lost"])
def test_changes_without_end_are_an_error(kernel, attribute):
    setattr(kernel, attribute, 10**6)
    with pytest.raises(CanLinkError, match="in 20 attempts they changed meanwhile") as info:
        read_links()
    assert info.value.error_code == errno.EAGAIN
    assert getattr(kernel, attribute) == 10**6 - 20


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EPERM, "may not use netlink sockets: Operation not permitted"),
        (errno.EAFNOSUPPORT, "may not use netlink sockets: Address family not supported"),
        (errno.EMFILE, "Too many open files"),
        (errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_a_socket_that_cannot_be_had_is_a_link_error(kernel, monkeypatch, code, words):
    def refuse():
        raise OSError(code, "")

    monkeypatch.setattr(route_socket, "RouteSocket", refuse)
    for ask, action in ((read_links, "list CAN interfaces"), (lambda: read_link("x"), "read x")):
        with pytest.raises(CanLinkError, match=f"cannot {action}: .*{words}") as info:
            ask()
        assert info.value.error_code == code
        assert type(info.value) is CanLinkError


def test_a_refusal_of_the_kernel_is_a_link_error(kernel):
    kernel.refusals = [errno.EBUSY, errno.EINVAL]
    with pytest.raises(CanLinkError, match=r"cannot list CAN interfaces: .*busy"):
        read_links()
    with pytest.raises(CanLinkError, match="cannot read vcan0: Invalid argument"):
        read_link("vcan0")


def test_a_kernel_that_does_not_answer_is_a_link_error(kernel):
    kernel.is_mute = True
    with pytest.raises(CanLinkError, match="the kernel does not answer: timed out"):
        read_link("vcan0")
    with pytest.raises(CanLinkError, match="the kernel does not answer: timed out"):
        read_links()


def test_an_answer_that_makes_no_sense_is_a_protocol_error(kernel, monkeypatch):
    monkeypatch.setattr(kernel, "answer", lambda _: [b"\x01"])
    for ask in (read_links, lambda: read_link("vcan0")):
        with pytest.raises(CanProtocolError):
            ask()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_unsupported_by_name(monkeypatch, platform):
    monkeypatch.setattr(reading, "sys", SimpleNamespace(platform=platform))
    for ask in (read_links, lambda: read_link("can0")):
        with pytest.raises(CanUnsupportedError, match=platform) as info:
            ask()
        assert "virtual" in str(info.value.hint)


# -- the real netlink of this machine, which needs neither CAN nor rights


@linux_only
def test_the_real_kernel_answers_outside_and_inside_a_running_event_loop():
    def ask():
        with pytest.raises(CanLinkError, match="lo is not a CAN interface"):
            read_link("lo")
        with pytest.raises(CanLinkNotFoundError, match="nosuchlink"):
            read_link("nosuchlink")
        return read_links()

    async def ask_inside():
        return ask()

    assert asyncio.run(ask_inside()) == ask()


@linux_only
def test_reading_needs_no_pyroute2():
    code = """
import sys
from canbus.links.reading import read_links
read_links()
sys.exit("pyroute2" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@linux_only
def test_a_real_socket_waits_gives_up_and_hears_what_it_asked_for(monkeypatch):
    monkeypatch.setattr(route_socket, "_PATIENCE", 0.01)
    with route_socket.RouteSocket(route_socket.RTMGRP_LINK) as listener:
        assert not listener.wait(0)
        with pytest.raises(TimeoutError):
            listener.receive()


@linux_only
def test_a_real_socket_that_cannot_be_bound_is_closed(monkeypatch):
    opened = []

    class Unbindable(socket.socket):
        def bind(self, _):
            opened.append(self)
            raise OSError(errno.EPERM, "")

    monkeypatch.setattr(socket, "socket", Unbindable)
    with pytest.raises(PermissionError):
        route_socket.RouteSocket()
    assert opened[0].fileno() == -1
