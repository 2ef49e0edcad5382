"""Asking a running emulator: over a socket, in its own thread here, unplugged."""

from __future__ import annotations

import json
import socket
import sys
import threading

import pytest

import canbus as can
from canbus.testing.usb.__main__ import main
from canbus.testing.usb.control import Client, Server
from canbus.testing.usb.emulator import Emulator
from canbus.testing.usb.gs_usb import GsUsb
from canbus.testing.usb.wire import Wire


@pytest.fixture
def adapter():
    return GsUsb(Wire(), channels=2)


@pytest.fixture
def client(adapter):
    emulator = Emulator(adapter)
    ours, theirs = socket.socketpair()
    Server(emulator).serve(theirs, is_owner=True)
    thread = threading.Thread(target=emulator.run)
    thread.start()
    client = Client(ours)
    yield client
    client.close()
    thread.join(10)
    assert not thread.is_alive()


def test_the_state_of_every_channel(client):
    state = client.ask("state")
    assert (state["kind"], state["plugged"], len(state["channels"])) == ("gs_usb", False, 2)
    assert state["channels"][1]["state"] == "STOPPED"


def test_a_fault_is_set(client):
    client.ask("fault", kind="noack", channel=1)
    assert [channel["fault"] for channel in client.ask("state")["channels"]] == ["none", "noack"]


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("fault", {"kind": "x"}, "unknown fault 'x'"),
        ("fault", {"kind": "none", "channel": 2}, "no channel 2"),
        ("fault", {"king": "none"}, "missing a required argument"),
        ("_node", {"channel": 0}, "unknown command"),
        ("do", {"name": "state", "arguments": {}}, "unknown command"),
        ("frames", {"texts": ["zzz"]}, "cannot read the frame"),
        ("error_counters", {"tec": "many", "rec": 0}, "many"),
        ("wire_bitrate", {"bitrate": -1}, "no bit rate"),
        ("traffic", {"texts": ["123#"], "period": -1}, "no period"),
        ("traffic", {"texts": ["123#"], "period": "inf"}, "no period"),
        ("traffic", {"texts": [], "period": 1}, "one frame or more"),
    ],
)
def test_what_cannot_be_done_is_an_error_of_the_library(client, name, arguments, complaint):
    with pytest.raises((can.CanConfigError, can.CanMessageError), match=complaint):
        client.ask(name, **arguments)


def test_the_wire_gets_a_bit_rate_and_keeps_account(client, adapter):
    assert client.ask("state")["wire_bitrate"] is None
    client.ask("wire_bitrate", bitrate="125000")
    node = adapter.nodes[1]
    node.bitrate = 250_000
    node.start()
    client.ask("frames", texts=["123#", "124#"])
    state = client.ask("state")
    assert (state["wire_bitrate"], state["disturbances"]) == (125_000, 2)
    assert (state["acknowledgements"], state["starts"]) == (0, [[1, 250_000, False]])
    client.ask("forget_sent")
    client.ask("wire_bitrate", bitrate=0)
    state = client.ask("state")
    assert (state["wire_bitrate"], state["disturbances"], state["starts"]) == (None, 0, [])


def test_traffic_comes_by_itself_until_it_is_ended(client, adapter):
    adapter.nodes[0].start()
    client.ask("traffic", texts=["123#01"], period=0.001)
    while not client.ask("state")["acknowledgements"]:
        pass  # the emulator's loop is what is asked
    client.ask("traffic", texts=[], period=0)
    heard = client.ask("state")["acknowledgements"]
    assert client.ask("state")["acknowledgements"] == heard


def test_a_wire_that_is_not_there(client):
    with pytest.raises((can.CanChannelNotFoundError, can.CanKernelSupportError), match="nosuch0"):
        client.ask("join", wire="nosuch0")


def test_the_hint_comes_along(client):
    with pytest.raises(can.CanConfigError) as info:
        client.ask("nonsense")
    assert "wait_for_sent" in info.value.hint


def test_frames_that_went_out_are_waited_for(client, adapter):
    adapter.nodes[0].start()
    assert client.ask("wait_for_sent", count=1, timeout=0.01) == 0
    adapter.nodes[0].send(can.Message.parse("123#DEAD"))
    assert client.ask("wait_for_sent", count=1, timeout=10) == 1
    ((channel, _, raw),) = client.ask("sent")
    assert (channel, bytes.fromhex(raw)[8:10]) == (0, b"\xde\xad")
    client.ask("forget_sent")
    assert client.ask("sent") == []


def test_the_record_has_no_limit_and_keeps_the_order(client, adapter):
    adapter.nodes[0].start()
    for number in range(12_000):
        adapter.nodes[0].send(can.Message(arbitration_id=number))
    raw = [bytes.fromhex(frame) for _, _, frame in client.ask("sent")]
    ids = [int.from_bytes(frame[:4], sys.byteorder) & 0x1FFFFFFF for frame in raw]
    assert ids == list(range(12_000))
    assert len(client.ask("sent", since=11_990)) == 10


@pytest.fixture
def shell(adapter, tmp_path, capsys):
    """Runs `python -m canbus.testing.usb control PATH ...`: exit status, output, complaint."""
    path = str(tmp_path / "control")
    emulator = Emulator(adapter)
    Server(emulator).listen(path)
    thread = threading.Thread(target=emulator.run)
    thread.start()

    def control(*words):
        status = main(["control", path, *words])
        return status, *capsys.readouterr()

    yield control
    assert control("quit") == (0, "", "")
    thread.join(10)
    assert not thread.is_alive()


def test_from_a_shell(shell):
    assert shell("fault", "noack", "--channel", "1") == (0, "", "")
    status, shown, _ = shell("state")
    assert (status, json.loads(shown)["channels"][1]["fault"]) == (0, "noack")
    assert shell("frame", "123#00") == (0, "", "")
    assert shell("error_frame", "88", "0004") == (0, "", "")
    assert shell("error_counters", "96", "0") == (0, "", "")
    assert json.loads(shell("state")[1])["channels"][0]["tec"] == 96


def test_a_shell_is_told_what_is_wrong(shell):
    status, shown, complaint = shell("fault", "x")
    assert (status, shown) == (1, "")
    assert complaint == "error: unknown fault 'x'\nhint: known: none, noack, short\n"


def test_the_emulator_ends_with_its_owner(adapter):
    emulator = Emulator(adapter)
    ours, theirs = socket.socketpair()
    Server(emulator).serve(theirs, is_owner=True)
    ours.close()
    emulator.run()


def test_an_emulator_that_ended_says_nothing_more():
    ours, theirs = socket.socketpair()
    theirs.close()
    client = Client(ours)
    with pytest.raises(can.CanOperationError, match="ended"):
        client.ask("state")
    client.close()


def test_nobody_at_the_path(tmp_path):
    with pytest.raises(can.CanOperationError, match="no emulated adapter answers"):
        Client.connect(str(tmp_path / "nobody"))
