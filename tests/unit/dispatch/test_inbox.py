"""inbox: what is lost where there is no room, and how it is told."""

from __future__ import annotations

import warnings

import pytest

from canbus.errors import CanClosedError, CanFramesLostError, CanLinkDownError, CanWarning
from canbus.inbox import Inbox
from canbus.message import Message
from canbus.testing.support import Worker, number_of, numbered, wait_until_blocked
from canbus.waiting import deadline_after


def _inbox(overflow: str = "drop_oldest", maxlen: int = 4, *, raises: bool = False) -> Inbox:
    return Inbox("the inbox", maxlen, overflow, advice=None, raises=raises)


def _some(*numbers: int) -> list[Message]:
    return [numbered(number) for number in numbers]


def _all(inbox: Inbox) -> list[tuple[int, int]]:
    return [(number_of(msg), msg.lost_before) for msg in inbox.take_many(100)]


def test_what_fits_comes_out_in_order() -> None:
    inbox = _inbox()
    inbox.deliver(_some(1, 2))
    inbox.deliver(_some(3, 4))
    assert _all(inbox) == [(1, 0), (2, 0), (3, 0), (4, 0)]
    assert inbox.take() is None
    assert inbox.lost == 0


def test_the_oldest_are_dropped_and_the_first_says_so() -> None:
    inbox = _inbox()
    inbox.deliver(_some(1, 2, 3))
    inbox.deliver(_some(4, 5, 6))
    assert inbox.lost == 2
    inbox.deliver(_some(7))
    assert _all(inbox) == [(4, 3), (5, 0), (6, 0), (7, 0)]
    assert inbox.lost == 3


def test_more_than_there_is_room_for_at_once() -> None:
    inbox = _inbox()
    inbox.deliver(_some(*range(10)))
    assert _all(inbox) == [(6, 6), (7, 0), (8, 0), (9, 0)]
    inbox = _inbox("drop_newest")
    inbox.deliver(_some(*range(10)))
    inbox.deliver(_some(10))
    assert [number for number, _ in _all(inbox)] == [0, 1, 2, 3]
    inbox.deliver(_some(11, 12))
    assert _all(inbox) == [(11, 7), (12, 0)]
    assert inbox.lost == 7


def test_losses_of_frames_that_are_dropped_are_not_forgotten() -> None:
    from canbus.detailed_message import detailed

    inbox = _inbox(maxlen=1)
    inbox.deliver([detailed(numbered(1), 5), numbered(2)])
    assert _all(inbox) == [(2, 6)]
    inbox = _inbox("drop_newest", maxlen=1)
    inbox.deliver([numbered(1), detailed(numbered(2), 5)])
    assert _all(inbox) == [(1, 0)]
    inbox.deliver([detailed(numbered(3), 7)])
    assert _all(inbox) == [(3, 13)]


def test_raise_meets_the_gap_once_and_at_its_place() -> None:
    inbox = _inbox("raise")
    inbox.deliver(_some(*range(6)))
    assert [number for number, _ in _all(inbox)] == [0, 1, 2, 3]
    inbox.deliver(_some(6, 7))
    with pytest.raises(CanFramesLostError, match="2 frames were lost") as caught:
        inbox.take()
    assert caught.value.count == 2
    assert _all(inbox) == [(6, 2), (7, 0)]


def test_a_gap_within_what_waits_stops_before_it() -> None:
    inbox = _inbox("raise", maxlen=2)
    inbox.deliver(_some(1, 2, 3))
    assert number_of(inbox.take()) == 1  # type: ignore[arg-type]
    inbox.deliver(_some(4))
    assert _all(inbox) == [(2, 0)]
    with pytest.raises(CanFramesLostError):
        inbox.take_many(10)
    assert _all(inbox) == [(4, 1)]


def test_a_loss_of_before_is_met_where_that_was_asked_for() -> None:
    from canbus.detailed_message import detailed

    inbox = _inbox(raises=True)
    inbox.deliver([numbered(1), detailed(numbered(2), 3)])
    assert _all(inbox) == [(1, 0)]
    with pytest.raises(CanFramesLostError, match="3 frames"):
        inbox.take()
    assert _all(inbox) == [(2, 3)]


def test_the_first_loss_is_a_warning_to_who_takes_and_the_next_is_not() -> None:
    inbox = Inbox("the inbox", 1, "drop_oldest", advice="count them")
    inbox.deliver(_some(1, 2))
    with pytest.warns(CanWarning, match=r"the inbox: 1 frames were lost.*count them"):
        assert number_of(inbox.take()) == 2  # type: ignore[arg-type]
    inbox.deliver(_some(3, 4))
    assert _all(inbox) == [(4, 1)]


def test_a_warning_that_is_an_error_costs_no_frame() -> None:
    inbox = Inbox("the inbox", 1, "drop_oldest", advice="count them")
    inbox.deliver(_some(1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(CanWarning):
            inbox.take()
    assert _all(inbox) == [(2, 1)]


def test_an_error_stands_where_it_happened() -> None:
    inbox = _inbox()
    inbox.deliver(_some(1))
    inbox.fail(CanLinkDownError("down"))
    inbox.deliver(_some(2))
    assert _all(inbox) == [(1, 0)]
    with pytest.raises(CanLinkDownError):
        inbox.take()
    assert _all(inbox) == [(2, 0)]


def test_an_error_among_frames_that_are_dropped_is_raised_first() -> None:
    inbox = _inbox(maxlen=2)
    inbox.fail(CanLinkDownError("down"))
    inbox.deliver(_some(1, 2, 3))
    with pytest.raises(CanLinkDownError):
        inbox.take()
    assert [number for number, _ in _all(inbox)] == [2, 3]


def test_closing_wakes_all_who_wait_and_is_final() -> None:
    inbox = _inbox()
    workers = [Worker(lambda: inbox.wait(None) and inbox.take()) for _ in range(4)]
    wait_until_blocked(*workers)
    inbox.close(CanClosedError("over"))
    assert [type(worker.error()) for worker in workers] == [CanClosedError] * 4
    inbox.deliver(_some(1))
    inbox.fail(CanLinkDownError("down"))
    with pytest.raises(CanClosedError):
        inbox.take()


def test_each_of_those_who_wait_gets_a_frame_of_one_delivery() -> None:
    inbox = _inbox()
    workers = [Worker(lambda: inbox.wait(None) and inbox.take()) for _ in range(3)]
    wait_until_blocked(*workers)
    inbox.deliver(_some(1, 2, 3))
    got = sorted(number_of(worker.result()) for worker in workers)  # type: ignore[arg-type]
    assert got == [1, 2, 3]


def test_waiting_ends_with_the_deadline() -> None:
    assert _inbox().wait(deadline_after(0.01)) is False


def test_sifting_is_for_what_waits_and_what_is_on_its_way() -> None:
    inbox = _inbox()
    inbox.deliver(_some(1, 2))
    inbox.sift(lambda msg: number_of(msg) % 2 == 0)
    inbox.deliver(_some(3, 4))
    inbox.settled()
    inbox.deliver(_some(5))
    assert [number for number, _ in _all(inbox)] == [2, 4, 5]
