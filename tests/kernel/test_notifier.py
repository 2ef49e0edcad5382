"""Notifiers through real interfaces: full rate, down and up, gone and back, nothing leaked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from time import monotonic

import pytest

import canbus as can
from canbus.links import create_vcan, delete_link, set_down, set_up
from canbus.testing.support import (
    PATIENCE,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)
from tests.kernel.conftest import OpenBus
from tests.kernel.watching import descriptors, eventually
from tests.scale import SOAK
from tests.unit.notifier.listening import Failing, Recorder, send

MANY = 6000 * SOAK
WINDOW = 200
"""Frames on their way: as many as any receive buffer holds, so that none may be lost."""


def flood(sender: can.BusABC, last: Recorder, count: int) -> None:
    """Send so many numbered frames, as fast as the last listener gets them."""
    for start in range(0, count, WINDOW // 2):
        sender.send_many([numbered(number) for number in range(start, start + WINDOW // 2)])
        last.wait_for(frames=max(0, start - WINDOW // 2))
    last.wait_for(frames=count)


def test_many_listeners_at_full_rate_get_exactly_the_frames(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    rows: list[list[can.Message]] = [[] for _ in range(20)]
    failing, keeps, last = Failing(LookupError("no signal")), can.BufferedReader(), Recorder()
    visits = 0

    def changes_the_list(msg: can.Message) -> None:
        nonlocal visits
        visits += 1
        guest = can.BufferedReader()
        notifier.add_listener(guest)
        notifier.remove_listener(guest)

    appending = [row.append for row in rows]
    with can.Notifier(
        bus, [failing, *appending[:10], changes_the_list, keeps, *appending[10:], last]
    ) as notifier:
        flood(other, last, MANY)
        assert notifier.lost == 0
        assert bus.statistics.rx_dropped == 0
    expected = list(range(MANY))
    for row in rows:
        assert [number_of(msg) for msg in row] == expected
    kept = iter(lambda: keeps.get_message(0), None)
    assert [number_of(msg) for msg in kept if msg] == expected
    assert failing.numbers == last.numbers == expected
    assert len(failing.errors) == visits == MANY
    assert last.errors == []


def test_in_a_loop_at_full_rate(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    last, reader = Recorder(), can.AsyncBufferedReader()
    awaited: list[int] = []

    async def coroutine(msg: can.Message) -> None:
        awaited.append(number_of(msg))

    async def take() -> list[int]:
        return [number_of(msg) async for msg in reader]

    async def body() -> list[int]:
        loop = asyncio.get_running_loop()
        taking = asyncio.create_task(take())
        notifier = can.Notifier(bus, [coroutine, reader, last], loop=loop)
        await loop.run_in_executor(None, flood, other, last, MANY)
        notifier.stop()
        taken = await taking
        while len(awaited) < MANY:
            await asyncio.sleep(0)
        return taken

    taken = asyncio.run(asyncio.wait_for(body(), PATIENCE * 6))
    assert taken == awaited == last.numbers == list(range(MANY))
    assert last.threads == {threading.current_thread()}


def test_a_link_that_goes_down_is_told_and_survived(vcan: str, open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    recorder, reader = Recorder(), can.BufferedReader()
    with can.Notifier(bus, [recorder, reader]) as notifier:
        for round_ in range(3):
            set_down(vcan)
            recorder.wait_for(errors=round_ + 1)
            assert isinstance(notifier.exception, can.CanLinkDownError)
            set_up(vcan)
            send(other, range(round_ * 10, round_ * 10 + 10))
            recorder.wait_for(frames=round_ * 10 + 10)
        assert not notifier.stopped
    assert recorder.numbers == list(range(30))
    # Who looks just when the flag is down already sees it, and then the kernel tells.
    assert 3 <= len(recorder.errors) <= 6
    assert {type(each) for each in recorder.errors} == {can.CanLinkDownError}
    assert len(recorder.threads) == 1
    assert reader.buffer.qsize() == 30


def test_a_link_that_goes_down_is_told_in_a_loop(vcan: str, open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    reader = can.AsyncBufferedReader()

    async def body() -> None:
        with can.Notifier(bus, [reader], loop=asyncio.get_running_loop()):
            taking = asyncio.create_task(reader.get_message())
            await asyncio.sleep(0)
            set_down(vcan)
            with pytest.raises(can.CanLinkDownError):
                await taking
            set_up(vcan)
            other.send(numbered(7))
            assert number_of(await reader.get_message()) == 7

    asyncio.run(asyncio.wait_for(body(), PATIENCE))


def test_a_link_that_is_gone_and_back(open_bus: OpenBus) -> None:
    create_vcan("gone0")
    bus, other = open_bus("gone0"), open_bus("gone0")
    recorder = Recorder()
    notifier = can.Notifier(bus, [recorder])
    send(other, [1])
    recorder.wait_for(frames=1)
    delete_link("gone0")
    recorder.wait_for(errors=1)
    eventually(lambda: isinstance(recorder.errors[-1], can.CanChannelNotFoundError), "the end")
    create_vcan("gone0")
    try:
        bus.reopen()
        other.reopen()
        send(other, [2])
        recorder.wait_for(frames=2)
        before = len(recorder.errors)
        delete_link("gone0")
        recorder.wait_for(errors=before + 1)
    finally:
        notifier.stop()
    assert recorder.numbers == [1, 2]
    assert recorder.stops == 1


def test_nothing_is_left_of_notifiers(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    can.Notifier(bus, []).stop()  # what a bus keeps once it had one
    before = descriptors(), threading.active_count()
    for number in range(50):
        recorder = Recorder()
        with can.Notifier(bus, [recorder]):
            send(other, [number])
            recorder.wait_for(frames=1)
        assert recorder.numbers == [number]
    eventually(lambda: (descriptors(), threading.active_count()) == before, "the end")
    send(other, [99])  # and the bus is read as before
    assert number_of(receive(bus)) == 99


def test_filters_are_those_of_the_bus(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    recorder = Recorder()
    bus.set_filters([can.CanFilter(0x100, 0x7FF, extended=False)])
    with can.Notifier(bus, [recorder]):
        for wanted in (0x100, 0x200):
            bus.set_filters([can.CanFilter(wanted, 0x7FF, extended=False)])
            other.send(numbered(1, 0x100))
            other.send(numbered(2, 0x200))
            recorder.wait_for(frames=wanted // 0x100)
    assert recorder.numbers == [1, 2]


def test_who_reads_the_bus_beside_a_notifier_gets_all_too(open_bus: OpenBus) -> None:
    bus, other = open_bus(), open_bus()
    recorder = Recorder()
    with can.Notifier(bus, [recorder]):
        assert bus.recv(0) is None
        send(other, range(100))
        send_marker(other)
        assert [number_of(msg) for msg in receive_until_marker(bus)] == list(range(100))
        recorder.wait_for(frames=101)
    assert recorder.numbers[:100] == list(range(100))


def test_redirect_to_a_full_queue_waits_once(
    open_bus: OpenBus, full_queue: Callable[[], None]
) -> None:
    redirect, other = can.RedirectReader(open_bus(), timeout=0.2), open_bus()
    taken = 0
    while True:
        try:
            redirect(numbered(taken))
        except can.CanTxQueueFullError:
            break
        taken += 1
    before = monotonic()
    for _ in range(20):
        with pytest.raises(can.CanTxQueueFullError):
            redirect(numbered(taken))
    assert monotonic() - before < 20 * 0.2
    full_queue()
    eventually(lambda: _is_taken(redirect, taken), "room in the queue")
    assert [number_of(receive(other)) for _ in range(taken + 1)] == list(range(taken + 1))


def _is_taken(redirect: can.RedirectReader, number: int) -> bool:
    try:
        redirect(numbered(number))
    except can.CanTxQueueFullError:
        return False
    return True
