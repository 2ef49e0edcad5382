"""Watching virtual links on a real kernel: up, down, made, renamed, removed, made anew."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import threading
import time

import pytest

from canbus import links
from canbus.errors import CanTimeoutError
from canbus.links.route_socket import RTMGRP_LINK, RouteSocket

LONG = 60.0  # seconds; the kernel's word comes much sooner, or the test has failed


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def after(seconds: float, *commands: str) -> threading.Timer:
    """Run these, a moment later."""

    def run() -> None:
        for command in commands:
            ip(*command.split())

    timer = threading.Timer(seconds, run)
    timer.start()
    return timer


@pytest.fixture
def name(vcan):
    """A name that no link has; a link of that name is removed."""
    name = f"w{vcan[4:]}"
    yield name
    if name in {link.name for link in links.list_links()}:
        ip("link", "del", name)


def test_each_change_of_a_link_is_told_as_it_happens(vcan, name):
    # No interval: all of these the kernel reports.
    changes = links.watch_links(poll_interval=LONG, timeout=LONG)

    def next_after(*words: str) -> str:
        ip(*words)
        return next(changes).describe()

    assert next_after("link", "add", name, "type", "vcan") == f"{name}: appeared, down"
    assert next_after("link", "set", name, "up") == f"{name}: up"
    assert next_after("link", "set", name, "alias", "x") == f"{name}: alias none -> x"
    assert next_after("link", "set", name, "down") == f"{name}: down"
    assert next_after("link", "set", name, "mtu", "16") == f"{name}: mtu 72 -> 16"
    other = f"v{name[1:]}"
    assert next_after("link", "set", name, "name", other) == f"{name}: renamed to {other}"
    assert next_after("link", "del", other) == f"{other}: gone"
    changes.close()


def test_what_the_kernel_does_not_report_of_a_link_that_is_down_is_found_by_looking(vcan):
    ip("link", "set", vcan, "down")
    changes = links.watch_links(vcan, poll_interval=0.05, timeout=LONG)
    ip("link", "set", vcan, "alias", "x")
    assert next(changes).describe() == f"{vcan}: alias none -> x"
    changes.close()


def test_it_is_told_while_it_is_waited_for(vcan):
    changes = links.watch_links(vcan, poll_interval=LONG, timeout=LONG)
    timer = after(0.2, f"link set {vcan} down")
    change = next(changes)
    timer.join()
    assert change.describe() == f"{vcan}: down"
    assert (change.before.has_carrier, change.after.has_carrier) == (True, False)
    changes.close()


def test_frames_are_no_change(vcan):
    changes = links.watch_links(vcan, poll_interval=0.01, timeout=0.3)
    subprocess.run(["cansend", vcan, "123#"], check=True)
    assert list(changes) == []


def test_the_ends_of_a_vxcan_gain_and_lose_carrier(vcan):
    one, other = f"x{vcan[4:]}", f"y{vcan[4:]}"
    ip("link", "add", one, "type", "vxcan", "peer", "name", other)
    try:
        ip("link", "set", one, "up")
        changes = links.watch_links(one, poll_interval=LONG, timeout=LONG)
        ip("link", "set", other, "up")
        assert next(changes).describe() == f"{one}: has carrier"
        ip("link", "set", other, "down")
        assert next(changes).describe() == f"{one}: no carrier"
    finally:
        ip("link", "del", one)
    assert next(changes).describe() == f"{one}: gone"
    changes.close()


def test_a_link_that_was_made_anew_is_gone_and_has_appeared(vcan, name):
    ip("link", "add", name, "type", "vcan")
    changes = links.watch_links(name, poll_interval=LONG, timeout=LONG)
    ip("link", "del", name)
    ip("link", "add", name, "type", "vcan")
    assert [next(changes).describe() for _ in range(2)] == [
        f"{name}: gone",
        f"{name}: appeared, down",
    ]
    changes.close()


def test_other_names_are_not_told(vcan, name):
    changes = links.watch_links(name, poll_interval=LONG, timeout=LONG)
    ip("link", "set", vcan, "down")
    ip("link", "add", name, "type", "vcan")
    assert next(changes).describe() == f"{name}: appeared, down"
    changes.close()


def test_a_flood_of_events_that_did_not_fit_means_to_look_again(vcan, name):
    """First that the flood does not fit; then that a watcher finds what it hid."""
    changes = links.watch_links(name, poll_interval=LONG, timeout=LONG)
    batch = f"link set {vcan} down\nlink set {vcan} up\n" * 500
    with RouteSocket(RTMGRP_LINK) as witness:
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
        ip("link", "add", name, "type", "vcan")
        with pytest.raises(OSError, match="No buffer space") as info:
            witness.receive()
        assert info.value.errno == errno.ENOBUFS
    assert next(changes).describe() == f"{name}: appeared, down"
    changes.close()


def test_an_interrupted_process_ends_at_once_and_nothing_stays_open(vcan):
    code = """
import signal, sys
from canbus import links
changes = links.watch_links(poll_interval=1000)
try:
    print("ready", flush=True)
    next(changes)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    program = [sys.executable, "-W", "error", "-c", code]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(2)
        assert process.communicate(timeout=LONG)[0] == "interrupted\n"
        assert process.returncode == 0


def test_a_link_that_comes_is_waited_for(vcan, name):
    assert links.wait_for_link(lambda link: link.name == vcan, 0).name == vcan
    timer = after(0.2, f"link add {name} type vcan", f"link set {name} up")
    found = links.wait_for_link(
        lambda link: link.name == name and link.is_up, LONG, poll_interval=LONG
    )
    timer.join()
    assert (found.name, found.is_up, found.index) == (name, True, socket.if_nametoindex(name))


def test_a_link_that_does_not_come_is_a_timeout(name):
    begin = time.monotonic()
    with pytest.raises(CanTimeoutError, match=f"{name} did not come within 0.1 s"):
        links.wait_for_link(lambda link: link.name == name, 0.1, what=name)
    assert time.monotonic() - begin >= 0.1
