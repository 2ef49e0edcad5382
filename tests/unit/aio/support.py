"""Pairs of buses for tests of the asyncio face, and running a coroutine. No tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import count
from typing import TYPE_CHECKING, Any

import canbus as can
from canbus.aio import AsyncBus

if TYPE_CHECKING:
    import pytest

PATIENCE = 10.0
_numbers = count()


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """In a loop of its own, with a limit; nothing may be left running in it."""

    async def limited() -> Any:
        result = await asyncio.wait_for(coroutine, PATIENCE)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    return asyncio.run(limited())


def pair(**options: Any) -> tuple[AsyncBus, can.BusABC]:
    """A bus to be awaited, and a peer; on a wire of their own."""
    channel = f"aio-{next(_numbers)}"
    bus: can.BusABC = can.Bus(channel, interface="virtual", **options)
    return AsyncBus(bus), can.Bus(channel, interface="virtual", fd=True)


def numbered(number: int) -> can.Message:
    return can.Message(arbitration_id=1, data=number.to_bytes(4, "big"))


def number_of(msg: can.Message | None) -> int:
    assert msg is not None
    return int.from_bytes(msg.data, "big")


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
