"""What the doctor says of a bus, on emulated adapters under the stock drivers; and mends."""

from __future__ import annotations

import json

import pytest

import canbus as can
from canbus.bringup import doctor
from canbus.bringup.doctor import Severity
from canbus.cli import main
from canbus.links import LinkConfig, apply, get_link, list_links
from canbus.state import CanState
from tests.hardware.network import can_state, link_down, wait_until

PATIENCE = 30


@pytest.fixture
def pcan(pcan_usb):
    """A PCAN-USB that is up, and nothing restarts it."""
    (name,) = pcan_usb.netdevs
    apply(name, LinkConfig(bitrate=500_000, restart_ms=0, txqueuelen=100, up=True))
    yield pcan_usb, name
    link_down(name)


def first(channel, listen=0.2):
    found = doctor.run(channel, listen=listen)
    return found[0], {finding.name for finding in found}


def send(name):
    with can.Bus(name, "socketcan") as bus:
        bus.send(can.Message.parse("123#DEAD"), PATIENCE)


def test_alone_on_the_bus(pcan):
    adapter, name = pcan
    adapter.fault("noack")
    send(name)
    wait_until(lambda: get_link(name).tx_errors == 128)
    assert get_link(name).state is CanState.ERROR_PASSIVE
    finding, _ = first(name)
    assert (finding.name, finding.channel) == ("alone-on-the-bus", name)
    assert "transmit error counter 128" in finding.evidence[0]


def test_a_short_is_bus_off_and_when_it_is_gone_fix_restarts_and_touches_nothing_else(
    pcan, controllers, capsys
):
    adapter, name = pcan
    adapter.fault("short")
    send(name)
    wait_until(lambda: can_state(name) == "BUS-OFF")
    finding, names = first(name)
    assert (finding.name, finding.severity) == ("bus-off", Severity.ERROR)
    assert "no-restart" in names
    assert main(["doctor", name, "--listen", "0.1"]) == 4
    said = capsys.readouterr().out
    assert f"canbus restart {name}" in said
    assert get_link(name).state is CanState.BUS_OFF  # it only looks

    adapter.fault("none")
    before = {link.name: link for link in list_links()}
    main(["doctor", name, "--fix", "--json", "--listen", "0.1"])
    facts = json.loads(capsys.readouterr().out)
    assert facts["done"] == ["restart the controller"]
    assert not {"bus-off", "bus-off-again"} & {one["name"] for one in facts["findings"]}
    wait_until(lambda: can_state(name) == "ERROR-ACTIVE")
    after = {link.name: link for link in list_links()}
    assert after == before  # the settings of all; states and counters are not compared
    send(name)
    adapter.wait_for_sent(1)


def test_thrown_off_again_and_again(pcan):
    adapter, name = pcan
    apply(name, LinkConfig(restart_ms=100))
    adapter.fault("short")
    with can.Bus(name, "socketcan") as bus:
        task = bus.send_periodic(can.Message.parse("123#DEAD"), period=0.05)
        wait_until(lambda: get_link(name).statistics.restarts >= 1)
        finding, _ = first(name, listen=2)
        task.stop()
    adapter.fault("none")
    assert finding.name == "bus-off-again"


def test_another_bit_rate(pcan):
    adapter, name = pcan
    adapter.set_wire_bitrate(250_000)
    adapter.traffic(["321#01"], period=0.02)
    try:
        wait_until(lambda: get_link(name).rx_errors >= 96)
        finding, _ = first(name)
        assert finding.name == "wrong-bitrate"
    finally:
        adapter.traffic([], period=0)
        adapter.set_wire_bitrate(None)


def test_a_link_that_is_down_is_brought_up_by_fix(controllers, capsys):
    name, other = controllers
    link_down(name)
    before = get_link(other)
    finding, _ = first(name)
    assert finding.name == "link-down"
    main(["doctor", name, "--fix", "--listen", "0"])
    assert "fixing: bring" in capsys.readouterr().out
    assert get_link(name).is_up
    assert get_link(other) == before
    with can.Bus(name, "socketcan") as bus, can.Bus(other, "socketcan") as peer:
        peer.send(can.Message.parse("123#"))
        assert bus.recv(PATIENCE) is not None


def test_a_link_that_only_listens_and_is_sent_to(controllers):
    name, _ = controllers
    apply(name, LinkConfig(listen_only=True, up=True))
    try:
        with can.Bus(name, "socketcan") as bus:
            bus.send(can.Message.parse("123#"))
            wait_until(lambda: get_link(name).statistics.tx_dropped > 0)
        finding, _ = first(name)
        assert finding.name == "listen-only"
        assert finding.severity is Severity.ERROR
    finally:
        apply(name, LinkConfig(listen_only=False, up=True))


def test_frames_that_come_are_healthy(controllers):
    name, other = controllers
    apply(name, LinkConfig(restart_ms=100, txqueuelen=100, up=True))
    with can.Bus(other, "socketcan") as bus:
        task = bus.send_periodic(can.Message.parse("123#DEAD"), period=0.02)
        finding, names = first(name, listen=0.5)
        task.stop()
    assert main(["doctor", name, "--listen", "0"]) == 0
    apply(name, LinkConfig(restart_ms=0, txqueuelen=10, up=True))
    assert "healthy" in names
    # A note: tests before this one have sent to a controller that only listened.
    assert finding.severity <= Severity.NOTE, finding
