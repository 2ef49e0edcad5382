"""The asyncio face of a bus: ``async with aio.Bus("can0", "socketcan") as bus``.

    from canbus import aio

    async with aio.Bus("can0", interface="socketcan") as bus:
        await bus.send(msg)
        async for msg in bus:
            print(msg)

Policy and backends are those of `canbus.Bus`; what is here is only how to wait for them in an
event loop: arrivals.py for frames, sending.py for room, errands.py for what only
a thread can do.
"""

from __future__ import annotations

from canbus.aio.bus import AsyncBus
from canbus.aio.opening import Bus
from canbus.aio.sending import frames_sent
from canbus.aio.subscription import AsyncSubscription
from canbus.aio.watch import AsyncWatch

__all__ = ["AsyncBus", "AsyncSubscription", "AsyncWatch", "Bus", "frames_sent"]
