"""The asyncio face on real interfaces: many buses, bursts, links that go, cancelled tasks."""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import pytest

import canbus as can
from canbus import aio, links
from canbus.aio import AsyncBus
from tests.kernel.jam import jammed
from tests.scale import SOAK

PATIENCE = 60.0
BURST = 100_000


def numbered(number: int) -> can.Message:
    return can.Message(arbitration_id=number & 0x1FFFFFFF, data=number.to_bytes(4, "big"))


def number_of(msg: can.Message | None) -> int:
    assert msg is not None
    return int.from_bytes(msg.data, "big")


def run(coroutine: Any) -> Any:
    return asyncio.run(asyncio.wait_for(coroutine, PATIENCE))


def test_thirty_two_buses_in_one_loop(vcan):
    """Each gets every frame, in order, while all of them are read."""
    each = 2000 * min(SOAK, 10)

    async def read(bus: AsyncBus) -> list[int]:
        got: list[int] = []
        async for msg in bus:
            got.append(number_of(msg))
            if len(got) == each:
                return got
        return got

    async def main() -> None:
        with ExitStack() as stack:
            buses = [
                AsyncBus(stack.enter_context(can.Bus(vcan, "socketcan", rcvbuf=4_000_000)))
                for _ in range(32)
            ]
            sender = AsyncBus(stack.enter_context(can.Bus(vcan, "socketcan")))
            tasks = [asyncio.create_task(read(bus)) for bus in buses]
            await sender.send_many(map(numbered, range(each)))
            for got in await asyncio.gather(*tasks):
                assert got == list(range(each))

    run(main())


def test_no_callback_handles_more_than_sixty_four_frames(vcan, monkeypatch):
    """However many wait, and however they are awaited: the loop's other users have their turn."""
    most, handled = 0, 0
    looked: list[int] = []
    run_handle = asyncio.Handle._run

    def run_counted(handle: asyncio.Handle) -> None:
        nonlocal most, handled
        handled = 0
        run_handle(handle)
        most = max(most, handled)

    def look(recv_many: Any, limit: int, timeout: float | None) -> list[can.Message]:
        frames: list[can.Message] = recv_many(limit, timeout)
        looked.append(len(frames))
        return frames

    async def read(bus: AsyncBus, way: int) -> None:
        nonlocal handled
        left = 1000
        frames: list[Any]
        while left > 0:
            if way == 0:
                frames = [await bus.recv()]
            elif way == 1:
                frames = [await anext(bus)]
            else:
                frames = await bus.recv_many(1000)
            handled += len(frames)
            left -= len(frames)

    async def main() -> None:
        with ExitStack() as stack:
            plain = [
                stack.enter_context(can.Bus(vcan, "socketcan", rcvbuf=4_000_000)) for _ in range(6)
            ]
            sender = stack.enter_context(can.Bus(vcan, "socketcan"))
            sender.send_many(map(numbered, range(1000)))
            for bus in plain:
                monkeypatch.setattr(bus, "recv_many", partial(look, bus.recv_many))
            monkeypatch.setattr(asyncio.Handle, "_run", run_counted)
            await asyncio.gather(
                *(read(AsyncBus(bus), number % 3) for number, bus in enumerate(plain))
            )

    run(main())
    assert (most, max(looked)) == (64, 64)


def test_a_burst_is_read_whole(vcan):
    """As many as the buffer holds at once; none is lost, and none comes twice."""

    async def main() -> None:
        with (
            can.Bus(vcan, "socketcan", rcvbuf=BURST * 1000) as plain,
            can.Bus(vcan, "socketcan") as sender,
        ):
            bus = AsyncBus(plain)
            sender.send_many(map(numbered, range(BURST)))
            got = 0
            async for msg in bus:
                assert number_of(msg) == got
                got += 1
                if got == BURST:
                    break
            assert bus.statistics.rx_dropped == 0

    run(main())


def test_links_that_go_down_are_told_and_work_on(vcan):
    async def main() -> None:
        async with aio.Bus(vcan, "socketcan") as bus, aio.Bus(vcan, "socketcan") as peer:
            waiting = [asyncio.create_task(bus.recv()) for _ in range(3)]
            await asyncio.sleep(0)
            links.set_down(vcan)
            for outcome in await asyncio.gather(*waiting, return_exceptions=True):
                assert isinstance(outcome, can.CanLinkDownError)
            with pytest.raises(can.CanLinkDownError):
                await bus.send(numbered(1))
            links.set_up(vcan)
            await peer.send(numbered(2))
            while True:
                try:
                    assert number_of(await bus.recv(PATIENCE)) == 2
                except can.CanLinkDownError:
                    continue
                break

    run(main())


def test_cancelled_tasks_take_no_frame_along(vcan):
    async def main() -> None:
        dice = random.Random(5)
        async with aio.Bus(vcan, "socketcan") as bus, aio.Bus(vcan, "socketcan") as peer:
            got: list[int] = []
            sent = 0
            while sent < 500 * min(SOAK, 20):
                tasks = [asyncio.create_task(bus.recv()) for _ in range(3)]
                await asyncio.sleep(0)
                for _ in range(dice.randrange(1, 6)):
                    await peer.send(numbered(sent))
                    sent += 1
                for task in dice.sample(tasks, dice.randrange(4)):
                    task.cancel()
                await asyncio.sleep(0)
                for task in tasks:
                    task.cancel()
                outcomes = await asyncio.gather(*tasks, return_exceptions=True)
                got += [number_of(one) for one in outcomes if isinstance(one, can.Message)]
                got += [number_of(msg) for msg in await bus.recv_many(64, 0)]
            while (msg := await bus.recv(0)) is not None:
                got.append(number_of(msg))
            assert sorted(got) == list(range(sent))

    run(main())


def test_of_what_is_cancelled_while_the_queue_is_full_nothing_leaves(vcan):
    async def main() -> None:
        async with aio.Bus(vcan, "socketcan") as bus, aio.Bus(vcan, "socketcan") as peer:
            with jammed(vcan):
                taken = await fill(bus)
                given_up = [
                    asyncio.create_task(bus.send(numbered(0))),
                    asyncio.create_task(bus.send_many([numbered(0)] * 3)),
                ]
                waiting = asyncio.create_task(bus.send(numbered(taken)))
                with pytest.raises(can.CanTxQueueFullError):
                    await bus.send(numbered(0), 0.05)  # others run meanwhile
                assert not waiting.done()
                for task in given_up:
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError) as cancelled:
                        await task
                    assert aio.frames_sent(cancelled.value) == 0
            await waiting
            await bus.send(numbered(taken + 1))
            got = [number_of(await peer.recv(PATIENCE)) for _ in range(taken + 2)]
            assert got == list(range(taken + 2))

    async def fill(bus: AsyncBus) -> int:
        number = 0
        with suppress(can.CanTxQueueFullError):
            while True:
                await bus.send(numbered(number), 0)
                number += 1
        return number

    run(main())


def test_receipts_watches_and_kernel_timed_frames(vcan):
    async def main() -> None:
        async with aio.Bus(vcan, "socketcan") as bus, aio.Bus(vcan, "socketcan") as peer:
            receipt = await bus.send(numbered(1), PATIENCE, confirm=True)
            assert isinstance(receipt, can.SendReceipt)
            assert number_of(await peer.recv(PATIENCE)) == 1
            async with bus.watch(0x123, period=0.1) as watch:
                task = peer.send_periodic(can.Message.parse("123#00"), 0.01)
                assert task.engine == "bcm"
                await peer.recv(0)
                task.stop()
                kinds = [(await watch.get(PATIENCE)).kind for _ in range(2)]
                assert kinds == [can.WatchKind.FIRST, can.WatchKind.MISSING]
            ending = bus.watch(0x124)
            iterating = asyncio.create_task(all_of(ending))
            answering = asyncio.create_task(peer.recv(PATIENCE))
            asked = asyncio.create_task(
                bus.request(numbered(7), lambda msg: number_of(msg) == 8, PATIENCE)
            )
            while number_of(await answering) != 7:
                answering = asyncio.create_task(peer.recv(PATIENCE))
            await peer.send(numbered(8))
            assert number_of(await asked) == 8
        assert await iterating == []  # it ends with the bus

    async def all_of(watch: aio.AsyncWatch) -> list[can.WatchEvent]:
        return [event async for event in watch]

    run(main())
