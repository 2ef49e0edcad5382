"""Awaiting room: full queues, deadlines, and what a cancelled send says."""

from __future__ import annotations

import asyncio
import warnings

import pytest

import canbus as can
from canbus import aio
from tests.unit.aio.support import Full, number_of, numbered, run


def test_a_full_queue_is_tried_again_without_holding_up_the_loop(buses, monkeypatch):
    async def main():
        bus, peer = buses()
        full = Full(bus.bus, monkeypatch, 5)
        await bus.send(numbered(1))
        assert full.tries == 6
        assert number_of(peer.recv(0)) == 1

    run(main())


def test_a_full_queue_has_its_deadline(buses, monkeypatch):
    async def main():
        bus, _ = buses()
        full = Full(bus.bus, monkeypatch, 10**9)
        loop = asyncio.get_running_loop()
        before = loop.time()
        with pytest.raises(can.CanTxQueueFullError):
            await bus.send(numbered(1), 0.05)
        assert loop.time() - before >= 0.05
        tries = full.tries
        with pytest.raises(can.CanTxQueueFullError):
            await bus.send(numbered(1), 0)
        assert full.tries == tries + 1

    run(main())


def test_a_cancelled_send_says_that_nothing_left(buses, monkeypatch):
    async def main():
        bus, peer = buses()
        full = Full(bus.bus, monkeypatch, 10**9)
        told: list[int] = []

        async def send():
            try:
                await bus.send(numbered(1))
            except asyncio.CancelledError as exc:
                told.append(vars(exc)["sent"])
                raise

        task = asyncio.create_task(send())
        while full.tries < 2:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert told == [0]
        assert peer.recv(0) is None

    run(main())


def test_send_many_goes_on_where_it_was_and_says_how_far_it_came(buses, monkeypatch):
    async def main():
        bus, peer = buses()
        frames = [numbered(number) for number in range(200)]
        Full(bus.bus, monkeypatch, 3)
        assert await bus.send_many(frames) == 200
        assert [number_of(peer.recv(0)) for _ in frames] == list(range(200))
        full = Full(bus.bus, monkeypatch, 0)
        real = bus.bus._send_frame

        def some(msg: can.Message, timeout: float | None) -> None:
            if number_of(msg) == 70:
                raise can.CanTxQueueFullError("no room")
            real(msg, timeout)

        monkeypatch.setattr(bus.bus, "_send_frame", some)
        with pytest.raises(can.CanTxQueueFullError) as caught:
            await bus.send_many(frames, 0.01)
        assert caught.value.sent == full.tries == 70

    run(main())


def test_an_invalid_frame_is_refused_before_any_leaves(buses):
    async def main():
        bus, peer = buses()
        with pytest.raises(can.CanMessageError):
            await bus.send_many([numbered(1), can.Message(dlc=9)])
        assert peer.recv(0) is None

    run(main())


def test_what_is_cancelled_says_how_much_left_wherever_it_is_caught(buses, monkeypatch):
    """In the task, by who awaits the task, and beneath a time limit."""

    async def main():
        bus, peer = buses()
        Full(bus.bus, monkeypatch, 10**9)
        task = asyncio.create_task(bus.send(numbered(1)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        assert aio.frames_sent(cancelled.value) == 0
        with pytest.raises(TimeoutError) as late:
            async with asyncio.timeout(0.01):
                await bus.send(numbered(1))
        assert aio.frames_sent(late.value) == 0
        assert peer.recv(0) is None

    run(main())


def test_a_cancelled_send_many_says_how_many_left(buses):
    async def main():
        bus, peer = buses()
        frames = [numbered(number) for number in range(1000)]
        task = asyncio.create_task(bus.send_many(frames))
        while len(peer._queue) < 200:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        left = len(peer._queue)
        assert 200 <= aio.frames_sent(cancelled.value) == left < 1000

    run(main())


def test_a_send_many_that_is_cancelled_before_the_first_frame_says_so(buses):
    async def main():
        bus, peer = buses()
        task = asyncio.create_task(bus.send_many([numbered(1)] * 1000))
        await asyncio.sleep(0)  # the frames are being looked at
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await task
        assert aio.frames_sent(cancelled.value) == 0
        assert peer.recv(0) is None

    run(main())


def test_many_frames_let_other_tasks_live(buses):
    """They are looked at and sent 64 at a time."""

    async def main():
        bus, _ = buses()
        turns = 0

        async def live():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        living = asyncio.create_task(live())
        await bus.send_many(numbered(number) for number in range(6400))
        assert turns >= 200
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)

    run(main())


def test_who_waits_for_room_for_long_without_a_deadline_is_warned_once(buses, monkeypatch):
    async def main():
        bus, _ = buses()
        monkeypatch.setattr("canbus.aio.sending._TELL_AFTER", 0.005)
        for _ in range(2):
            Full(bus.bus, monkeypatch, 20)
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                await bus.send(numbered(1))
            texts.append([str(one.message) for one in told])

    texts: list[list[str]] = []
    run(main())
    assert len(texts[0]) == 1
    assert "waits on, as it has no timeout" in texts[0][0]
    assert texts[1] == []


def test_an_error_of_send_many_says_how_many_left(buses, monkeypatch):
    async def main():
        bus, _ = buses()
        real = bus.bus._send_frame

        def send(msg: can.Message, timeout: float | None) -> None:
            if number_of(msg) == 100:
                raise can.CanLinkDownError("it is down")
            real(msg, timeout)

        monkeypatch.setattr(bus.bus, "_send_frame", send)
        with pytest.raises(can.CanLinkDownError) as caught:
            await bus.send_many(numbered(number) for number in range(200))
        assert caught.value.sent == 100

    run(main())


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_negative_timeouts_are_refused(buses, timeout):
    async def main():
        bus, peer = buses()
        for call in (
            bus.send(numbered(1), timeout),
            bus.send_many([numbered(1)], timeout),
            bus.request(numbered(1), can.CanFilter(1, 1), timeout),
        ):
            with pytest.raises(can.CanConfigError):
                await call
        assert peer.recv(0) is None

    run(main())
