"""async_buffered_reader: filled by any thread, emptied in a loop; nobody hangs after stop()."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, Worker, number_of, numbered
from tests.unit.notifier.listening import Recorder, send
from tests.unit.notifier.test_buffered_reader import filled


def run(body: Coroutine[Any, Any, None]) -> None:
    """Run it in a loop of its own, with a limit."""

    async def limited() -> None:
        async with asyncio.timeout(PATIENCE):
            await body

    asyncio.run(limited())


async def all_of(reader: can.AsyncBufferedReader) -> list[int]:
    return [number_of(msg) async for msg in reader]


async def waiting(reader: can.AsyncBufferedReader, count: int) -> list[asyncio.Task[can.Message]]:
    """Tasks that wait for a frame."""
    tasks = [asyncio.create_task(reader.get_message()) for _ in range(count)]
    await asyncio.sleep(0)
    assert len(reader._waiters) == count
    return tasks


@pytest.mark.parametrize("has_loop", [False, True])
def test_frames_of_a_notifier_with_and_without_a_loop(
    bus: can.BusABC, other: can.BusABC, has_loop: bool
) -> None:
    async def body() -> None:
        reader = can.AsyncBufferedReader()
        loop = asyncio.get_running_loop() if has_loop else None
        with can.Notifier(bus, [reader], loop=loop):
            numbers: list[int] = []
            for start in range(0, 300, 100):
                send(other, range(start, start + 100))
                async for msg in reader:
                    numbers.append(number_of(msg))
                    if len(numbers) == start + 100:
                        break
            assert numbers == list(range(300))
        assert await all_of(reader) == []
        assert reader.is_stopped

    run(body())


def test_stop_ends_async_for_behind_what_is_there() -> None:
    async def body() -> None:
        reader = can.AsyncBufferedReader()
        loops = [asyncio.create_task(all_of(reader)) for _ in range(3)]
        await asyncio.sleep(0)
        filled(reader, 3)
        reader.stop()
        reader.stop()
        reader(numbered(9))  # ignored, as in python-can
        taken = await asyncio.gather(*loops)
        assert sorted(number for numbers in taken for number in numbers) == [0, 1, 2]
        with pytest.raises(can.CanClosedError):
            await reader.get_message()

    run(body())


def test_stop_from_another_thread_ends_async_for() -> None:
    async def body() -> None:
        reader = can.AsyncBufferedReader()
        taking = asyncio.create_task(all_of(reader))
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, reader.stop)
        assert await taking == []

    run(body())


def test_many_tasks_share_what_comes() -> None:
    async def body() -> None:
        reader = can.AsyncBufferedReader()
        tasks = await waiting(reader, 5)
        filled(reader, 5)
        assert sorted(map(number_of, await asyncio.gather(*tasks))) == [0, 1, 2, 3, 4]
        assert reader.buffer.empty()

    run(body())


def test_a_task_that_is_cancelled_takes_no_frame_with_it() -> None:
    async def body() -> None:
        reader = can.AsyncBufferedReader()
        first, second = await waiting(reader, 2)
        filled(reader, 1)
        first.cancel()  # woken already
        assert number_of(await second) == 0
        (third,) = await waiting(reader, 1)
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        assert reader._waiters == []
        filled(reader, 1)
        assert number_of(await reader.get_message(PATIENCE)) == 0

    run(body())


def test_get_message_may_have_a_timeout() -> None:
    async def body() -> None:
        reader = can.AsyncBufferedReader()
        with pytest.raises(TimeoutError):
            await reader.get_message(0.001)
        with pytest.raises(can.CanConfigError, match="negative"):
            await reader.get_message(-1)
        filled(reader, 1)
        assert number_of(await reader.get_message(0)) == 0

    run(body())


def test_it_is_bounded_and_counts_what_is_lost() -> None:
    async def body() -> None:
        reader, endless = can.AsyncBufferedReader(), can.AsyncBufferedReader(None)
        frame = numbered(1)
        for _ in range(100_005):
            reader(frame)
            endless(frame)
        assert (reader.buffer.qsize(), reader.lost) == (100_000, 5)
        assert (endless.buffer.qsize(), endless.lost) == (100_005, 0)
        with pytest.warns(can.CanWarning, match="5 frames were lost"):
            first = await reader.get_message()
        assert first.lost_before == 5
        assert (await reader.get_message()).lost_before == 0

    run(body())


def test_errors_of_the_bus_reach_the_code_that_waits() -> None:
    async def body() -> None:
        reader = can.AsyncBufferedReader()
        (task,) = await waiting(reader, 1)
        reader.on_error(can.CanLinkDownError("can0 is down"))
        with pytest.raises(can.CanLinkDownError):
            await task
        filled(reader, 1)
        reader.on_error(can.CanLinkDownError("can0 is down"))
        reader.on_error(can.CanClosedError("shut down"))  # the Notifier will stop it
        assert number_of(await reader.get_message()) == 0
        with pytest.raises(can.CanLinkDownError):
            await all_of(reader)
        with pytest.raises(NotImplementedError):
            reader.on_error(LookupError())

    run(body())


def test_a_loop_that_is_closed_costs_the_next_one_nothing() -> None:
    reader = can.AsyncBufferedReader()
    loop = asyncio.new_event_loop()
    stuck = loop.create_task(reader.get_message())
    loop.run_until_complete(asyncio.sleep(0))
    assert len(reader._waiters) == 1
    stuck._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.close()
    Worker(lambda: filled(reader, 2)).result()

    async def body() -> None:
        assert [number_of(await reader.get_message()) for _ in range(2)] == [0, 1]

    run(body())


def test_loop_is_accepted_and_said_to_have_no_effect(bus: can.BusABC) -> None:
    with pytest.warns(DeprecationWarning, match="loop="):
        can.AsyncBufferedReader(loop=object())


def test_the_end_of_the_bus_ends_async_for(bus: can.BusABC) -> None:
    recorder = Recorder()

    async def body() -> None:
        reader = can.AsyncBufferedReader()
        can.Notifier(bus, [reader, recorder], loop=asyncio.get_running_loop())
        taking = asyncio.create_task(all_of(reader))
        await asyncio.sleep(0)
        bus.shutdown()
        assert await taking == []

    run(body())
    recorder.wait_for(stops=1)
