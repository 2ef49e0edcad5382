"""The end of a bus that is awaited, errors, and loops that end first."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus import aio
from tests.unit.aio.support import PATIENCE, number_of, numbered, pair, run


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


def test_an_error_that_met_a_cancelled_task_is_for_the_next(buses, monkeypatch):
    """The kernel tells of a loss once."""

    async def main():
        bus, peer = buses()
        waiting = asyncio.create_task(bus.recv())
        await asyncio.sleep(0)

        def lose(limit: int, timeout: float | None) -> Any:
            monkeypatch.undo()
            raise can.CanFramesLostError("3 frames were lost")

        monkeypatch.setattr(bus.bus, "recv_many", lose)
        bus._arrivals._readable()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        peer.send(numbered(1))
        with pytest.raises(can.CanFramesLostError):
            await bus.recv()
        assert number_of(await bus.recv()) == 1

    run(main())


def test_a_warning_that_is_an_error_reaches_who_awaits():
    async def main():
        bus, peer = pair(rx_queue_size=2)
        waiting = asyncio.create_task(bus.recv())
        await asyncio.sleep(0)
        for number in range(3):
            peer.send(numbered(number))
        with pytest.raises(can.CanWarning, match="frames were lost"):
            await waiting
        assert [number_of(await bus.recv(0)) for _ in range(2)] == [0, 1]
        bus.bus.shutdown()
        peer.shutdown()

    run(main())


def test_a_descriptor_that_is_closed_and_given_to_another_is_not_the_loops(buses):
    """The bus is shut down beside the loop, and the next one gets its number."""

    async def main():
        old, _ = buses()
        waiting = asyncio.create_task(old.recv())
        await asyncio.sleep(0)
        number = old.bus.fileno()
        old.bus.shutdown()
        bus, peer = buses()
        assert bus.bus.fileno() == number
        receiving = asyncio.create_task(bus.recv(PATIENCE))
        with pytest.raises(can.CanClosedError):
            await waiting
        peer.send(numbered(1))
        assert number_of(await receiving) == 1

    run(main())


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_loop_may_end_before_its_bus():
    descriptors = _descriptors()
    bus, peer = None, None

    async def main():
        nonlocal bus, peer
        bus, peer = pair()
        assert await bus.recv(0.001) is None

    run(main())
    bus.bus.shutdown()
    peer.shutdown()
    assert _descriptors() == descriptors


def test_a_bus_can_be_awaited_in_one_loop_after_another():
    plain, peer = can.Bus("aio loops", "virtual"), can.Bus("aio loops", "virtual")
    descriptors = 0
    with plain, peer:
        for number in range(4):

            async def main(number: int = number) -> None:
                bus = aio.AsyncBus(plain)
                waiting = asyncio.create_task(bus.recv(PATIENCE))
                await asyncio.sleep(0)
                for each in range(3 * number, 3 * number + 3):
                    peer.send(numbered(each))
                assert number_of(await waiting) == 2 * number  # the others have been read with it
                assert number_of(await aio.AsyncBus(plain).recv(0)) == 2 * number + 1

            run(main())
            descriptors = descriptors or _descriptors()
            assert _descriptors() == descriptors


def test_nothing_is_received_or_sent_once_shutdown_has_begun(buses):
    async def main():
        bus, peer = buses()
        peer.send(numbered(1))
        peer.send(numbered(2))
        assert number_of(await bus.recv()) == 1
        ending = asyncio.create_task(bus.shutdown())
        await asyncio.sleep(0)
        with pytest.raises(can.CanClosedError):
            await bus.recv()
        await ending
        with pytest.raises(can.CanClosedError):
            await bus.send_many([numbered(1)])

    run(main())
