"""Everything that can be done with a bus, each as one function to break something under.

An operation gets an adapter with an open bus, and `break_it`, which it calls at the moment at
which things shall go wrong. What it returns is "ok", or says in a word what came instead.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import Any

import canbus as can
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked

Operation = Callable[[SlcanEmulator, Any, Callable[[], object]], object]

SHORT = 0.2  # seconds that a call may wait where it waits for what does not come
LONG = 2.5  # seconds: more than any time limit of the backend
WINDOW = 8
FRAME = can.Message(arbitration_id=0x123, is_extended_id=False, data=b"\x01")


def _arrive(adapter: SlcanEmulator) -> None:
    with suppress(can.CanClosedError):
        adapter.arrive("321#01")


def recv(adapter, bus, break_it):
    break_it()
    _arrive(adapter)
    return "ok" if bus.recv(SHORT * 2) else "none"


def recv_now(adapter, bus, break_it):
    break_it()
    bus.recv(0)
    return "ok"


def recv_blocked(adapter, bus, break_it):
    waiting = Worker(lambda: bus.recv(LONG))
    wait_until_blocked(waiting)
    break_it()
    _arrive(adapter)
    return "ok" if waiting.result() else "none"


def iterate(adapter, bus, break_it):
    _arrive(adapter)
    assert next(iter(bus)).arbitration_id == 0x321
    waiting = Worker(lambda: next(iter(bus)))
    wait_until_blocked(waiting)
    break_it()
    _arrive(adapter)
    waiting.thread.join(SHORT * 2)
    if not waiting.thread.is_alive():
        return "ok" if waiting.result() else "none"
    bus.shutdown()
    assert isinstance(waiting.error(), can.CanClosedError | StopIteration)
    return "none"


def send(adapter, bus, break_it):
    break_it()
    bus.send(FRAME, timeout=LONG)
    return "ok"


def send_until_told(adapter, bus, break_it):
    """Until an error comes, or the window has certainly been used up."""
    break_it()
    for _ in range(3 * WINDOW):
        bus.send(FRAME, timeout=LONG)
    return "ok"


def send_at_once(adapter, bus, break_it):
    """The same without waiting, as a cyclic task does."""
    break_it()
    for _ in range(3 * WINDOW):
        bus.send(FRAME, timeout=0)
    return "ok"


def send_many(adapter, bus, break_it):
    break_it()
    bus.send_many([FRAME] * 3 * WINDOW, timeout=LONG)
    return "ok"


def confirm(adapter, bus, break_it):
    break_it()
    bus.send(FRAME, confirm=True, timeout=LONG)
    return "ok"


def confirm_briefly(adapter, bus, break_it):
    break_it()
    bus.send(FRAME, confirm=True, timeout=SHORT)
    return "ok"


def can_state(adapter, bus, break_it):
    break_it()
    return "ok" if bus.can_state is can.CanState.ERROR_ACTIVE else "none"


def get_version(adapter, bus, break_it):
    break_it()
    return "ok" if bus.get_version(SHORT) == (10, 13) else "none"


def get_serial_number(adapter, bus, break_it):
    break_it()
    return "ok" if bus.get_serial_number(SHORT) == "A123" else "none"


def set_bitrate(adapter, bus, break_it):
    break_it()
    bus.set_bitrate(250_000)
    return "ok"


def set_bitrate_reg(adapter, bus, break_it):
    break_it()
    bus.set_bitrate_reg("011C")
    return "ok"


def close_channel(adapter, bus, break_it):
    break_it()
    bus.close()
    return "ok"


def open_channel(adapter, bus, break_it):
    bus.close()
    break_it()
    bus.open()
    return "ok"


def restart(adapter, bus, break_it):
    break_it()
    bus.restart()
    return "ok"


def reopen(adapter, bus, break_it):
    break_it()
    bus.reopen()
    return "ok"


def cyclic(adapter, bus, break_it):
    """A task that ends with the first error."""
    errors: list[BaseException] = []
    over = Event()

    def stop(error):
        errors.append(error)
        over.set()
        return False

    task = bus.send_periodic(FRAME, 0.002, on_error=stop)
    adapter.wait_for_sent(2)
    break_it()
    enough = len(adapter.sent) + 5 * WINDOW
    deadline = monotonic() + PATIENCE
    while not over.wait(0.02) and len(adapter.sent) < enough:
        assert monotonic() < deadline, "neither frames nor an error"
    task.stop()
    if errors:
        raise errors[0]
    return "ok"


def select_fileno(adapter, bus, break_it):
    fd = bus.fileno()
    break_it()
    _arrive(adapter)
    ready, _, _ = select.select([fd], [], [], SHORT * 2)
    return "none" if not ready else "ok" if bus.recv(SHORT) else "none"


def add_reader(adapter, bus, break_it):
    async def wait() -> object:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[object] = loop.create_future()

        def look() -> None:
            if not came.done():
                try:
                    msg = bus.recv(0)
                except can.CanError as exc:
                    came.set_exception(exc)
                else:
                    if msg is not None:
                        came.set_result("ok")

        loop.add_reader(bus.fileno(), look)
        try:
            break_it()
            _arrive(adapter)
            return await asyncio.wait_for(came, SHORT * 2)
        except TimeoutError:
            return "none"
        finally:
            loop.remove_reader(bus.fileno())

    return asyncio.run(wait())


def statistics(adapter, bus, break_it):
    break_it()
    assert bus.statistics.rx_malformed >= 0
    return "ok"


def shutdown(adapter, bus, break_it):
    waiting = Worker(lambda: bus.recv(None))
    wait_until_blocked(waiting)
    break_it()
    bus.shutdown()
    error = waiting.error()
    assert isinstance(error, can.CanClosedError | can.CanChannelNotFoundError), error
    return "ok"


OPERATIONS: dict[str, Operation] = {
    each.__name__: each
    for each in (
        recv,
        recv_now,
        recv_blocked,
        iterate,
        send,
        send_until_told,
        send_at_once,
        send_many,
        confirm,
        confirm_briefly,
        can_state,
        get_version,
        get_serial_number,
        set_bitrate,
        set_bitrate_reg,
        close_channel,
        open_channel,
        restart,
        reopen,
        cyclic,
        select_fileno,
        add_reader,
        statistics,
        shutdown,
    )
}
