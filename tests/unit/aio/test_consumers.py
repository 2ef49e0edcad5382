"""Subscriptions, requests, watches and cyclic frames, awaited."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

import canbus as can
from canbus import aio
from tests.unit.aio.support import PATIENCE, number_of, numbered, pair, run
from tests.unit.watching import WatchingBus, frame


def test_cyclic_frames_and_requests(buses):
    async def main():
        bus, peer = buses()
        task = bus.send_periodic(numbered(1), 0.001)
        other = aio.AsyncBus(peer)
        assert number_of(await other.recv(PATIENCE)) == 1
        task.stop()
        while await other.recv(0) is not None:
            pass

        async def answer():
            async for msg in other:
                await other.send(numbered(number_of(msg) + 1))

        answering = asyncio.create_task(answer())
        reply = await bus.request(numbered(10), lambda msg: number_of(msg) == 11, PATIENCE)
        assert number_of(reply) == 11
        with pytest.raises(can.CanTimeoutError, match="no answer"):
            await bus.request(numbered(20), can.CanFilter(0x7F, 0x7FF), 0.05)
        # both answers are there for who reads the bus
        assert [number_of(msg) for msg in [await bus.recv(1), await bus.recv(1)]] == [11, 21]
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)

    run(main())


def test_subscriptions_each_have_their_frames(buses):
    async def main():
        bus, peer = buses()
        async with bus.subscribe([can.CanFilter(1, 0x1FFFFFFF)]) as mine, bus.subscribe() as all_:
            small = bus.subscribe(maxlen=2)
            for number in range(5):
                peer.send(can.Message(arbitration_id=number % 2, data=[number]))
            assert [(await mine.recv(PATIENCE)).data[0] for _ in range(2)] == [1, 3]
            assert [(await all_.recv(PATIENCE)).data[0] for _ in range(5)] == list(range(5))
            with pytest.warns(can.CanWarning, match="3 frames were lost"):
                last = [await small.recv(PATIENCE), *await small.recv_many(timeout=PATIENCE)]
            assert [(msg.data[0], msg.lost_before) for msg in last] == [(3, 3), (4, 0)]
            assert small.lost == 3
            small.close()
            assert [msg async for msg in small] == []
            assert await mine.recv(0) is None

    run(main())


def test_what_had_come_before_a_request_is_kept_though_nobody_had_read_the_bus(buses):
    async def main():
        bus, peer = buses()
        peer.send(numbered(5))
        with pytest.raises(can.CanTimeoutError, match="no answer"):
            await bus.request(numbered(1), lambda msg: True, 0.02)
        assert number_of(await bus.recv(0)) == 5

    run(main())


def test_an_answer_is_not_what_the_bus_sent_itself():
    async def main():
        bus, peer = pair(receive_own_messages=True)
        with pytest.raises(can.CanTimeoutError, match="no answer"):
            await bus.request(numbered(1), lambda msg: True, 0.02)
        bus.bus.shutdown()
        peer.shutdown()

    run(main())


def test_what_goes_wrong_in_a_request_comes_out_as_it_is(buses, monkeypatch):
    async def main():
        bus, peer = buses()

        def fail(error: Exception) -> None:
            raise error

        for error in (can.CanTimeoutError("no answer from the adapter"), can.CanLinkDownError("x")):
            monkeypatch.setattr(
                bus.bus, "_send_frame", lambda msg, timeout, error=error: fail(error)
            )
            with pytest.raises(type(error)) as caught:
                await bus.request(numbered(1), lambda msg: True, 5)
            assert caught.value is error
        monkeypatch.undo()
        waiting = asyncio.create_task(
            bus.request(numbered(1), lambda msg: fail(TimeoutError("mine")), PATIENCE)
        )
        answering = aio.AsyncBus(peer)
        await answering.recv(PATIENCE)
        await answering.send(numbered(2))
        with pytest.raises(TimeoutError, match="mine"):
            await waiting
        waiting = asyncio.create_task(bus.request(numbered(1), lambda msg: True))
        await answering.recv(PATIENCE)
        await bus.shutdown()
        with pytest.raises(can.CanClosedError):
            await waiting

    run(main())


def test_many_requests_at_once_each_have_their_answer(buses):
    async def main():
        bus, peer = buses()
        other = aio.AsyncBus(peer)

        async def answer() -> None:
            async for msg in other:
                await other.send(numbered(number_of(msg) + 1000))

        answering = asyncio.create_task(answer())

        def of(number: int) -> Any:
            return lambda msg: number_of(msg) == number + 1000

        replies = await asyncio.gather(
            *(bus.request(numbered(number), of(number), PATIENCE) for number in range(20))
        )
        assert [number_of(msg) for msg in replies] == list(range(1000, 1020))
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)

    run(main())


def test_no_more_than_sixty_four_frames_are_taken_at_once(buses):
    async def main():
        bus, peer = buses()
        async with bus.subscribe() as subscription:
            for number in range(200):
                peer.send(numbered(number))
            while len(subscription._row) < 200:
                await asyncio.sleep(0)
            sizes: list[int] = []
            while sum(sizes) < 200:
                sizes.append(len(await subscription.recv_many(1000, PATIENCE)))
            assert max(sizes) <= 64

    run(main())


def test_subscriptions_end_with_their_bus_and_wake_who_waits(buses):
    async def main():
        bus, _ = buses()
        one, another = bus.subscribe(), bus.subscribe()

        async def iterate() -> list[can.Message]:
            return [msg async for msg in one]

        iterating = asyncio.create_task(iterate())
        waiting = [asyncio.create_task(another.recv_many()) for _ in range(3)]
        await asyncio.sleep(0)
        await bus.shutdown()
        assert await iterating == []
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(one) for one in outcomes] == [can.CanClosedError] * 3
        assert one.is_closed
        with pytest.raises(can.CanClosedError):
            bus.subscribe()

    run(main())


def test_cancelled_tasks_take_nothing_from_a_subscription(buses):
    async def main():
        bus, peer = buses()
        dice = random.Random(4)
        got: list[int] = []
        async with bus.subscribe() as subscription:
            for start in range(0, 400, 4):
                tasks = [asyncio.create_task(subscription.recv()) for _ in range(6)]
                await asyncio.sleep(0)
                for number in range(start, start + 4):
                    peer.send(numbered(number))
                for _ in range(dice.randrange(4)):
                    await asyncio.sleep(dice.choice((0, 0.0005)))
                for task in tasks:
                    task.cancel()
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
                got += [number_of(msg) for msg in outcomes if isinstance(msg, can.Message)]
            while (msg := await subscription.recv(0.1)) is not None:
                got.append(number_of(msg))
        assert sorted(got) == list(range(400))

    run(main())


def test_a_subscription_is_filtered_and_says_what_it_lost(buses):
    async def main():
        bus, peer = buses()
        async with bus.subscribe(maxlen=3, overflow="drop_newest") as subscription:
            assert subscription.maxlen == 3
            with pytest.raises(can.CanConfigError):
                await subscription.recv(-1)
            with pytest.raises(can.CanConfigError):
                await subscription.recv_many(0)
            for number in range(5):
                peer.send(numbered(number))
            while subscription.lost < 2:
                await asyncio.sleep(0)
            with pytest.warns(can.CanWarning, match="2 frames were lost"):
                frames = await subscription.recv_many()
            assert [number_of(msg) for msg in frames] == [0, 1, 2]
            peer.send(numbered(5))
            msg = await subscription.recv(PATIENCE)
            assert (number_of(msg), msg.lost_before) == (5, 2)
            subscription.set_filters([can.CanFilter(2, 0x1FFFFFFF)])
            assert list(subscription.filters) == [can.CanFilter(2, 0x1FFFFFFF)]
            peer.send(numbered(6))
            peer.send(can.Message(arbitration_id=2))
            assert (await subscription.recv(PATIENCE)).arbitration_id == 2
        with pytest.raises(can.CanConfigError):
            bus.subscribe(overflow="whatever")

    run(main())


# -- watches ------------------------------------------------------------------------------


def test_the_events_of_a_watch_are_awaited_to_its_end():
    async def main():
        with WatchingBus() as plain:
            bus = aio.AsyncBus(plain)
            watch = bus.watch(0x123)
            first = asyncio.create_task(watch.get(PATIENCE))
            others = [asyncio.create_task(watch.get(PATIENCE)) for _ in range(2)]
            await asyncio.sleep(0)
            await asyncio.to_thread(watch.watch._came, frame(1))
            assert (await first).kind is can.WatchKind.FIRST
            watch.watch._came(frame(2))
            await asyncio.to_thread(watch.watch._end)
            outcomes = await asyncio.gather(*others, return_exceptions=True)
            assert [getattr(one, "kind", type(one)) for one in outcomes] == [
                can.WatchKind.CHANGED,
                can.CanClosedError,
            ]
            assert watch.done
            assert [event async for event in watch] == []

    run(main())


def test_a_cancelled_task_takes_no_event_along_and_stop_keeps_what_was_told():
    async def main():
        with WatchingBus() as plain:
            async with aio.AsyncBus(plain).watch(0x123) as watch:
                assert await watch.get(0) is None
                assert await watch.get(0.001) is None
                with pytest.raises(can.CanConfigError):
                    await watch.get(-1)
                task = asyncio.create_task(watch.get())
                await asyncio.sleep(0)
                watch.watch._came(frame(1))
                await asyncio.sleep(0)  # it is woken
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
            assert [event.kind async for event in watch] == [can.WatchKind.FIRST]
            assert plain.stopped == 1

    run(main())


def test_a_backend_that_cannot_watch_says_so(buses):
    async def main():
        bus, _ = buses()
        with pytest.raises(can.CanUnsupportedError):
            bus.watch(1)
        with pytest.raises(can.CanUnsupportedError):
            bus.reply_to_remote(numbered(1))

    run(main())
