"""Bridge two buses in one event loop, count what crosses, and ask a node through it.

python two_buses.py                         in process, no hardware
python two_buses.py socketcan can0 can1     between two links
"""

import asyncio
import sys

import canbus as can
from canbus import aio


async def copy(source: aio.AsyncBus, target: aio.AsyncBus) -> int:
    copied = 0
    async for frames in source.batches():
        copied += await target.send_many(frames)
    return copied


async def speedometer(channel: str, interface: str, is_there: asyncio.Event) -> None:
    """A node that answers each question of 7E0."""
    async with aio.Bus(channel, interface=interface) as bus:
        is_there.set()  # what comes from now on waits for it
        async for msg in bus:
            if msg.arbitration_id == 0x7E0:
                await bus.send(can.Message.parse("7E8#0341" + msg.data.hex()[4:6] + "50"))


async def main(interface: str = "virtual", left: str = "left", right: str = "right") -> None:
    async with aio.Bus(left, interface) as here, aio.Bus(right, interface) as there:
        crossing = [asyncio.create_task(copy(here, there)), asyncio.create_task(copy(there, here))]
        is_there = asyncio.Event()
        node = asyncio.create_task(speedometer(right, interface, is_there))
        await is_there.wait()
        async with aio.Bus(left, interface) as tester:
            question = can.Message.parse("7E0#02010D")
            reply = await tester.request(question, can.CanFilter(0x7E8, 0x7FF), timeout=5.0)
            print(format(reply, "candump"))
        node.cancel()
        await asyncio.wait([node])
    print("crossed:", *await asyncio.gather(*crossing))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
