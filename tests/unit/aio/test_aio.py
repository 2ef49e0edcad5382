"""The asyncio face on `virtual`: receiving, sending, cancelling, the end."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
from typing import Any

import pytest

import canbus as can
from canbus import aio
from canbus.aio.arrivals import BATCH, Arrivals
from tests.unit.aio.support import PATIENCE, number_of, numbered, pair, run


@pytest.fixture
def buses():
    """Makes pairs, and closes them."""
    made: list[Any] = []

    def make(**options: Any) -> Any:
        bus, peer = pair(**options)
        made.extend((bus.bus, peer))
        return bus, peer

    yield make
    for bus in made:
        bus.shutdown()


def test_importing_the_library_loads_no_asyncio():
    code = (
        "import sys, canbus; canbus.Bus('x', 'virtual').shutdown()\n"
        "assert 'asyncio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# -- opening ------------------------------------------------------------------------------


def test_a_bus_is_opened_by_entering_or_awaiting_and_closed():
    async def main():
        async with aio.Bus("aio open", interface="virtual", fd=True) as bus:
            assert bus.protocol is can.CanProtocol.CAN_FD
            other = await aio.Bus("aio open", "virtual")
            await bus.send(numbered(1))
            assert number_of(await other.recv(PATIENCE)) == 1
            await other.shutdown()
            await other.shutdown()
        with pytest.raises(can.CanClosedError):
            await bus.recv()
        with pytest.raises(can.CanClosedError):
            await bus.send(numbered(1))

    run(main())


def test_what_cannot_be_opened_raises_as_ever():
    async def main():
        with pytest.raises(can.CanConfigError, match="recieve"):
            await aio.Bus("x", "virtual", recieve_own_messages=True)
        with pytest.raises(can.CanBackendNotFoundError):
            async with aio.Bus("x", "nope"):
                pass

    run(main())


# -- receiving ----------------------------------------------------------------------------


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


def test_a_busy_bus_lets_other_tasks_live(buses):
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

        living = asyncio.create_task(live())
        for number in range(BATCH * 10):
            assert number_of(await bus.recv()) == number
        assert turns >= 9
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


# -- sending ------------------------------------------------------------------------------


class Full:
    """A bus whose transmit queue is full for so many tries."""

    def __init__(self, bus: can.BusABC, monkeypatch: pytest.MonkeyPatch, tries: int) -> None:
        self.left = tries
        self.tries = 0
        real = bus._send_frame

        def send(msg: can.Message, timeout: float | None) -> None:
            assert timeout == 0
            self.tries += 1
            if self.left:
                self.left -= 1
                raise can.CanTxQueueFullError("no room")
            real(msg, timeout)

        monkeypatch.setattr(bus, "_send_frame", send)


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


# -- the end ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["await", "thread", "sync"])
def test_shutdown_wakes_who_waits_and_ends_iteration(buses, how):
    async def main():
        bus, _ = buses()

        async def iterate():
            return [msg async for msg in bus]

        tasks = [asyncio.create_task(bus.recv()) for _ in range(3)]
        iterating = asyncio.create_task(iterate())
        await asyncio.sleep(0.01)
        if how == "await":
            await bus.shutdown()
        elif how == "sync":
            bus.bus.shutdown()
        else:
            await asyncio.to_thread(bus.bus.shutdown)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in outcomes] == [can.CanClosedError] * 3
        assert await iterating == []
        with pytest.raises(can.CanClosedError):
            await bus.recv()

    run(main())


def test_errors_reach_who_awaits(buses, monkeypatch):
    async def main():
        bus, peer = buses()
        waiting = [asyncio.create_task(bus.recv()) for _ in range(2)]
        await asyncio.sleep(0)

        def fail(limit: int, timeout: float | None) -> Any:
            raise can.CanLinkDownError("the link is down")

        monkeypatch.setattr(bus.bus, "recv_many", fail)
        peer.send(numbered(1))
        for one in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(one, can.CanLinkDownError)
        with pytest.raises(can.CanLinkDownError):
            await bus.recv()
        monkeypatch.undo()
        assert number_of(await bus.recv()) == 1

    run(main())


# -- a bus without a descriptor -----------------------------------------------------------


@pytest.fixture
def without_descriptor(monkeypatch):
    """`virtual`, as if it had none."""
    from canbus.backends.virtual.bus import VirtualBus

    def fileno(self: VirtualBus) -> int:
        raise can.CanUnsupportedError("no descriptor")

    monkeypatch.setattr(VirtualBus, "fileno", fileno)


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


def test_arrivals_are_one_or_the_other(buses):
    assert {one.__name__ for one in Arrivals.__subclasses__()} == {
        "DescriptorArrivals", "ThreadArrivals"
    }  # fmt: skip
