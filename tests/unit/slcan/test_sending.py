"""Frames on their way out: the window, refusals, silence, deadlines, and the order."""

from __future__ import annotations

from functools import partial
from itertools import count

import pytest

import canbus as can
from canbus.testing.slcan import LoseAnswers, Refuse, Silent, Slow
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.unit.slcan.rig import opened, raised, within

pytestmark = pytest.mark.filterwarnings("ignore::canbus.errors.CanWarning")  # of frames in vain
SLOW = 0.3  # seconds for an answer, where it is late but comes


def frame(number, arbitration_id=0x123):
    return can.Message(
        arbitration_id=arbitration_id, is_extended_id=False, data=number.to_bytes(2, "big")
    )


def number_of(msg):
    return int.from_bytes(msg.data, "big")


def sent_numbers(adapter, expected):
    return [number_of(msg) for msg in adapter.wait_for_sent(expected)]


@pytest.mark.parametrize("window", [1, 2, 3, 8, 50])
@pytest.mark.parametrize("timeout", [0, 0.1])
def test_a_window_of_frames_and_no_more(window, timeout):
    """With a window of 1 the first one waits for its answer already."""
    with opened(window=window) as (adapter, bus):
        adapter.fault(Silent("t"))
        if window > 1 or timeout == 0:
            for number in range(window):
                with within(0):
                    bus.send(frame(number), timeout=timeout)
        else:
            assert raised(bus.send, frame(0), 0.01) is None
        with within(timeout, at_least=timeout), pytest.raises(can.CanTxQueueFullError) as caught:
            bus.send(frame(99), timeout=timeout)
        assert caught.value.hint
        bus.get_version(PATIENCE)  # all that was sent before it has been heard, and lost
        assert len([line for line in adapter.commands if line[:1] == b"t"]) == window
        assert bus.statistics.tx_unanswered == window
        with pytest.warns(can.CanWarning, match=f"{window} frames were refused or not answered"):
            bus.shutdown()


def test_silence_is_told_after_a_second_by_each_frames_own_call_or_the_next():
    with opened() as (adapter, bus):
        adapter.fault(Silent("t"))
        for number in range(3):
            bus.send(frame(number))
        with within(1, at_least=0.9):
            error = raised(bus.send, frame(9), None, confirm=True)
        assert isinstance(error, can.CanTimeoutError)
        assert not isinstance(error, can.CanTxQueueFullError)
        told = [str(error)]
        adapter.clear_faults()
        for _ in range(3):
            told.append(str(raised(bus.send, frame(4), PATIENCE)))
        for number, text in enumerate((9, 0, 1, 2)):
            assert f"123#00{text:02}" in told[number]
        assert bus.statistics.tx_unanswered == 4
        bus.send(frame(5), confirm=True, timeout=PATIENCE)
        assert sent_numbers(adapter, 1) == [5]


def test_a_refused_frame_is_told_by_its_own_call():
    with opened(window=1) as (adapter, bus):
        adapter.fault(Refuse("t7"))
        for number in range(6):
            bad = number % 3 == 2
            error = raised(bus.send, frame(number, 0x777 if bad else 0x123))
            assert isinstance(error, can.CanFrameRefusedError) is bad
            if bad:
                assert (error.frame.arbitration_id, number_of(error.frame)) == (0x777, number)
                assert error.hint
        assert sent_numbers(adapter, 4) == [0, 1, 3, 4]
        assert bus.statistics.tx_refused == 2


@pytest.mark.parametrize("window", [2, 8])
@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_every_nth_frame_is_refused_and_none_is_forgotten(window, every):
    """A call that tells of another frame has not sent its own: it is tried again."""
    with opened(window=window) as (adapter, bus):
        adapter.fault(Refuse("t7"))
        told = []

        def send(msg, **options):
            while (error := raised(bus.send, msg, PATIENCE, **options)) is not None:
                assert isinstance(error, can.CanFrameRefusedError)
                told.append(number_of(error.frame))

        for number in range(42):
            send(frame(number, 0x123 if number % every else 0x777))
        send(frame(999), confirm=True)
        send(frame(1000), confirm=True)
        assert told == [number for number in range(42) if number % every == 0]
        taken = [number for number in range(42) if number % every] + [999, 1000]
        assert sent_numbers(adapter, len(taken)) == taken
        assert bus.statistics.tx_refused == len(told)


def test_it_is_the_next_sending_call_that_tells():
    with opened() as (adapter, bus):
        adapter.fault(Refuse("t7"))
        bus.send(frame(1, 0x777))
        bus.get_version(PATIENCE)  # by now the refusal has been heard
        assert bus.recv(0) is None
        error = raised(bus.send, frame(2))
        assert isinstance(error, can.CanFrameRefusedError)
        assert number_of(error.frame) == 1
        assert adapter.sent == []
        bus.send(frame(3), confirm=True)
        assert sent_numbers(adapter, 1) == [3]


def test_many_frames_of_which_one_is_refused():
    with opened() as (adapter, bus):
        adapter.fault(Refuse("t7"))
        frames = [frame(number, 0x777 if number == 30 else 0x123) for number in range(100)]
        with pytest.raises(can.CanFrameRefusedError) as caught:
            bus.send_many(frames, timeout=PATIENCE)
        assert caught.value.sent == 30
        assert number_of(caught.value.frame) == 30
        bus.send(frame(500), confirm=True, timeout=PATIENCE)
        got = [number_of(msg) for msg in adapter.sent]
        assert got[:30] == list(range(30))
        assert got == sorted(got)
        assert len(got) < 30 + 2 * 8 + 2  # what was on its way, and no more
        assert bus.statistics.tx_refused == 1


def test_many_frames_come_in_order_and_all():
    with opened() as (adapter, bus):
        bus.send_many([frame(number) for number in range(500)], timeout=PATIENCE)
        assert sent_numbers(adapter, 500) == list(range(500))
        assert bus.statistics.tx_refused == bus.statistics.tx_unanswered == 0


def test_many_frames_by_a_deadline():
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=0.05))
        with within(0.2, at_least=0.2), pytest.raises(can.CanTimeoutError) as caught:
            bus.send_many([frame(number) for number in range(100)], timeout=0.2)
        assert 8 <= caught.value.sent < 100
        adapter.clear_faults()
        bus.get_version(PATIENCE)
        got = [number_of(msg) for msg in adapter.sent]
        assert got == list(range(len(got)))
        assert len(got) >= caught.value.sent


def test_a_frame_of_no_kind_that_it_has_is_not_sent():
    with opened() as (adapter, bus):
        for odd in ("123##0112233", "20000004#00"):
            msg = can.Message.parse(odd)
            assert isinstance(raised(bus.send, msg), can.CanError)
        assert not any(line[:1] in b"tTrRdDbBe" for line in adapter.commands[4:])


def test_a_confirmation_waits_for_its_own_answer():
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=SLOW))
        with within(0.1, at_least=0.1), pytest.raises(can.CanTimeoutError) as caught:
            bus.send(frame(1), confirm=True, timeout=0.1)
        assert caught.value.sent == 1  # it went out; only the answer is missing
        with within(2 * SLOW, at_least=SLOW):
            assert bus.send(frame(2), confirm=True, timeout=PATIENCE) is not None
        assert sent_numbers(adapter, 2) == [1, 2]
        assert bus.statistics.tx_unanswered == 0


def test_a_refusal_that_comes_after_the_deadline_is_told_by_the_next_call():
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=SLOW), Refuse("t7"))
        error = raised(bus.send, frame(1, 0x777), 0.05, confirm=True)
        assert isinstance(error, can.CanTimeoutError)
        error = raised(bus.send, frame(2), PATIENCE, confirm=True)
        if error is None:  # it was sent before the refusal came
            error = raised(bus.send, frame(3), PATIENCE)
        assert isinstance(error, can.CanFrameRefusedError)
        assert number_of(error.frame) == 1


def test_a_lost_answer_costs_a_second_and_not_the_frames():
    with opened() as (adapter, bus):
        adapter.fault(LoseAnswers(5))
        left = [frame(number) for number in range(20)]
        with within(6):
            while left:
                error = raised(bus.send, left[0], PATIENCE)
                assert error is None or isinstance(error, can.CanTimeoutError)
                if error is None:
                    left.pop(0)
        assert sent_numbers(adapter, 20) == list(range(20))


def test_who_waits_for_room_goes_on_when_there_is_some():
    with opened() as (adapter, bus):
        adapter.fault(Slow(delay=0.02))
        numbers = count()
        with within(1):
            for _ in range(24):
                bus.send(frame(next(numbers)))
        assert sent_numbers(adapter, 24) == list(range(24))


@pytest.mark.parametrize("confirm", [False, True])
def test_shutdown_ends_a_blocked_send(confirm):
    with opened(window=2) as (adapter, bus):
        adapter.fault(Silent())
        bus.send(frame(0))
        bus.send(frame(1))
        blocked = Worker(lambda: bus.send(frame(2), confirm=confirm))
        wait_until_blocked(blocked)
        with within(0.5):
            bus.shutdown()
        assert isinstance(blocked.error(), can.CanClosedError)


def test_threads_that_send_at_the_same_time():
    with opened() as (adapter, bus):
        senders = [
            Worker(partial(bus.send_many, [frame(first + number) for number in range(100)]))
            for first in (0, 1000, 2000)
        ]
        for sender in senders:
            sender.result()
        got = sent_numbers(adapter, 300)
        for first in (0, 1000, 2000):
            assert [n for n in got if first <= n < first + 1000] == list(range(first, first + 100))


def test_an_adapter_that_does_not_answer_frames_is_given_what_fits():
    with opened("canable1") as (adapter, bus):
        bus.send_many([frame(number) for number in range(300)], timeout=PATIENCE)
        assert sent_numbers(adapter, 300) == list(range(300))
        with pytest.raises(can.CanUnsupportedError, match="does not answer frames"):
            bus.send(frame(1), confirm=True)


def test_listen_only_sends_nothing():
    with opened(listen_only=True) as (adapter, bus):
        with pytest.raises(can.CanUnsupportedError, match="listen-only"):
            bus.send(frame(1))
        with pytest.raises(can.CanUnsupportedError, match="listen-only"):
            bus.send_many([frame(1)])
        adapter.arrive("321#")
        assert bus.recv(PATIENCE) is not None
        assert adapter.sent == []


def test_frames_that_failed_and_of_which_nobody_was_told():
    with opened() as (adapter, bus):
        adapter.fault(Refuse("t"))
        bus.send(frame(1))
        bus.get_version(PATIENCE)
        with pytest.warns(can.CanWarning, match="1 frames were refused"):
            bus.shutdown()
