"""asyncio: a backlog on one bus and on 32 in one loop, and from send to await.

python-can's way is its Notifier with `loop=` and an AsyncBufferedReader for each bus.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from time import perf_counter_ns
from typing import Any

import can

from benchmarks.report import OURS, THEIRS, Report, Row
from benchmarks.stage import IDS, Stage, our_bus, their_bus
from benchmarks.timing import Chunk, medians
from canbus.aio import AsyncBus

BACKLOG = 640
MANY = 32
Take = Callable[[int], Awaitable[None]]


def measure(stage: Stage, report: Report) -> None:
    for number, floor in ((1, 10), (MANY, 10)):
        title = "await, backlog on one bus" if number == 1 else f"await, backlog on {number} buses"
        values = _backlog(stage, number)
        report.add(Row(title, "ns/frame", values, floor, note="theirs: AsyncBufferedReader"))
    report.add(Row("send to await, median", "ns/frame", _latency(stage), 2.5))


def _backlog(stage: Stage, number: int) -> dict[str, float]:
    """Frames wait in every bus when the loop begins; each is awaited on its own."""
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        sides = {
            THEIRS: _theirs(stage, stack, loop, number),
            OURS: _ours(stage, stack, loop, number),
        }

        def chunk(side: str) -> Chunk:
            def run(frames: int) -> int:
                each = frames // number
                stage.fill(side, each)
                start = perf_counter_ns()
                loop.run_until_complete(_together(sides[side], each))
                return perf_counter_ns() - start

            return run

        try:
            return medians({side: chunk(side) for side in sides}, BACKLOG * min(number, 4), 9)
        finally:
            stack.close()
            loop.close()


async def _together(takers: list[Take], frames: int) -> None:
    await asyncio.gather(*(take(frames) for take in takers))


def _theirs(
    stage: Stage, stack: ExitStack, loop: asyncio.AbstractEventLoop, number: int
) -> list[Take]:
    def taker(bus: Any) -> Take:
        reader = can.AsyncBufferedReader()
        notifier = can.Notifier(bus, [reader], loop=loop)
        stack.callback(notifier.stop, 0)

        async def take(frames: int) -> None:
            for _ in range(frames):
                await reader.get_message()

        return take

    # The stage's own would get the frames, too, but nobody empties it: so it is one of them.
    stage.theirs.set_filters([{"can_id": 0x7F5, "can_mask": 0x7FF, "extended": False}])
    stack.callback(stage.theirs.set_filters, [{"can_id": IDS[THEIRS], "can_mask": 0x7FF}])
    buses = [stack.enter_context(their_bus(stage.link, IDS[THEIRS])) for _ in range(number)]
    return [taker(bus) for bus in buses]


def _ours(
    stage: Stage, stack: ExitStack, loop: asyncio.AbstractEventLoop, number: int
) -> list[Take]:
    def taker(bus: AsyncBus) -> Take:
        async def take(frames: int) -> None:
            left = frames
            async for _ in bus:
                left -= 1
                if not left:
                    return

        return take

    async def wrapped(bus: Any) -> AsyncBus:
        return AsyncBus(bus)

    stage.ours.set_filters([{"can_id": 0x7F6, "can_mask": 0x7FF, "extended": False}])
    stack.callback(stage.ours.set_filters, [{"can_id": IDS[OURS], "can_mask": 0x7FF}])
    buses = [stack.enter_context(our_bus(stage.link, IDS[OURS])) for _ in range(number)]
    return [taker(loop.run_until_complete(wrapped(bus))) for bus in buses]


def _latency(stage: Stage) -> dict[str, float]:
    """From before a frame is sent, by the same sender for both, until it was awaited."""
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        takers = {
            THEIRS: _theirs(stage, stack, loop, 1)[0],
            OURS: _ours(stage, stack, loop, 1)[0],
        }

        def chunk(side: str) -> Chunk:
            async def go(frames: int) -> int:
                spent = 0
                for _ in range(frames):
                    start = perf_counter_ns()
                    stage.send_one(side)
                    await takers[side](1)
                    spent += perf_counter_ns() - start
                return spent

            return lambda frames: loop.run_until_complete(go(frames))

        try:
            return medians({side: chunk(side) for side in takers}, 50, 40)
        finally:
            stack.close()
            loop.close()
