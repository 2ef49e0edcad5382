"""subscribing: asking for an answer, beside all others who read."""

from __future__ import annotations

from typing import Any

import pytest

from canbus.errors import CanClosedError, CanConfigError, CanTimeoutError, CanUnsupportedError
from canbus.filters import CanFilter
from canbus.message import Message
from canbus.testing import FakeBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)
from tests.unit.dispatch.conftest import Wire
from tests.unit.dispatch.consumers import dispatchers, exactly, next_of

ASK, ANSWER = 0x7E0, 0x7E8


def _answering(wire: Wire, count: int) -> Worker[None]:
    """The other node: answers each request with its number, and says something else before."""

    def answer() -> None:
        for _ in range(count):
            asked = receive(wire.other)
            assert asked.arbitration_id == ASK
            wire.other.send(numbered(99, 0x100))
            wire.other.send(numbered(number_of(asked), ANSWER))

    return Worker(answer)


def test_the_answer_comes_back_and_the_thread_goes(wire: Wire) -> None:
    node = _answering(wire, 3)
    as_dictionary = {"can_id": ANSWER, "can_mask": 0x7FF}
    ways: list[Any] = [CanFilter(ANSWER, 0x7FF), as_dictionary, exactly(ANSWER, 1)]
    for number, match in enumerate(ways):
        reply = wire.bus.request(numbered(number, ASK), match, PATIENCE)
        assert (reply.arbitration_id, number_of(reply)) == (ANSWER, number)
        assert dispatchers() == []
    node.finish()


def test_a_function_may_say_what_the_answer_is(wire: Wire) -> None:
    asked_of: list[int] = []

    def is_answer(msg: Message) -> bool:
        asked_of.append(msg.arbitration_id)
        return msg.arbitration_id == ANSWER

    node = _answering(wire, 2)
    assert number_of(wire.bus.request(numbered(1, ASK), is_answer, PATIENCE)) == 1
    assert asked_of == [0x100, ANSWER]
    asked_of.clear()
    wire.bus.request(numbered(2, ASK), is_answer, PATIENCE, filters=exactly(ANSWER))
    assert asked_of == [ANSWER]
    node.finish()


def test_what_came_before_is_no_answer(wire: Wire) -> None:
    wire.other.send(numbered(66, ANSWER))
    node = _answering(wire, 1)
    assert number_of(wire.bus.request(numbered(5, ASK), CanFilter(ANSWER, 0x7FF), PATIENCE)) == 5
    node.finish()


def test_nobody_else_loses_anything(wire: Wire) -> None:
    wire.other.send(numbered(66, ANSWER))
    with wire.bus.subscribe() as subscription:
        wire.other.send(numbered(67, ANSWER))
        node = _answering(wire, 1)
        wire.bus.request(numbered(5, ASK), CanFilter(ANSWER, 0x7FF), PATIENCE)
        got = [next_of(subscription) for _ in range(3)]
        assert got == [67, 99, 5]
    node.finish()


def test_the_bus_itself_loses_nothing_though_it_was_never_read(wire: Wire) -> None:
    wire.other.send(numbered(66, ANSWER))
    node = _answering(wire, 1)
    wire.bus.request(numbered(5, ASK), CanFilter(ANSWER, 0x7FF), PATIENCE)
    node.finish()
    wire.other.send(numbered(7))
    assert [number_of(receive(wire.bus)) for _ in range(4)] == [66, 99, 5, 7]


def test_many_ask_at_once_and_each_gets_its_answer(wire: Wire) -> None:
    def ask(number: int) -> int:
        def is_mine(msg: Message) -> bool:
            return number_of(msg) == number

        request = numbered(number, ASK)
        return number_of(wire.bus.request(request, is_mine, PATIENCE, filters=exactly(ANSWER)))

    node = _answering(wire, 40)
    askers = [
        Worker(lambda first=first: [ask(first + k) for k in range(0, 40, 8)])  # type: ignore[misc]
        for first in range(8)
    ]
    assert [worker.result() for worker in askers] == [
        [first + k for k in range(0, 40, 8)] for first in range(8)
    ]
    node.finish()
    assert dispatchers() == []


def test_error_frames_and_own_frames_are_no_answers() -> None:
    with FakeBus() as bus:
        error = Message(arbitration_id=1, is_error_frame=True, dlc=8, data=bytes(8))
        own = numbered(1, ANSWER)
        own.is_rx = False
        from canbus.state import FrameOrigin

        own.origin = FrameOrigin.OWN
        asking = Worker(lambda: bus.request(numbered(2, ASK), lambda msg: True, PATIENCE))
        wait_until_blocked(asking)
        bus.feed(error, own, numbered(3, ANSWER))
        assert number_of(asking.result()) == 3


def test_no_answer_is_a_timeout_with_the_frame_in_it(wire: Wire) -> None:
    with pytest.raises(CanTimeoutError, match=r"no answer to 7E0#00000005 within 0.01 s"):
        wire.bus.request(numbered(5, ASK), CanFilter(ANSWER, 0x7FF), 0.01)
    assert dispatchers() == []
    assert number_of(receive(wire.other)) == 5


def test_mistakes_are_refused_and_leave_nothing_behind(wire: Wire) -> None:
    with pytest.raises(CanConfigError, match="timeout=-1"):
        wire.bus.request(numbered(5, ASK), exactly(ANSWER), -1)
    with pytest.raises(CanConfigError, match="is for a function"):
        wire.bus.request(numbered(5, ASK), exactly(ANSWER), 1, filters=exactly(1))
    with pytest.raises(CanUnsupportedError):
        wire.bus.request(Message(arbitration_id=1, is_fd=True), exactly(1), 1)
    node = _answering(wire, 1)
    with pytest.raises(ZeroDivisionError):
        wire.bus.request(numbered(5, ASK), lambda msg: 1 / 0, PATIENCE)
    node.finish()
    assert dispatchers() == []


def test_shutdown_ends_it(wire: Wire) -> None:
    asking = Worker(lambda: wire.bus.request(numbered(5, ASK), exactly(ANSWER)))
    wait_until_blocked(asking)
    wire.bus.shutdown()
    assert isinstance(asking.error(), CanClosedError)
    with pytest.raises(CanClosedError):
        wire.bus.request(numbered(5, ASK), exactly(ANSWER))
