"""Opening a bus for a loop, and what importing the library loads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

import canbus as can
from canbus import aio
from canbus.testing import FakeBus
from tests.unit.aio.support import PATIENCE, number_of, numbered, run


def test_importing_the_library_loads_no_asyncio():
    code = (
        "import sys, canbus; canbus.Bus('x', 'virtual').shutdown()\n"
        "assert 'asyncio' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


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


def test_an_open_bus_is_wrapped():
    async def main():
        plain, peer = can.Bus("aio wrap", "virtual"), can.Bus("aio wrap", "virtual")
        async with aio.Bus(plain) as bus:
            assert bus.bus is plain
            peer.send(numbered(1))
            assert number_of(await bus.recv(PATIENCE)) == 1
        assert plain._is_shutdown
        peer.shutdown()

    run(main())


@pytest.mark.parametrize("when", ["before it is open", "after"])
def test_what_was_opened_for_a_task_that_was_cancelled_is_closed_again(monkeypatch, when):
    opening, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Slow(FakeBus):
        def _close(self) -> None:
            super()._close()
            closed.set()

    def slowly(*args: Any, **kwargs: Any) -> can.BusABC:
        opening.set()
        assert go_on.wait(PATIENCE)
        return Slow()

    async def main():
        monkeypatch.setattr("canbus.interface.Bus", slowly)
        task = asyncio.ensure_future(aio.Bus("x", "fake")._opened())
        await asyncio.to_thread(opening.wait, PATIENCE)
        if when == "after":
            go_on.set()
            for thread in threading.enumerate():
                if thread.name == "canbus aio errand":
                    thread.join(PATIENCE)  # its result is on the way to the task
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        assert await asyncio.to_thread(closed.wait, PATIENCE)

    run(main())
