"""A serial adapter that is awaited, emulated on a pseudo terminal."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import canbus as can
from canbus import aio
from canbus.testing.slcan import Refuse, Silent, SlcanEmulator
from canbus.testing.support import numbered
from tests.unit.aio.support import PATIENCE, number_of, run


def test_frames_go_both_ways_in_order():
    async def main():
        with can.Bus("aio slcan", "virtual") as node, SlcanEmulator(bus=node) as adapter:
            peer = aio.AsyncBus(can.Bus("aio slcan", "virtual"))
            async with aio.Bus(adapter.port, "slcan", bitrate=500_000) as bus, peer:
                sending = asyncio.create_task(peer.send_many(map(numbered, range(500))))
                got = [number_of(await bus.recv(PATIENCE)) for _ in range(500)]
                assert got == list(range(500))
                assert await sending == 500
                assert await bus.send_many(map(numbered, range(300))) == 300
                assert [number_of(await peer.recv(PATIENCE)) for _ in range(300)] == [*range(300)]
                receipt = await bus.send(numbered(7), PATIENCE, confirm=True)
                assert receipt is not None
                assert number_of(await peer.recv(PATIENCE)) == 7

    run(main())


def test_with_a_window_of_one_a_frame_that_is_refused_is_told_to_its_sender():
    async def main():
        with SlcanEmulator() as adapter:
            async with aio.Bus(adapter.port, "slcan", bitrate=500_000, window=1) as bus:
                adapter.fault(Refuse("t7"))
                outcomes = await asyncio.gather(
                    *(bus.send(numbered(number, 0x700 + number)) for number in range(3)),
                    bus.send(numbered(9)),
                    return_exceptions=True,
                )
                assert [type(one) for one in outcomes] == [can.CanFrameRefusedError] * 3 + [
                    type(None)
                ]
                refused: list[Any] = [getattr(one, "frame", None) for one in outcomes[:3]]
                assert [number_of(frame) for frame in refused] == [0, 1, 2]
                with pytest.raises(can.CanFrameRefusedError) as caught:
                    await bus.send_many([numbered(1), numbered(2, 0x701)])
                frame: Any = caught.value.frame
                assert number_of(frame) == 2

    run(main())


def test_an_adapter_that_is_silent_holds_up_the_sender_and_not_the_loop():
    async def main():
        with SlcanEmulator() as adapter:
            async with aio.Bus(adapter.port, "slcan", bitrate=500_000, window=1) as bus:
                adapter.fault(Silent())
                sending = asyncio.create_task(bus.send(numbered(1), 0.2))
                turns = 0
                while not sending.done():
                    await asyncio.sleep(0.001)
                    turns += 1
                assert turns >= 20
                await asyncio.gather(sending, return_exceptions=True)
                adapter.clear_faults()

    with pytest.warns(can.CanWarning):
        run(main())


def test_an_adapter_that_is_unplugged_is_told_to_all_who_await():
    async def main():
        with SlcanEmulator() as adapter:
            async with aio.Bus(adapter.port, "slcan", bitrate=500_000) as bus:
                waiting = [asyncio.create_task(bus.recv()) for _ in range(3)]
                await asyncio.sleep(0.01)
                adapter.close()
                outcomes = await asyncio.gather(*waiting, return_exceptions=True)
                assert [type(one) for one in outcomes] == [can.CanChannelNotFoundError] * 3
                with pytest.raises(can.CanChannelNotFoundError):
                    await bus.send(numbered(1))

    run(main())
