"""subscription: frames in a row of one's own, and what none can do to another."""

from __future__ import annotations

import random
from itertools import count

import pytest

import canbus as can
from canbus.errors import (
    CanClosedError,
    CanConfigError,
    CanFramesLostError,
    CanLinkDownError,
    CanWarning,
)
from canbus.filters import CanFilter, matcher, normalise
from canbus.message import Message
from canbus.subscription import Subscription
from canbus.testing import FakeBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    wait_until_blocked,
)
from tests.unit.dispatch.conftest import Wire
from tests.unit.dispatch.consumers import Raising, dispatchers, exactly, next_of

MARKER = 0x7FE
_markers = count()


def _send(wire: Wire, *numbers: int, arbitration_id: int = 0x123) -> None:
    for number in numbers:
        wire.other.send(numbered(number, arbitration_id))


def _all(subscription: Subscription, wire: Wire) -> list[int]:
    """The numbers of all frames that come to one that gets the marker."""
    marker = next(_markers)
    wire.other.send(numbered(marker, MARKER))
    numbers: list[int] = []
    while True:
        msg = subscription.recv(PATIENCE)
        assert msg is not None
        if msg.arbitration_id != MARKER:
            numbers.append(number_of(msg))
        elif number_of(msg) == marker:
            return numbers


def test_fifty_get_exactly_their_frames(wire: Wire) -> None:
    subscriptions = [wire.bus.subscribe(exactly(number, MARKER)) for number in range(50)]
    for number in range(5000):
        _send(wire, number, arbitration_id=number % 60)
    for number, subscription in enumerate(subscriptions):
        assert _all(subscription, wire) == list(range(number, 5000, 60))
        assert subscription.lost == 0
        subscription.close()


def test_a_slow_one_loses_only_its_own_and_knows_how_many(wire: Wire) -> None:
    with wire.bus.subscribe(maxlen=10) as slow, wire.bus.subscribe() as quick:
        _send(wire, *range(100))
        assert _all(quick, wire) == list(range(100))
        assert quick.lost == 0
        with pytest.warns(CanWarning, match="91 frames were lost"):
            first = slow.recv(0)
        assert first is not None
        assert (number_of(first), first.lost_before) == (91, 91)
        assert slow.lost == 91
        assert wire.bus.statistics.rx_dropped == 0


def test_a_raising_consumer_costs_nobody_anything(wire: Wire) -> None:
    from canbus.dispatcher import dispatcher_of

    raising = Raising()
    with wire.bus.subscribe() as subscription:
        dispatcher_of(wire.bus).add(raising)
        _send(wire, *range(100))
        assert _all(subscription, wire) == list(range(100))
        dispatcher_of(wire.bus).remove(raising)


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest", "raise"])
def test_what_is_lost_is_up_to_its_user(wire: Wire, overflow: str) -> None:
    with wire.bus.subscribe(maxlen=3, overflow=overflow) as one, wire.bus.subscribe() as other:
        _send(wire, *range(5))
        assert _all(other, wire) == list(range(5))
        if overflow != "raise":
            with pytest.warns(CanWarning):
                got = one.recv_many(10, 0)
        else:
            got = one.recv_many(10, 0)
            _send(wire, 7)
            with pytest.raises(CanFramesLostError, match="3 frames"):
                one.recv(PATIENCE)
            assert next_of(one) == 7
        kept = [3, 4] if overflow == "drop_oldest" else [0, 1, 2]
        assert [number_of(msg) for msg in got if msg.arbitration_id != MARKER] == kept


def test_it_does_not_care_for_the_filters_of_the_bus(wire: Wire) -> None:
    wire.bus.set_filters(exactly(1))
    with wire.bus.subscribe(exactly(2, MARKER)) as subscription:
        _send(wire, 1, arbitration_id=1)
        _send(wire, 2, arbitration_id=2)
        assert _all(subscription, wire) == [2]
        wire.bus.set_filters(exactly(3))
        _send(wire, 3, arbitration_id=2)
        assert _all(subscription, wire) == [3]


def test_filters_are_in_force_at_once_also_for_what_waits(wire: Wire) -> None:
    with wire.bus.subscribe() as subscription, wire.bus.subscribe() as other:
        _send(wire, 1, arbitration_id=1)
        _send(wire, 2, arbitration_id=2)
        _all(other, wire)
        subscription.filters = exactly(2, MARKER)
        _send(wire, 3, arbitration_id=1)
        assert subscription.filters == normalise(exactly(2, MARKER))
        assert _all(subscription, wire) == [2]
        subscription.set_filters()
        _send(wire, 4, arbitration_id=1)
        assert _all(subscription, wire) == [4]
        with pytest.raises(CanConfigError, match="can_id"):
            subscription.set_filters([{"can_id": -1, "can_mask": 0}])
        assert subscription.filters is None


def test_whatever_comes_and_goes_each_gets_what_it_asked_for(wire: Wire) -> None:
    """Beside a model: a frame is for who is there when it is sent, if its filters pass it."""
    rng = random.Random(8)
    sets = [None, exactly(1), exactly(1, 2), [CanFilter(0, 6)], exactly(3), CanFilter.nothing()]
    open_ones: list[tuple[Subscription, list[int]]] = []
    for number in range(600):
        what = rng.random()
        if what < 0.1 and len(open_ones) < 12:
            open_ones.append((wire.bus.subscribe(rng.choice(sets)), []))
        elif what < 0.17 and open_ones:
            subscription, wanted = open_ones.pop(rng.randrange(len(open_ones)))
            _check(subscription, wanted)
        elif what < 0.2 and open_ones:
            subscription, wanted = rng.choice(open_ones)
            _check_some(subscription, wanted)
            subscription.set_filters(rng.choice(sets))
        elif what < 0.3:
            wire.bus.recv(0)
        else:
            frame = numbered(number, rng.choice((1, 2, 3, 5, 7)))
            wire.other.send(frame)
            for subscription, wanted in open_ones:
                passes = matcher(subscription.filters)
                if passes is None or passes(frame):
                    wanted.append(number)
    for subscription, wanted in open_ones:
        _check(subscription, wanted)
    assert dispatchers() == []


def _check_some(subscription: Subscription, wanted: list[int]) -> None:
    assert [next_of(subscription) for _ in wanted] == wanted
    wanted.clear()


def _check(subscription: Subscription, wanted: list[int]) -> None:
    _check_some(subscription, wanted)
    assert subscription.recv(0) is None
    subscription.close()


# -- taking -------------------------------------------------------------------------------


def test_frames_come_one_by_one_many_at_once_and_by_iteration(wire: Wire) -> None:
    with wire.bus.subscribe() as subscription:
        assert subscription.recv(0) is None
        assert subscription.recv_many(5, 0) == []
        assert subscription.recv(0.001) is None
        _send(wire, *range(10))
        assert next_of(subscription) == 0
        got = subscription.recv_many(3, PATIENCE)
        while len(got) < 3:
            got += subscription.recv_many(3 - len(got), PATIENCE)
        assert [number_of(msg) for msg in got] == [1, 2, 3]
        for number, msg in zip(range(4, 10), subscription, strict=False):
            assert number_of(msg) == number


def test_several_threads_share_one(wire: Wire) -> None:
    with wire.bus.subscribe() as subscription:
        workers = [Worker(lambda: subscription.recv(PATIENCE)) for _ in range(4)]
        wait_until_blocked(*workers)
        _send(wire, 1, 2, 3, 4)
        assert sorted(number_of(worker.result()) for worker in workers) == [1, 2, 3, 4]  # type: ignore[arg-type]


def test_mistakes_are_refused_by_name(wire: Wire) -> None:
    with pytest.raises(CanConfigError, match="maxlen must be at least 1"):
        wire.bus.subscribe(maxlen=0)
    with pytest.raises(CanConfigError, match="overflow='drop' is none of drop_oldest"):
        wire.bus.subscribe(overflow="drop")
    with pytest.raises(CanConfigError, match="can_mask"):
        wire.bus.subscribe([{"can_id": 1}])
    with wire.bus.subscribe() as subscription:
        for call in (lambda: subscription.recv(-1), lambda: subscription.recv_many(1, -1)):
            with pytest.raises(CanConfigError, match="-1"):
                call()
        with pytest.raises(CanConfigError, match="at least one"):
            subscription.recv_many(0)


# -- the end ------------------------------------------------------------------------------


def test_closing_wakes_who_waits_and_ends_iteration(wire: Wire) -> None:
    subscription = wire.bus.subscribe()
    waiting = Worker(lambda: subscription.recv(None))
    iterating = Worker(lambda: list(subscription))
    wait_until_blocked(waiting, iterating)
    subscription.close()
    subscription.close()
    assert isinstance(waiting.error(), CanClosedError)
    assert iterating.result() == []
    assert repr(subscription) == f"<Subscription {wire.bus} [closed]>"
    with pytest.raises(CanClosedError, match="is closed"):
        subscription.recv(0)
    with pytest.raises(CanClosedError):
        subscription.set_filters()


def test_it_ends_with_the_bus(wire: Wire) -> None:
    subscription = wire.bus.subscribe()
    waiting = Worker(lambda: subscription.recv(None))
    wait_until_blocked(waiting)
    wire.bus.shutdown()
    assert isinstance(waiting.error(), CanClosedError)
    assert subscription.is_closed
    assert list(subscription) == []
    subscription.close()
    with pytest.raises(CanClosedError):
        wire.bus.subscribe()


def test_one_that_is_forgotten_says_so_and_is_closed(wire: Wire) -> None:
    subscriptions = [wire.bus.subscribe()]
    with pytest.warns(ResourceWarning, match="was not closed"):
        subscriptions.clear()
    assert dispatchers() == []


def test_a_bus_can_be_forgotten_after_its_consumers() -> None:
    buses = [FakeBus(channel="forgotten")]
    with buses[0].subscribe():
        pass
    with pytest.warns(ResourceWarning, match="forgotten"):
        buses.clear()


class Failing(FakeBus):
    """A bus that fails once."""

    trouble: can.CanError | None = None

    def _recv_frame(self, timeout: float | None) -> Message | None:
        if self.trouble is not None:
            error, self.trouble = self.trouble, None
            raise error
        return super()._recv_frame(timeout)


def test_a_failure_is_met_once_and_at_its_place() -> None:
    with Failing() as bus, bus.subscribe() as one, bus.subscribe(exactly(5)) as other:
        bus.feed(numbered(1))
        assert next_of(one) == 1
        bus.trouble = CanLinkDownError("down", 100)
        bus.feed(numbered(2), numbered(3, 5))
        for subscription in (one, other):
            with pytest.raises(CanLinkDownError):
                subscription.recv(PATIENCE)
        assert next_of(one) == 2
        assert next_of(other) == 3
