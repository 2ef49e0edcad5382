"""Awaiting frames: in every way, by several tasks, cancelled or not."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any

import pytest

import canbus as can
from canbus import aio
from canbus.aio.arrivals import BATCH
from canbus.aio.waiters import _time_is_up
from canbus.detailed_message import detailed
from tests.unit.aio.support import PATIENCE, number_of, numbered, run


def test_timeouts(buses):
    async def main():
        bus, _ = buses()
        loop = asyncio.get_running_loop()
        assert await bus.recv(0) is None
        before = loop.time()
        assert await bus.recv(0.05) is None
        assert loop.time() - before >= 0.05
        assert await bus.recv_many(timeout=0) == []
        with pytest.raises(can.CanConfigError):
            await bus.recv(-1)
        with pytest.raises(can.CanConfigError):
            await bus.recv_many(0)

    run(main())


def test_frames_in_order_in_every_way(buses):
    async def main():
        bus, peer = buses()
        for number in range(300):
            peer.send(numbered(number))
        got = [await bus.recv(), *await bus.recv_many(10), *await bus.recv_many(1)]
        async for msg in bus:
            got.append(msg)
            if len(got) == 300:
                break
        assert [number_of(msg) for msg in got] == list(range(300))
        assert await bus.recv(0) is None

    run(main())


def test_who_waits_is_woken_by_a_frame(buses):
    async def main():
        bus, peer = buses()
        waiting = asyncio.create_task(bus.recv(PATIENCE))
        await asyncio.sleep(0)
        threading.Thread(target=peer.send, args=(numbered(7),)).start()
        assert number_of(await waiting) == 7

    run(main())


def test_several_tasks_share_the_frames(buses):
    async def main():
        bus, peer = buses()
        tasks = [asyncio.create_task(bus.recv(PATIENCE)) for _ in range(20)]
        await asyncio.sleep(0)
        for number in range(20):
            peer.send(numbered(number))
        got = await asyncio.gather(*tasks)
        assert sorted(number_of(msg) for msg in got) == list(range(20))

    run(main())


WAYS: dict[str, Any] = {
    "recv": lambda bus: bus.recv(),
    "recv with a timeout": lambda bus: bus.recv(PATIENCE),
    "iteration": anext,
    "subscription": lambda bus: bus.recv(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_busy_bus_lets_other_tasks_live(buses, way):
    """Not more than 64 frames are taken without giving way, though there are always more."""

    async def main():
        bus, peer = buses()
        for number in range(BATCH * 10):
            peer.send(numbered(number))
        turns = 0

        async def live():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        if way == "subscription":
            bus = bus.subscribe()
            for number in range(BATCH * 10):
                peer.send(numbered(number))
            while len(bus._row) < BATCH * 10:
                await asyncio.sleep(0)
        living = asyncio.create_task(live())
        for number in range(BATCH * 10):
            assert number_of(await WAYS[way](bus)) == number
        assert turns >= 9
        if way == "subscription":
            bus.close()
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)

    run(main())


def test_no_look_takes_more_than_a_batch(buses, monkeypatch):
    async def main():
        bus, peer = buses()
        asked: list[int] = []
        real = bus.bus.recv_many
        monkeypatch.setattr(
            bus.bus, "recv_many", lambda n, timeout: (asked.append(n), real(n, timeout))[1]
        )
        for number in range(500):
            peer.send(numbered(number))
        for _ in range(500):
            await bus.recv()
        assert max(asked) == BATCH

    run(main())


def test_cancelled_receivers_take_no_frame_along(buses):
    async def main():
        bus, peer = buses()
        dice = random.Random(3)
        got: list[int] = []
        sent = 0
        while len(got) < 2000:
            tasks = [asyncio.create_task(bus.recv()) for _ in range(4)]
            await asyncio.sleep(0)
            for _ in range(dice.randrange(1, 8)):
                peer.send(numbered(sent))
                sent += 1
            for _ in range(dice.randrange(3)):
                await asyncio.sleep(0)
            for task in dice.sample(tasks, dice.randrange(4)):
                task.cancel()
            for _ in range(dice.randrange(3)):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, can.Message):
                    got.append(number_of(outcome))
            got += [number_of(msg) for msg in await bus.recv_many(64, 0)]
        while (msg := await bus.recv(0)) is not None:
            got.append(number_of(msg))
        assert sorted(got) == list(range(sent))

    run(main())


def test_filters_that_change_are_for_what_waits_too(buses):
    async def main():
        bus, peer = buses()
        for number in range(1, 11):
            peer.send(can.Message(arbitration_id=number, is_extended_id=False))
        assert (await bus.recv()).arbitration_id == 1  # the others were read with it
        bus.set_filters([{"can_id": 5, "can_mask": 0x7FF}])
        assert list(bus.filters) == [can.CanFilter(5, 0x7FF)]
        assert (await bus.recv()).arbitration_id == 5
        assert await bus.recv(0) is None

    run(main())


def test_batches_are_what_waits(buses):
    async def main():
        bus, peer = buses()
        for number in range(150):
            peer.send(numbered(number))
        sizes = []
        async for frames in bus.batches():
            sizes.append(len(frames))
            if sum(sizes) == 150:
                break
        assert sizes == [64, 64, 22]

    run(main())


def test_what_another_task_waits_for_is_not_lost_with_the_one_that_was_woken(buses):
    async def main():
        bus, peer = buses()
        first, second = (asyncio.create_task(bus.recv(PATIENCE)) for _ in range(2))
        await asyncio.sleep(0)
        peer.send(numbered(1))
        bus._arrivals._readable()  # the first is woken, and does not run yet
        first.cancel()
        assert number_of(await second) == 1
        assert first.cancelled()

    run(main())


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_a_task_whose_time_is_up_takes_no_frame_along(buses, seconds):
    async def main():
        bus, peer = buses()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await bus.recv()
        peer.send(numbered(1))
        assert number_of(await bus.recv(PATIENCE)) == 1

    run(main())


def test_two_that_were_made_of_a_bus_share_its_frames(buses):
    async def main():
        bus, peer = buses()
        for number in range(4):
            peer.send(numbered(number))
        another = aio.AsyncBus(bus.bus)
        got = [await one.recv(0) for one in (bus, another, another, bus)]
        assert [number_of(msg) for msg in got] == [0, 1, 2, 3]

    run(main())


def test_the_mark_of_a_loss_is_the_next_frames_when_filters_change(buses):
    async def main():
        bus, peer = buses()
        for number in (1, 2, 3, 3):
            peer.send(can.Message(arbitration_id=number))
        await bus.recv()
        frames = bus._arrivals.frames
        frames[0] = detailed(frames[0], 7, None)
        bus.set_filters([can.CanFilter(3, 0x1FFFFFFF)])
        msg = await bus.recv(0)
        assert (msg.arbitration_id, msg.lost_before) == (3, 7)
        assert (await bus.recv(0)).lost_before == 0

    run(main())


def test_a_frame_that_came_just_before_the_time_was_up_is_returned(buses):
    async def main():
        bus, peer = buses()
        waiting = asyncio.create_task(bus.recv(PATIENCE))
        await asyncio.sleep(0)
        peer.send(numbered(1))
        _time_is_up(bus._arrivals.waiters._waiters[0])  # before the loop has seen the frame
        assert number_of(await waiting) == 1

    run(main())


def test_what_waits_in_the_bus_does_not_wake_the_loop_while_nobody_awaits_it(buses, monkeypatch):
    async def main():
        bus, peer = buses()
        looks = 0
        real = bus.bus.recv_many

        def look(limit: int, timeout: float | None) -> Any:
            nonlocal looks
            looks += 1
            return real(limit, timeout)

        monkeypatch.setattr(bus.bus, "recv_many", look)
        waiting = asyncio.create_task(bus.recv())
        await asyncio.sleep(0)
        for number in range(1000):
            peer.send(numbered(number))
        await waiting
        for _ in range(100):
            await asyncio.sleep(0)
        assert looks <= 3
        assert not bus._arrivals._is_armed
        assert [number_of(await bus.recv(0)) for _ in range(999)] == list(range(1, 1000))

    run(main())
