"""What waits is found: behind strangers, behind an error, and by who waits on the descriptor."""

from __future__ import annotations

import select
from collections.abc import Callable

import pytest

import canbus as can
from canbus.links import set_down, set_up
from canbus.testing.support import number_of, numbered, receive

OpenBus = Callable[..., can.BusABC]

RECEIVE = {
    "recv": lambda bus: [bus.recv(0)],
    "recv_many": lambda bus: bus.recv_many(10, 0),
}
STRANGER, FRIEND = 0x100, 0x200
ONLY_FRIENDS = [can.CanFilter(FRIEND, 0x7FF, extended=False)]


def _is_readable(bus: can.BusABC) -> bool:
    return bool(select.select([bus], [], [], 0)[0])


def _lose_some(sender: can.BusABC, bus: can.BusABC) -> int:
    """Overrun a small buffer and read it empty; return how many were lost."""
    sender.send_many([numbered(number, STRANGER) for number in range(100)])
    return 100 - len(bus.recv_many(1000, 0))


@pytest.mark.parametrize("receive", RECEIVE.values(), ids=list(RECEIVE))
@pytest.mark.parametrize("watched", [False, True])
def test_a_frame_behind_many_strangers_is_found_at_once(
    open_bus: OpenBus, receive: Callable[[can.BusABC], list[can.Message]], watched: bool
) -> None:
    count = 3000
    sender, bus = open_bus(), open_bus(rcvbuf=1000 * count)
    if watched:
        bus.fileno()
    sender.send_many([numbered(number, STRANGER) for number in range(count)])
    sender.send(numbered(7, FRIEND))
    bus.set_filters(ONLY_FRIENDS)

    assert [number_of(msg) for msg in receive(bus)] == [7]


@pytest.mark.parametrize("receive", RECEIVE.values(), ids=list(RECEIVE))
def test_a_loss_is_raised_by_the_very_call_that_finds_it(
    open_bus: OpenBus, receive: Callable[[can.BusABC], list[can.Message]]
) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=4096, on_loss="raise")
    lost = _lose_some(sender, bus)
    sender.send(numbered(100))

    with pytest.raises(can.CanFramesLostError) as caught:
        receive(bus)

    assert caught.value.count == lost
    assert [number_of(msg) for msg in receive(bus)] == [100]


def test_a_loss_is_raised_between_frames_that_were_read_ahead_and_the_next(
    open_bus: OpenBus,
) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=4096, on_loss="raise")
    sender.send_many([numbered(number) for number in range(100)])
    assert number_of(receive(bus)) == 0
    sender.send_many([numbered(100), numbered(101)])
    ahead = [number_of(msg) for msg in bus.recv_many(1000, 0)]
    assert ahead == list(range(1, len(ahead) + 1))

    with pytest.raises(can.CanFramesLostError) as caught:
        bus.recv(0)

    assert caught.value.count == 100 - 1 - len(ahead)
    assert [number_of(msg) for msg in bus.recv_many(1000, 0)] == [100, 101]


def test_a_loss_before_a_stranger_is_told_even_if_all_are_friends_by_then(
    open_bus: OpenBus,
) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=4096, on_loss="count")
    lost = _lose_some(sender, bus)
    sender.send(numbered(0, STRANGER))
    bus.set_filters(ONLY_FRIENDS)
    assert bus.recv(0) is None
    bus.set_filters(None)
    sender.send_many([numbered(1), numbered(2)])

    frames = bus.recv_many(10, 0)
    assert [(number_of(msg), msg.lost_before) for msg in frames] == [(1, lost), (2, 0)]


def test_the_loss_that_is_raised_is_that_of_the_frame_that_comes(open_bus: OpenBus) -> None:
    """The frame that the loss was noticed by is refused by filters that are set meanwhile."""
    sender, bus = open_bus(), open_bus(rcvbuf=4096, on_loss="raise")
    lost = _lose_some(sender, bus)
    sender.send_many([numbered(1, FRIEND)])
    sender.send_many([numbered(number, STRANGER) for number in range(100)])
    sender.send_many([numbered(1, FRIEND)])
    first = bus.recv_many
    with pytest.raises(can.CanFramesLostError) as caught:
        first(1000, 0)
    assert caught.value.count == lost
    kept = bus.recv_many(1000, 0)
    sender.send(numbered(2, FRIEND))
    with pytest.raises(can.CanFramesLostError) as caught:
        bus.recv_many(1000, 0)
    assert len(kept) + caught.value.count == 102


def test_a_link_that_goes_twice_is_told_of_twice(vcan: str, open_bus: OpenBus) -> None:
    bus = open_bus()
    set_down(vcan)
    with pytest.raises(can.CanLinkDownError):
        bus.recv(0)
    set_up(vcan)
    set_down(vcan)
    set_up(vcan)
    with pytest.raises(can.CanLinkDownError, match="up again"):
        bus.recv(0)
    assert bus.recv(0) is None


def test_sending_does_not_hide_that_the_link_went_again(vcan: str, open_bus: OpenBus) -> None:
    """The kernel tells it once, and here it tells the sender, whose frame gets through."""
    bus = open_bus()
    set_down(vcan)
    with pytest.raises(can.CanLinkDownError):
        bus.recv(0)
    set_up(vcan)
    set_down(vcan)
    set_up(vcan)
    bus.send(numbered(1))
    with pytest.raises(can.CanLinkDownError, match="up again"):
        bus.recv(0)
    assert bus.recv(0) is None


@pytest.mark.parametrize("receive", RECEIVE.values(), ids=list(RECEIVE))
def test_the_descriptor_shows_a_link_that_went_behind_the_last_frame(
    vcan: str, open_bus: OpenBus, receive: Callable[[can.BusABC], list[can.Message]]
) -> None:
    """Reading the frame takes the kernel's notice away; who waits must learn of it all the same."""
    sender, bus = open_bus(), open_bus()
    bus.fileno()
    sender.send(numbered(1))
    set_down(vcan)
    assert [number_of(msg) for msg in receive(bus)] == [1]

    assert _is_readable(bus)
    with pytest.raises(can.CanLinkDownError):
        bus.recv(0)
    assert not _is_readable(bus)
    set_up(vcan)
    sender.send(numbered(2))
    assert _is_readable(bus)
    assert [number_of(msg) for msg in receive(bus)] == [2]
    assert not _is_readable(bus)


def test_the_descriptor_is_not_readable_once_the_frames_behind_a_loss_are_taken(
    open_bus: OpenBus,
) -> None:
    sender, bus = open_bus(), open_bus(rcvbuf=4096, on_loss="count")
    _lose_some(sender, bus)
    bus.fileno()
    sender.send_many([numbered(1), numbered(2)])
    assert len(bus.recv_many(10, 0)) == 2
    assert not _is_readable(bus)


@pytest.mark.parametrize("limit", [1, 4, 9])
def test_the_descriptor_is_not_readable_once_all_that_was_read_ahead_is_taken(
    open_bus: OpenBus, limit: int
) -> None:
    sender, bus = open_bus(), open_bus()
    sender.send_many([numbered(number) for number in range(10)])
    bus.recv(0)
    bus.fileno()
    taken = 1
    while taken < 10:
        assert _is_readable(bus)
        taken += len(bus.recv_many(limit, 0))
    assert not _is_readable(bus)
