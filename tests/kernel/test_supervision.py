"""Supervised buses on interfaces that go down, or away, and come back."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

import canbus as can
from canbus.links import create_vcan, delete_link, set_down, set_up
from canbus.supervision import SupervisedBus
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, receive
from tests.kernel.namespaces import run
from tests.kernel.socketcan_conformance import SocketcanConformance
from tests.kernel.supervised import (
    POLICY,
    WANTED,
    OpenWitness,
    Rounds,
    as_before,
    data_frame,
    until,
)
from tests.scale import SOAK

ROUNDS = 15 if SOAK == 1 else 200
DOWN, GONE = can.GapCause.LINK_DOWN, can.GapCause.GONE


def supervised(name: str, **options: Any) -> SupervisedBus:
    filters = [can.CanFilter(WANTED, 0x7FF)]
    return can.supervise(name, "socketcan", policy=POLICY, can_filters=filters, **options)


def up_again(name: str) -> Callable[[OpenWitness], can.BusABC]:
    def come_back(open_witness: OpenWitness) -> can.BusABC:
        witness = open_witness()
        with pytest.raises(can.CanLinkDownError):
            witness.recv(0)
        set_up(name)
        return witness

    return come_back


def made_again(name: str) -> Callable[[OpenWitness], can.BusABC]:
    def come_back(open_witness: OpenWitness) -> can.BusABC:
        create_vcan(name, fd=True, up=False)
        return up_again(name)(open_witness)

    return come_back


@pytest.mark.timeout(40 * ROUNDS)
def test_rounds_in_random_order(vcan):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with as_before(), supervised(vcan) as bus:
        rounds = Rounds(vcan, bus)
        for _ in range(ROUNDS):
            with as_before():
                if chance.random() < 0.5:
                    rounds.round(lambda: set_down(vcan), up_again(vcan), DOWN)
                else:
                    rounds.round(lambda: delete_link(vcan), made_again(vcan), GONE)


def test_removed_while_it_is_down(vcan):
    with as_before(), supervised(vcan) as bus:
        rounds = Rounds(vcan, bus)

        def lose() -> None:
            set_down(vcan)
            until(lambda: bus.gap is not None, "nobody noticed")
            delete_link(vcan)

        rounds.round(lose, made_again(vcan), GONE)


def test_a_link_that_is_down_already_is_a_gap(vcan):
    set_down(vcan)
    with supervised(vcan) as bus:
        until(lambda: bus.gap is not None, "nobody noticed")
        set_up(vcan)
        assert bus.gaps.get(PATIENCE).cause is DOWN


@pytest.mark.parametrize("is_read", [True, False])
def test_down_and_up_at_once_is_told_once(vcan, is_read):
    """Though nobody may have seen it in time: then the kernel has kept it for the next call."""
    with supervised(vcan) as bus, can.Bus(vcan, interface="socketcan") as other:
        for number in range(20):
            set_down(vcan)
            set_up(vcan)
            assert bus.gaps.get(PATIENCE).cause is DOWN
            if is_read:
                with pytest.raises(can.CanLinkDownError):
                    receive(other)
                other.send(numbered(number, WANTED))
                assert number_of(data_frame(bus.recv)) == number
                assert bus.recv(0) is None
        assert len(bus.gaps) == 0


def test_who_waits_in_recv_gets_the_first_frame_after_the_gap(vcan):
    with supervised(vcan) as bus:
        waiting = Worker(lambda: receive(bus))
        delete_link(vcan)
        until(lambda: bus.gap is not None, "nobody noticed")
        create_vcan(vcan, fd=True)
        bus.gaps.get(PATIENCE)
        with can.Bus(vcan, interface="socketcan") as other:
            other.send(numbered(5, WANTED))
        assert number_of(waiting.result()) == 5


def test_a_vcan_of_ours_is_made_again(vcan):
    name = f"{vcan[:12]}b"
    with as_before(), can.Bus(name, interface="vcan", auto_reconnect=POLICY) as bus:
        assert isinstance(bus, SupervisedBus)
        delete_link(name)
        assert bus.gaps.get(PATIENCE).cause is GONE
        with can.Bus(name, interface="vcan") as other:
            bus.send(numbered(3))
            assert number_of(receive(other)) == 3
    assert not any(link.name == name for link in can.links.list_links())


def test_in_another_network_namespace(space):
    """Its own thread hears of changes there."""
    run("ip", "-n", space, "link", "add", "dev", "there", "type", "vcan")
    run("ip", "-n", space, "link", "set", "there", "up")
    with as_before(), supervised("there", netns=space) as bus:
        run("ip", "-n", space, "link", "set", "there", "down")
        until(lambda: bus.gap is not None, "nobody noticed")
        run("ip", "-n", space, "link", "set", "there", "up")
        assert bus.gaps.get(PATIENCE).cause is DOWN


@pytest.mark.soak
class TestSupervisedSocketcan(SocketcanConformance):
    """The same over virtual buses is always run."""

    def connect(self, channel: Any, **options: Any) -> can.BusABC:
        return can.Bus(channel, interface="socketcan", auto_reconnect=True, **options)
