"""Each plugin, opened, used and closed as any bus of ours. Run by test_plugins.py, in a process
that finds the plugins; no file of this name is collected otherwise.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

import canbus
from canbus.errors import CanClosedError, CanError, CanInitializationError, CanOperationError
from tests.plugins.peers import PATIENCE, PEERS, Cannelloni, Peer, Waveshare

FRAMES = {  # what goes out, and what comes in: can-waveshare takes the same for an echo
    "123#": "124#01",
    "7FF#DEADBEEF": "7FE#DEADBEEF",
    "000#0011223344556677": "001#0011223344556677",
    "1FFFFFFF#01": "1FFFFFFE#02",
    "00000123#0102": "00000124#",
}


@pytest.fixture(params=PEERS, ids=lambda kind: kind.interface)
def kind(request):
    return request.param


@pytest.fixture
def peer(kind):
    made = kind()
    yield made
    made.close()


@pytest.fixture
def bus(peer):
    with opened(peer) as bus:
        yield bus


def opened(peer: Peer, **options):
    bus = canbus.Bus(peer.channel, interface=peer.interface, **{**peer.options, **options})
    peer.opened()
    return bus


def said(msg: canbus.Message | None) -> str:
    """A frame as candump writes it."""
    assert msg is not None
    return format(msg, "candump")


def test_they_are_listed_with_the_distribution_that_they_come_with():
    code = (
        "import sys; from canbus.cli import main; main(['backends', '--json'])\n"
        "assert 'can' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    for kind in PEERS:
        row = rows[f"python-can:{kind.interface}"]
        assert (row["source"], row["problem"]) == (kind.distribution, None)


@pytest.mark.parametrize("prefix", ["", "python-can:"])
def test_frames_go_both_ways(peer, prefix):
    options = dict(peer.options)
    with canbus.Bus(peer.channel, interface=prefix + peer.interface, **options) as bus:
        peer.opened()
        for sent, answer in FRAMES.items():
            bus.send(canbus.Message.parse(sent))
            assert said(peer.hear()) == sent
            peer.say(canbus.Message.parse(answer))
            assert said(bus.recv(PATIENCE)) == answer


def test_remote_frames_go_both_ways(bus, peer):
    for sent, answer in (("123#R", "124#R"), ("12345678#R", "12345679#R")):
        bus.send(canbus.Message.parse(sent))
        assert said(peer.hear()) == sent
        peer.say(canbus.Message.parse(answer))
        assert said(bus.recv(PATIENCE)) == answer


def test_filters_are_those_of_every_bus(peer):
    with opened(peer, can_filters=[canbus.CanFilter(0x100, 0x700)]) as bus:
        for stranger, friend in (("223#01", "123#02"), ("12345678#03", "145#04")):
            peer.say(canbus.Message.parse(stranger))
            # Before more comes: of what comes together, damiao 0.1.0 takes the first and no more.
            assert bus.recv(0.05) is None
            peer.say(canbus.Message.parse(friend))
            assert said(bus.recv(PATIENCE)) == friend


def test_a_poll_finds_what_has_arrived(bus, peer):
    assert bus.recv(0) is None
    peer.say(canbus.Message.parse("321#0102"))
    deadline = time.monotonic() + PATIENCE
    while (msg := bus.recv(0)) is None:
        assert time.monotonic() < deadline
    assert said(msg) == "321#0102"


def test_a_notifier_hands_frames_out(bus, peer):
    got: queue.SimpleQueue[canbus.Message] = queue.SimpleQueue()
    notifier = canbus.Notifier(bus, [got.put])
    peer.say(canbus.Message.parse("321#0102"))
    assert said(got.get(timeout=PATIENCE)) == "321#0102"
    notifier.stop()


def test_cyclic_frames_are_sent_changed_and_stopped(bus, peer):
    task = bus.send_periodic(canbus.Message.parse("321#01"), 0.005)
    assert said(peer.hear()) == "321#01"
    task.modify_data(canbus.Message.parse("321#02"))
    while said(peer.hear()) != "321#02":
        pass
    task.stop()
    assert task.error is None


def test_shutdown_wakes_who_waits_and_may_be_called_twice(peer):
    bus = opened(peer)
    ended: queue.SimpleQueue[BaseException] = queue.SimpleQueue()

    def wait() -> None:
        try:
            bus.recv(None)
        except CanClosedError as exc:
            ended.put(exc)

    thread = threading.Thread(target=wait)
    thread.start()
    bus.shutdown()
    assert isinstance(ended.get(timeout=PATIENCE), CanClosedError)
    thread.join(PATIENCE)
    bus.shutdown()
    for use in (lambda: bus.recv(0), lambda: bus.send(canbus.Message.parse("123#"))):
        with pytest.raises(CanClosedError):
            use()


def test_a_channel_that_does_not_open_is_named_with_the_plugin(kind):
    with pytest.raises(CanInitializationError) as caught:
        canbus.Bus(kind.nowhere, interface=kind.interface, **kind.options)
    assert f"python-can's {kind.interface} cannot open '{kind.nowhere}'" in str(caught.value)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("kind", [Waveshare, Cannelloni], ids=["waveshare", "cannelloni"])
def test_the_other_end_goes_away(peer):
    with opened(peer) as bus:
        assert peer.channel in bus.channel_info
        peer.go_away()
        with pytest.raises(CanError, match=peer.channel):
            use_for_ever(bus)


@pytest.mark.parametrize("kind", [Waveshare], ids=["waveshare"])
def test_a_plugin_that_closes_itself_is_not_asked_for_ever(peer):
    with opened(peer) as bus:
        peer.go_away()
        with pytest.raises(CanOperationError, match="closed itself"):
            bus.recv(None)


def test_a_plugin_that_knows_no_timeout_is_closed_all_the_same():
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(PATIENCE)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options: Any = {"local": "127.0.0.1", "local_port": port}
        options |= {"peer": "127.0.0.1", "peer_port": peer.getsockname()[1]}
        bus: Any = canbus.Bus("V1", interface="coe", **options)
        bus.send(canbus.Message.parse("00000000#0102"))
        assert peer.recv(99) == b"\1\2"
        peer.sendto(b"\3\4", ("127.0.0.1", port))
        assert said(bus.recv(PATIENCE)) == "00000000#0304"
        thread = threading.Thread(target=waits_until_closed, args=(bus,))
        thread.start()
        # Its own shutdown() cannot succeed: it shuts a UDP socket down that has no peer.
        with pytest.raises(CanOperationError, match="V1: closing failed"):
            bus.shutdown()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        bus._theirs._socket.close()  # which it never does


def waits_until_closed(bus):
    with pytest.raises(CanClosedError):
        use_for_ever(bus, send=False)


def use_for_ever(bus, send=True):
    while True:
        if send:
            bus.send(canbus.Message.parse("123#"))
        bus.recv(0.01)
