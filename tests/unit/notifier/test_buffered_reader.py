"""buffered_reader: frames wait, are bounded and counted, and nobody hangs after stop()."""

from __future__ import annotations

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, wait_until_blocked


def filled(reader: can.BufferedReader | can.AsyncBufferedReader, count: int) -> None:
    for number in range(count):
        reader(numbered(number))


def left(reader: can.BufferedReader) -> list[int]:
    numbers = []
    while (msg := reader.get_message(0)) is not None:
        numbers.append(number_of(msg))
    return numbers


def test_frames_come_out_in_order_and_none_is_none() -> None:
    reader = can.BufferedReader()
    assert reader.get_message(0) is None
    assert reader.get_message(0.001) is None
    filled(reader, 20_000)  # unbounded, as in python-can
    assert (reader.buffer.qsize(), reader.buffer.empty()) == (20_000, False)
    assert left(reader) == list(range(20_000))
    assert (reader.buffer.qsize(), reader.buffer.empty(), reader.lost) == (0, True, 0)


def test_get_message_waits_for_one() -> None:
    reader = can.BufferedReader()
    waiting = [Worker(lambda: reader.get_message(PATIENCE)) for _ in range(3)]
    wait_until_blocked(*waiting)
    filled(reader, 3)
    assert sorted(number_of(each.result() or numbered(99)) for each in waiting) == [0, 1, 2]


def test_after_stop_nobody_waits_and_what_is_left_can_be_taken() -> None:
    reader = can.BufferedReader()
    waiting = [Worker(lambda: reader.get_message(None)) for _ in range(3)]
    wait_until_blocked(*waiting)
    reader.stop()
    assert [each.result() for each in waiting] == [None] * 3
    assert reader.is_stopped

    reader = can.BufferedReader()
    filled(reader, 3)
    reader.stop()
    reader.stop()
    assert left(reader) == [0, 1, 2]
    assert reader.get_message(PATIENCE * 100) is None


def test_after_stop_a_frame_is_refused_as_in_python_can() -> None:
    reader = can.BufferedReader()
    reader.stop()
    with pytest.raises(RuntimeError, match="stopped") as caught:
        reader.on_message_received(numbered(1))
    assert isinstance(caught.value, can.CanClosedError)
    assert caught.value.hint
    assert reader.get_message(0) is None


@pytest.mark.parametrize(
    ("overflow", "kept", "marks"),
    [("drop_oldest", [3, 4, 5], [3, 0, 0, 0]), ("drop_newest", [0, 1, 2], [0, 0, 0, 3])],
)
def test_a_bound_is_kept_and_what_is_lost_is_counted(
    overflow: str, kept: list[int], marks: list[int]
) -> None:
    reader = can.BufferedReader(3, overflow=overflow)
    filled(reader, 6)
    assert (reader.buffer.qsize(), reader.lost) == (3, 3)
    with pytest.warns(can.CanWarning, match="3 frames were lost"):
        first = reader.get_message(0)
    reader(numbered(7))
    frames = [first, *(reader.get_message(0) for _ in range(3))]
    assert [number_of(msg) for msg in frames if msg] == [*kept, 7]
    assert [msg.lost_before for msg in frames if msg] == marks
    assert reader.lost == 3


def test_a_loss_may_be_an_error() -> None:
    reader = can.BufferedReader(2, overflow="raise")
    filled(reader, 3)
    assert [number_of(reader.get_message(0) or numbered(99)) for _ in range(2)] == [0, 1]
    reader(numbered(3))
    with pytest.raises(can.CanFramesLostError):
        reader.get_message(0)
    assert left(reader) == [3]


def test_what_makes_no_sense_is_refused() -> None:
    for kind in (can.BufferedReader, can.AsyncBufferedReader):
        with pytest.raises(can.CanConfigError, match="maxlen"):
            kind(0)
        with pytest.raises(can.CanConfigError, match="overflow"):
            kind(5, overflow="explode")
    with pytest.raises(can.CanConfigError, match="get_message"):
        can.BufferedReader().get_message(-1)


def test_errors_of_the_bus_are_not_for_it() -> None:
    with pytest.raises(NotImplementedError):  # so that they are logged
        can.BufferedReader().on_error(LookupError())
