# mypy: ignore-errors
"""asyncio: a reader that is awaited, and one that is iterated."""

import asyncio

import can


async def main():
    with can.Bus() as bus, can.Bus() as other:
        reader = can.AsyncBufferedReader()
        seen = []
        notifier = can.Notifier(bus, [reader, seen.append], 0.1, loop=asyncio.get_running_loop())
        for number in range(10):
            other.send(can.Message(arbitration_id=number))
        print([(await reader.get_message()).arbitration_id for _ in range(5)])
        async for msg in reader:
            print(msg.arbitration_id)
            if msg.arbitration_id == 9:
                break
        print(len(seen))
        notifier.stop()


asyncio.run(main())
