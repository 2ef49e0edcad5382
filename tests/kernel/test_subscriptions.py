"""Subscriptions on a socket: filters that the kernel has, full rate, losses, links that go."""

from __future__ import annotations

import re
import select
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

import canbus as can
from canbus.dispatcher import dispatcher_of
from canbus.links import create_vcan, delete_link, set_down, set_up
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, receive
from tests.interruptions import at_every_step, interrupted
from tests.kernel.conftest import OpenBus
from tests.scale import SOAK
from tests.unit.dispatch.consumers import Raising, Recorder, dispatchers, exactly, next_of

MARKER = 0x7FE
LISTS = Path("/proc/net/can")
_FILTER = re.compile(r"^ *(\S+) +([0-9a-f]{1,8}) +([0-9a-f]{8}) +\S+ +\S+ +\d+ +raw", re.MULTILINE)


def _in_kernel(link: str) -> list[tuple[int, int]]:
    """The filters for frames that the kernel has on a link: net/can/proc.c, can_print_rcvlist."""
    lists = ("rcvlist_all", "rcvlist_fil", "rcvlist_inv", "rcvlist_sff", "rcvlist_eff")
    found = "".join((LISTS / name).read_text() for name in lists)
    return sorted(
        (int(can_id, 16), int(mask, 16))
        for device, can_id, mask in _FILTER.findall(found)
        if device == link
    )


def _exact(*ids: int) -> list[tuple[int, int]]:
    return [(can_id, 0x800007FF) for can_id in ids]


EVERYTHING = [(0, 0)]


def test_the_kernel_has_the_union_and_follows(open_bus: OpenBus, vcan: str) -> None:
    bus = open_bus(can_filters=exactly(0x111))
    assert _in_kernel(vcan) == _exact(0x111)
    one = bus.subscribe(exactly(0x123))
    assert _in_kernel(vcan) == _exact(0x123)  # nobody reads the bus itself
    bus.recv(0)
    assert _in_kernel(vcan) == _exact(0x111, 0x123)
    two = bus.subscribe(exactly(0x123, 0x124))
    assert _in_kernel(vcan) == _exact(0x111, 0x123, 0x124)
    three = bus.subscribe()
    assert _in_kernel(vcan) == EVERYTHING
    three.set_filters(exactly(0x125))
    assert _in_kernel(vcan) == _exact(0x111, 0x123, 0x124, 0x125)
    two.close()
    assert _in_kernel(vcan) == _exact(0x111, 0x123, 0x125)
    bus.set_filters(exactly(0x112))
    assert _in_kernel(vcan) == _exact(0x112, 0x123, 0x125)
    three.set_filters(can.CanFilter.nothing())
    one.close()
    assert _in_kernel(vcan) == _exact(0x112)
    three.close()
    assert _in_kernel(vcan) == _exact(0x112)
    assert [entry.can_id for entry in bus.filters or ()] == [0x112]


def test_joined_filters_have_no_union(open_bus: OpenBus, vcan: str) -> None:
    both = [
        can.CanFilter(0x100, 0x700, extended=False),
        can.CanFilter(0x023, 0x0FF, extended=False),
    ]
    bus, sender = open_bus(can_filters=both, join_filters=True), open_bus()
    bus.recv(0)
    with bus.subscribe(exactly(0x456)) as subscription:
        for can_id in (0x123, 0x122, 0x456):
            sender.send(numbered(can_id, can_id))
        assert next_of(subscription) == 0x456
        assert number_of(receive(bus)) == 0x123
        assert bus.recv(0) is None
    sender.send_many([numbered(can_id, can_id) for can_id in (0x122, 0x456, 0x123)])
    assert number_of(receive(bus)) == 0x123


def test_fifty_at_full_rate_get_exactly_their_frames_and_a_slow_one_hurts_itself(
    open_bus: OpenBus,
) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=None, on_loss="raise")
    count = 4000 * SOAK
    subscriptions = [bus.subscribe(exactly(number, MARKER)) for number in range(50)]
    slow = bus.subscribe(exactly(7, MARKER), maxlen=5)
    raising = Raising()
    dispatcher_of(bus).add(raising)
    room = threading.Semaphore(200)  # frames on their way: the socket's queue holds 278

    class Counter(Recorder):
        def deliver(self, frames: list[can.Message]) -> None:
            room.release(len(frames))

    counter = Counter()
    dispatcher_of(bus).add(counter)

    def send_all() -> None:
        for number in range(count):
            assert room.acquire(timeout=PATIENCE)
            sender.send(numbered(number, number % 60))
        sender.send(numbered(0, MARKER))

    sending = Worker(send_all)
    sending.thread.join(120 * SOAK)
    for number, subscription in enumerate(subscriptions):
        got = []
        while (msg := receive(subscription)).arbitration_id != MARKER:  # type: ignore[arg-type]
            got.append(number_of(msg))
            assert msg.lost_before == 0
        assert got == list(range(number, count, 60))
        assert subscription.lost == 0
    mine = len(range(7, count, 60)) + 1
    assert slow.lost == mine - 5
    assert bus.statistics.rx_dropped == 0
    for one in (*subscriptions, slow):
        one.close()
    dispatcher_of(bus).remove(raising)
    dispatcher_of(bus).remove(counter)
    assert dispatchers() == []


def test_what_the_kernel_lost_reaches_every_subscription(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=2048, on_loss="count")
    blocked = threading.Event()
    go_on = threading.Event()

    class Blocking(Recorder):
        def deliver(self, frames: list[can.Message]) -> None:
            blocked.set()
            assert go_on.wait(PATIENCE)

    blocking = Blocking(exactly(1))
    dispatcher_of(bus).add(blocking)
    sender.send(numbered(0, 1))
    assert blocked.wait(PATIENCE)
    with bus.subscribe(exactly(2)) as one, bus.subscribe(exactly(3)) as other:
        for number in range(200):
            sender.send(numbered(number, 2))
        go_on.set()
        last = numbered(1000, 2)
        lost = 0
        while lost == 0:  # the kernel says it with the next frame that it has room for
            sender.send(last)
            got = one.recv(PATIENCE)
            assert got is not None
            lost = got.lost_before
        sender.send(numbered(1001, 3))
        msg = other.recv(PATIENCE)
        assert msg is not None
        assert msg.lost_before == lost
        assert bus.statistics.rx_dropped == lost
        assert one.lost == other.lost == 0
    dispatcher_of(bus).remove(blocking)


@pytest.mark.parametrize("rounds", [3 * SOAK])
def test_interface_down_and_up_is_survived_and_told_once(
    open_bus: OpenBus, vcan: str, rounds: int
) -> None:
    sender, bus = open_bus(), open_bus()
    bus.recv(0)
    with bus.subscribe() as one, bus.subscribe(exactly(5)) as other:
        for number in range(rounds):
            set_down(vcan)
            for subscription in (one, other):
                with pytest.raises(can.CanLinkDownError):
                    subscription.recv(PATIENCE)
                assert subscription.recv(0.01) is None  # once
            for _ in range(2):  # the bus itself says it at every call, as without them
                with pytest.raises(can.CanLinkDownError):
                    bus.recv(PATIENCE)
            set_up(vcan)
            sender.send(numbered(number, 5))
            assert next_of(one) == next_of(other) == number
            assert number_of(_without_link_errors(bus)) == number


def _without_link_errors(bus: Any) -> can.Message:
    """The next frame; that the link was down may have to be said before."""
    while True:
        try:
            return receive(bus)
        except can.CanLinkDownError:
            continue


def _until_gone(one: can.Subscription) -> None:
    """The kernel takes an interface down before it removes it, which may be seen."""
    with suppress(can.CanLinkDownError):
        one.recv(PATIENCE)
    one.recv(PATIENCE)


def test_removed_and_made_again_they_go_on_after_reopen(name: str) -> None:
    create_vcan(name)
    try:
        with can.Bus(name, interface="socketcan") as bus, bus.subscribe(exactly(5)) as one:
            delete_link(name)
            with pytest.raises(can.CanChannelNotFoundError):
                _until_gone(one)
            assert one.recv(0.01) is None
            create_vcan(name)
            bus.reopen()
            assert _in_kernel(name) == _exact(5)
            with can.Bus(name, interface="socketcan") as sender:
                sender.send(numbered(1, 5))
                assert next_of(one) == 1
    finally:
        delete_link(name)


def test_the_descriptor_tells_of_the_share_and_of_the_socket_again(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    fd = bus.fileno()

    def is_readable(timeout: float = 0) -> bool:
        return bool(select.select([fd], [], [], timeout)[0])

    with bus.subscribe() as subscription:
        assert not is_readable()
        sender.send(numbered(1))
        assert is_readable(PATIENCE)
        assert next_of(subscription) == number_of(receive(bus)) == 1
        assert not is_readable()
        sender.send(numbered(2))
        assert is_readable(PATIENCE)
        next_of(subscription)
    assert is_readable()
    assert number_of(receive(bus)) == 2
    assert not is_readable()
    sender.send(numbered(3))
    assert is_readable()
    assert number_of(receive(bus)) == 3


def test_frames_read_ahead_are_for_the_bus_and_come_first(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number) for number in range(5)])
    assert number_of(receive(bus)) == 0  # and the others are read ahead
    with bus.subscribe() as subscription:
        sender.send(numbered(5))
        assert next_of(subscription) == 5
        assert number_of(receive(bus)) == 1
    sender.send(numbered(6))
    assert [number_of(receive(bus)) for _ in range(5)] == [2, 3, 4, 5, 6]


def test_who_waits_moves_over_and_back(open_bus: OpenBus) -> None:
    sender, bus = open_bus(), open_bus()
    got: SimpleQueue[int] = SimpleQueue()
    workers = [Worker(lambda: got.put(number_of(receive(bus)))) for _ in range(20)]
    for number in range(20):
        subscription = bus.subscribe()
        if number % 2:
            subscription.close()
        sender.send(numbered(number))
        assert got.get(timeout=PATIENCE / 2) == number
        if not number % 2:
            assert next_of(subscription) == number
            subscription.close()
    for worker in workers:
        worker.result()


def test_a_request_on_a_socket(open_bus: OpenBus) -> None:
    node, bus = open_bus(), open_bus()

    def answer() -> None:
        for _ in range(20):
            asked = receive(node)
            node.send_many([numbered(99, 0x100), numbered(number_of(asked), 0x7E8)])

    answering = Worker(answer)
    for number in range(20):
        reply = bus.request(numbered(number, 0x7E0), can.CanFilter(0x7E8, 0x7FF), PATIENCE)
        assert number_of(reply) == number
    answering.result()
    assert [msg.arbitration_id for msg in bus.recv_many(64, 0)] == [0x100, 0x7E8] * 20
    assert dispatchers() == []


def _subscribe(bus: can.BusABC, other: can.BusABC) -> None:
    other.send_many([numbered(number) for number in range(3)])
    bus.recv(0)
    with bus.subscribe(exactly(1)) as subscription:
        other.send(numbered(1, 1))
        subscription.recv(PATIENCE)
        bus.recv(0)
    bus.recv(0)


@pytest.mark.soak  # tests/unit/dispatch has the same without a kernel
def test_shutdown_in_a_signal_handler_at_every_step(vcan: str) -> None:
    def try_one(step: int) -> bool:
        bus, other = (can.Bus(vcan, interface="socketcan") for _ in range(2))

        def work() -> None:
            with suppress(can.CanClosedError):
                _subscribe(bus, other)

        reached = interrupted(work, step, bus.shutdown, within="canbus/")
        if reached:
            with pytest.raises(can.CanClosedError):
                bus.recv(0)
        bus.shutdown()
        other.shutdown()
        for thread in dispatchers():
            thread.join(PATIENCE)
        assert dispatchers() == []
        return reached

    try_one(1)
    before = _descriptors()
    at_every_step(try_one)
    assert _descriptors() == before


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}
