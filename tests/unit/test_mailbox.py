"""A queue with a deadline: order, takers that wait, and times that are no problem."""

from __future__ import annotations

from time import monotonic

import pytest

from canbus.mailbox import Mailbox
from canbus.testing.support import Worker, wait_until_blocked
from tests.interruptions import at_every_step, interrupted


def test_items_come_out_in_order() -> None:
    box: Mailbox[int] = Mailbox()
    for number in range(5):
        box.put(number)
    assert len(box) == 5
    assert [box.get(0) for _ in range(5)] == list(range(5))
    assert len(box) == 0


@pytest.mark.parametrize("timeout", [0, 1e-9, 0.01])
def test_an_empty_one_is_waited_on_as_long_as_was_said(timeout: float) -> None:
    box: Mailbox[int] = Mailbox()
    began = monotonic()
    with pytest.raises(IndexError):
        box.get(timeout)
    assert monotonic() - began >= timeout


@pytest.mark.parametrize("timeout", [None, 10, 1e12, float("inf")])
def test_an_item_ends_the_wait(timeout: float | None) -> None:
    box: Mailbox[int] = Mailbox()
    taker = Worker(lambda: box.get(timeout))
    wait_until_blocked(taker)
    box.put(7)
    assert taker.result() == 7


def test_each_item_wakes_one_taker_though_all_are_put_at_once() -> None:
    for _ in range(50):
        box: Mailbox[int] = Mailbox()
        takers = [Worker(lambda box=box: box.get(None)) for _ in range(4)]  # type: ignore[misc]
        for number in range(4):
            box.put(number)
        assert sorted(taker.result() for taker in takers) == [0, 1, 2, 3]


def test_a_ring_that_was_for_nothing_does_not_end_the_wait() -> None:
    box: Mailbox[int] = Mailbox()
    box.put(1)
    assert box.get(0) == 1  # taken without waiting: the bell still rings
    taker = Worker(lambda: box.get(None))
    wait_until_blocked(taker)
    box.put(2)
    assert taker.result() == 2


def test_a_signal_handler_may_put_at_every_step_of_a_put_and_a_get() -> None:
    def try_one(step: int) -> bool:
        box: Mailbox[int] = Mailbox()

        def work() -> None:
            box.put(1)
            got.append(box.get(10))
            box.put(2)
            got.append(box.get(None))

        got: list[int] = []
        reached = interrupted(work, step, lambda: box.put(3))
        while len(box):
            got.append(box.get(0))
        assert sorted(got) == ([1, 2, 3] if reached else [1, 2])
        return reached

    assert at_every_step(try_one) > 5
