"""Buses without a descriptor, and calls that would hold up the loop: threads do it."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

import canbus as can
from canbus import aio
from canbus.aio.arrivals import DescriptorArrivals
from canbus.aio.errands import Errand, Runner
from canbus.testing import FakeBus
from tests.unit.aio.support import PATIENCE, number_of, numbered, run


def test_a_thread_reads_then(without_descriptor, buses):
    async def main():
        bus, peer = buses()
        waiting = asyncio.create_task(bus.recv())
        await asyncio.sleep(0.01)
        for number in range(500):
            peer.send(numbered(number))
        got = [await waiting]
        async for msg in bus:
            got.append(msg)
            if len(got) == 500:
                break
        assert [number_of(msg) for msg in got] == list(range(500))
        await bus.send(numbered(1))
        assert await bus.send_many([numbered(2)]) == 1
        assert [number_of(peer.recv(PATIENCE)) for _ in range(2)] == [1, 2]
        waiting = asyncio.create_task(bus.recv())
        await asyncio.sleep(0.01)
        await bus.shutdown()
        with pytest.raises(can.CanClosedError):
            await waiting

    threads = threading.active_count()
    run(main())
    for thread in threading.enumerate():
        if thread.name.startswith("canbus aio"):
            thread.join(PATIENCE)
    assert threading.active_count() <= threads


def test_what_waits_can_be_had_without_waiting(without_descriptor, buses):
    async def main():
        bus, peer = buses()
        assert await bus.recv(0) is None
        for number in range(100):
            peer.send(numbered(number))
        got = [await bus.recv(0)]
        got += await bus.recv_many(timeout=0)
        assert await bus.recv(0.01) is not None  # 65th or so
        assert [number_of(msg) for msg in got] == list(range(len(got)))

    run(main())


def test_a_frame_that_comes_when_nobody_waits_any_more_is_kept_in_order(without_descriptor, buses):
    async def main():
        bus, peer = buses()
        assert await bus.recv(0.01) is None  # its thread waits on
        for number in range(200):
            peer.send(numbered(number))
        got: list[can.Message] = []
        while len(got) < 200:
            got += await bus.recv_many(7, PATIENCE)
        assert [number_of(msg) for msg in got] == list(range(200))

    run(main())


def test_errors_of_the_thread_reach_each_who_awaits():
    class Down(FakeBus):
        def _recv_frame(self, timeout: float | None) -> can.Message | None:
            if timeout == 0:
                return None
            raise can.CanLinkDownError("it is down")

    async def main():
        with Down() as plain:
            bus = aio.AsyncBus(plain)
            tasks = [asyncio.create_task(bus.recv()) for _ in range(3)]
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(one) for one in outcomes] == [can.CanLinkDownError] * 3

    run(main())


def test_sends_by_a_thread_keep_their_order():
    async def main():
        with FakeBus() as plain:
            bus = aio.AsyncBus(plain)
            await asyncio.gather(*(bus.send(numbered(number)) for number in range(50)))
            assert [number_of(msg) for msg in plain.sent] == list(range(50))

    run(main())


class Stuck(FakeBus):
    """A bus whose sends wait until it is shut down."""

    def __init__(self) -> None:
        super().__init__()
        self.end = threading.Event()
        self.begun = threading.Semaphore(0)

    def _send_frame(self, msg: can.Message, timeout: float | None) -> None:
        self.begun.release()
        assert self.end.wait(PATIENCE)
        raise self._closed()

    def _send_confirmed(self, msg: can.Message, timeout: float | None) -> Any:
        self._send_frame(msg, timeout)

    def _close(self) -> None:
        super()._close()
        self.end.set()


def test_sends_that_wait_do_not_keep_shutdown_from_running():
    async def main():
        bus = aio.AsyncBus(Stuck())
        tasks = [asyncio.create_task(bus.send(numbered(1))) for _ in range(3)]
        await asyncio.sleep(0)
        bus._arrivals_made = DescriptorArrivals(bus.bus, asyncio.get_running_loop(), 0)
        tasks += [asyncio.create_task(bus.send(numbered(1), confirm=True)) for _ in range(100)]
        await asyncio.sleep(0)
        await bus.shutdown()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in outcomes] == [can.CanClosedError] * 103

    run(main())


def test_a_send_by_a_thread_says_whether_it_can_have_left():
    """One that waits behind another has not; of the one that is under way nobody knows."""

    async def main():
        stuck = Stuck()
        bus = aio.AsyncBus(stuck)
        under_way, behind = (asyncio.create_task(bus.send(numbered(n))) for n in range(2))
        assert await asyncio.to_thread(stuck.begun.acquire, timeout=PATIENCE)
        for task, sent in ((behind, 0), (under_way, None)):
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await task
            assert aio.frames_sent(cancelled.value) == sent
        await bus.shutdown()
        with pytest.raises(can.CanClosedError):
            await bus.send(numbered(3))

    run(main())


def test_a_send_by_a_thread_that_has_ended_says_so():
    async def main():
        async with aio.Bus(FakeBus()) as bus:
            task = asyncio.create_task(bus.send_many([numbered(1), numbered(2)]))
            await asyncio.sleep(0)
            bus._sender._runner.end()
            bus._sender.join()  # what it returned is on the way to the task
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await task
            assert aio.frames_sent(cancelled.value) == 2

    run(main())


def test_no_thread_is_left_and_none_begins_that_is_not_needed(buses):
    before = set(threading.enumerate())

    async def main():
        bus, peer = buses()
        waiting = asyncio.create_task(bus.recv())
        await asyncio.sleep(0)
        peer.send(numbered(1))
        await waiting
        await bus.send(numbered(1))
        await bus.send_many([numbered(1)] * 100)
        assert set(threading.enumerate()) == before
        async with await aio.Bus("aio threads", "virtual") as other:
            await other.send(numbered(1))
        async with aio.Bus(FakeBus()) as bus:
            await bus.send(numbered(1))
            assert await bus.recv(0.001) is None
        assert set(threading.enumerate()) == before
        async with aio.Bus(FakeBus()) as bus:
            waiting = asyncio.create_task(bus.recv())
            await asyncio.sleep(0)
        with pytest.raises(can.CanClosedError):
            await waiting

    run(main())
    assert set(threading.enumerate()) == before


def test_what_one_loop_has_read_is_for_the_next(without_descriptor):
    plain, peer = can.Bus("aio threads", "virtual"), can.Bus("aio threads", "virtual")
    with plain, peer:

        async def read(first: int) -> None:
            bus = aio.AsyncBus(plain)
            assert [number_of(await bus.recv(PATIENCE)) for _ in range(2)] == [first, first + 1]

        for number in range(6):
            peer.send(numbered(number))
        for first in (0, 2, 4):
            run(read(first))


def test_filters_that_change_are_for_what_the_thread_has_brought_too(without_descriptor, buses):
    async def main():
        bus, peer = buses()
        assert await bus.recv(0.001) is None  # its thread reads on
        for number in range(1, 6):
            peer.send(can.Message(arbitration_id=number))
        while not bus._arrivals._brought:  # the loop is not let run
            time.sleep(0.001)
        bus.set_filters([can.CanFilter(4, 0x1FFFFFFF)])
        assert (await bus.recv(PATIENCE)).arbitration_id == 4
        assert await bus.recv(0.001) is None

    run(main())


def test_nobody_else_reads_while_the_thread_does():
    """A frame that it has taken from the bus, and not brought yet, is older than the next."""

    class Slow(FakeBus):
        def __init__(self) -> None:
            super().__init__()
            self.has_taken, self.go_on = threading.Event(), threading.Event()

        def recv_many(
            self, max_frames: int = 64, timeout: float | None = None
        ) -> list[can.Message]:
            frames = super().recv_many(max_frames, timeout)
            if timeout is None:
                self.has_taken.set()
                assert self.go_on.wait(PATIENCE)
            return frames

    async def main():
        with Slow() as plain:
            bus = aio.AsyncBus(plain)
            assert await bus.recv(0.001) is None  # from now on the thread reads
            plain.feed(numbered(1))
            assert plain.has_taken.wait(PATIENCE)
            plain.feed(numbered(2))
            assert await bus.recv(0) is None
            plain.go_on.set()
            assert [number_of(await bus.recv(PATIENCE)) for _ in range(2)] == [1, 2]

    run(main())


def test_each_of_several_who_wait_is_served():
    async def main():
        with FakeBus() as plain:
            bus = aio.AsyncBus(plain)
            waiting = [asyncio.create_task(bus.recv(PATIENCE)) for _ in range(3)]
            await asyncio.sleep(0)
            for number, task in enumerate(waiting):
                plain.feed(numbered(number))
                assert number_of(await task) == number

    run(main())


def test_what_a_thread_reads_when_its_loop_has_ended_is_for_the_next_loop():
    with FakeBus() as plain:

        async def begin() -> None:
            assert await aio.AsyncBus(plain).recv(0.001) is None  # its thread reads on

        async def go_on(*numbers: int) -> None:
            bus = aio.AsyncBus(plain)
            assert [number_of(await bus.recv(PATIENCE)) for _ in numbers] == list(numbers)
            waiting = asyncio.create_task(bus.recv(PATIENCE))
            await asyncio.sleep(0)
            plain.feed(numbered(7))
            assert number_of(await waiting) == 7

        run(begin())
        plain.feed(*map(numbered, range(3)))
        run(go_on(0, 1, 2))
        run(begin())
        run(begin())
        plain.feed(numbered(3))
        run(go_on(3))


def test_a_call_is_made_once():
    async def main():
        made: list[int] = []
        errand = Errand(lambda: made.append(1))
        errand.run()
        errand.run()
        await errand.result()
        assert made == [1]
        runner = Runner("aio test")
        runner.end()
        late = Errand(lambda: made.append(2))
        runner.begin(late)
        await late.result()
        assert made == [1, 2]

    run(main())
