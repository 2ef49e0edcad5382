"""asyncio: a coroutine function answers what comes."""

import asyncio

import can


async def main():
    with can.Bus() as bus, can.Bus() as other:

        async def echo(msg):
            await asyncio.sleep(0)
            bus.send(can.Message(arbitration_id=msg.arbitration_id + 1, data=msg.data[::-1]))

        loop = asyncio.get_running_loop()
        answers = can.AsyncBufferedReader()
        echoing = can.Notifier(bus, [echo], timeout=0.1, loop=loop)
        listening = can.Notifier(other, [answers], timeout=0.1, loop=loop)
        for number in range(3):
            other.send(can.Message(arbitration_id=0x20 * number, data=[1, 2, number]))
            msg = await answers.get_message()
            print(hex(msg.arbitration_id), msg.data.hex())
        echoing.stop()
        listening.stop()


asyncio.run(main())
