"""A supervised bus that is awaited: it waits through the gap, and goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from canbus import aio
from canbus.testing.support import numbered
from tests.unit.aio.support import PATIENCE, number_of, run
from tests.unit.supervision.fakes import ReopeningBus, ThirdPartyBus, Wire
from tests.unit.supervision.test_gaps import supervised


@pytest.mark.parametrize("kind", [ReopeningBus, ThirdPartyBus])
def test_who_awaits_waits_through_the_gap(kind: Any):
    async def main():
        wire = Wire()
        plain = supervised(kind, wire)
        async with aio.Bus(plain) as bus:
            wire.arrive(numbered(1))
            assert number_of(await bus.recv(PATIENCE)) == 1
            for number in range(2, 5):
                waiting = asyncio.create_task(bus.recv())
                await asyncio.sleep(0)
                wire.cut()
                gap = asyncio.create_task(asyncio.to_thread(plain.gaps.get, PATIENCE))
                while plain.gap is None and not gap.done():
                    await asyncio.sleep(0.001)
                wire.mend()
                assert await gap is not None
                wire.arrive(numbered(number))
                assert number_of(await waiting) == number
                await bus.send(numbered(number))
            assert [number_of(msg) for msg in wire.sent] == [2, 3, 4]

    run(main())
