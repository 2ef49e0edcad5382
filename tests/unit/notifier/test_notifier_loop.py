"""notifier: with loop=, listeners are called in the loop's thread, and coroutines awaited."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable

import pytest

import canbus as can
from canbus.listening.pump import MOST_AT_ONCE
from canbus.testing.support import PATIENCE, Worker, number_of
from tests.unit.notifier.listening import Failing, Recorder, send

Body = Callable[[asyncio.AbstractEventLoop], Awaitable[None]]


def run(body: Body) -> None:
    """Run it in a loop of its own, with a limit."""

    async def limited() -> None:
        async with asyncio.timeout(PATIENCE):
            await body(asyncio.get_running_loop())

    asyncio.run(limited())


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def test_listeners_are_called_in_the_thread_of_the_loop(bus: can.BusABC, other: can.BusABC) -> None:
    recorder = Recorder()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        with can.Notifier(bus, [recorder], loop=loop) as notifier:
            send(other, range(300))
            await until(lambda: len(recorder.numbers) == 300)
            assert notifier.lost == 0

    run(body)
    assert recorder.numbers == list(range(300))
    assert recorder.threads == {threading.current_thread()}
    assert recorder.stops == 1


def test_coroutine_functions_are_listeners_and_their_tasks_are_kept(
    bus: can.BusABC, other: can.BusABC
) -> None:
    numbers: list[int] = []
    waited_for: list[weakref.ref[asyncio.Future[None]]] = []

    class Quick(can.Listener):
        async def on_message_received(self, msg: can.Message) -> None:
            await asyncio.sleep(0)
            numbers.append(-number_of(msg))

    async def slow(msg: can.Message) -> None:
        # Known to nobody but its task, which the loop refers to weakly (asyncio.create_task).
        future = asyncio.get_running_loop().create_future()
        waited_for.append(weakref.ref(future))
        await future
        numbers.append(number_of(msg))

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        with can.Notifier(bus, [slow, Quick()], loop=loop):
            send(other, range(1, 6))
            await until(lambda: len(waited_for) == len(numbers) == 5)
            gc.collect()
            for reference in waited_for:
                future = reference()
                assert future is not None, "the task is gone"
                future.set_result(None)
            await until(lambda: len(numbers) == 10)

    run(body)
    assert sorted(numbers) == [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]


def test_errors_of_listeners_and_of_their_coroutines_are_told(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    failing, last = Failing(LookupError("no signal")), Recorder()

    async def fails(msg: can.Message) -> None:
        await asyncio.sleep(0)
        raise ZeroDivisionError(f"frame {number_of(msg)}")

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        with can.Notifier(bus, [failing, fails, last], loop=loop) as notifier:
            send(other, range(3))
            await until(lambda: len(last.numbers) == 3 and "frame 0" in caplog.text)
            assert isinstance(notifier.exception, ZeroDivisionError)

    with caplog.at_level(logging.ERROR, logger="canbus"):
        run(body)
    assert failing.errors == [failing.error] * 3
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [ZeroDivisionError]


def test_a_task_that_is_cancelled_is_no_error(bus: can.BusABC, other: can.BusABC) -> None:
    tasks: list[asyncio.Task[None] | None] = []

    async def waits(msg: can.Message) -> None:
        tasks.append(asyncio.current_task())
        await asyncio.Event().wait()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        with can.Notifier(bus, [waits], loop=loop) as notifier:
            send(other, [1])
            await until(lambda: tasks)
            assert tasks[0] is not None
            tasks[0].cancel()
            await until(lambda: tasks[0] is not None and tasks[0].done())
            await asyncio.sleep(0)
            assert notifier.exception is None

    run(body)


def test_a_loop_that_has_other_work_gets_to_it(bus: can.BusABC, other: can.BusABC) -> None:
    most = 0
    since = 0

    def count(msg: can.Message) -> None:
        nonlocal since
        since += 1

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        nonlocal most, since
        send(other, range(1000))
        total = 0
        with can.Notifier(bus, [count], loop=loop):
            while total < 1000:
                await asyncio.sleep(0)
                most = max(most, since)
                total += since
                since = 0

    run(body)
    assert 0 < most <= MOST_AT_ONCE


def test_stop_in_the_loop_hands_out_what_was_read(bus: can.BusABC, other: can.BusABC) -> None:
    recorder = Recorder()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        notifier = can.Notifier(bus, [recorder], loop=loop)
        send(other, range(200))
        notifier.stop()  # before the loop had a turn
        assert (notifier.stopped, recorder.stops) == (True, 1)
        assert notifier.lost == 0

    run(body)
    left = [number_of(msg) for msg in bus.recv_many(200, 0)]
    assert recorder.numbers + left == list(range(200))


def test_stop_in_another_thread_waits_for_the_loop(bus: can.BusABC, other: can.BusABC) -> None:
    recorder = Recorder()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        notifier = can.Notifier(bus, [recorder], loop=loop)
        send(other, range(200))
        await loop.run_in_executor(None, notifier.stop)
        assert recorder.stops == 1

    run(body)
    left = [number_of(msg) for msg in bus.recv_many(200, 0)]
    assert recorder.numbers + left == list(range(200))
    assert recorder.threads <= {threading.current_thread()}


def test_stop_by_a_listener_in_the_loop(bus: can.BusABC, other: can.BusABC) -> None:
    last = Recorder()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        notifier = can.Notifier(bus, [lambda msg: notifier.stop(), last], loop=loop)
        send(other, range(10))
        await until(lambda: last.stops)
        notifier.stop()

    run(body)
    assert (last.numbers, last.stops) == ([0], 1)


def test_stop_by_a_coroutine_of_a_listener(bus: can.BusABC, other: can.BusABC) -> None:
    last = Recorder()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        async def stop(msg: can.Message) -> None:
            notifier.stop()

        notifier = can.Notifier(bus, [stop, last], loop=loop)
        send(other, [1])
        await until(lambda: last.stops)
        assert notifier.exception is None

    run(body)
    assert (last.numbers, last.stops) == ([1], 1)


def test_the_bus_goes_while_the_loop_runs(bus: can.BusABC) -> None:
    recorder = Recorder()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        notifier = can.Notifier(bus, [recorder], loop=loop)
        bus.shutdown()
        await until(lambda: recorder.stops)
        assert notifier.stopped

    run(body)
    assert [type(each) for each in recorder.errors] == [can.CanClosedError]


def test_a_loop_that_has_ended_ends_it(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder()
    notifiers: list[can.Notifier] = []

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        notifiers.append(can.Notifier(bus, [recorder], loop=loop))

    run(body)
    send(other, [1])
    recorder.wait_for(stops=1)
    notifiers[0].stop()
    assert recorder.numbers == []
    assert notifiers[0].lost == 1
    assert "the event loop is closed" in caplog.text
    assert can.Notifier.find_instances(bus) == ()
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(can.CanConfigError, match="closed"):
        can.Notifier(bus, [], loop=loop)


def test_a_loop_that_does_not_run_yet_or_any_more(bus: can.BusABC, other: can.BusABC) -> None:
    recorder = Recorder()
    loop = asyncio.new_event_loop()
    try:
        notifier = can.Notifier(bus, [recorder], loop=loop)
        send(other, range(5))
        loop.run_until_complete(until(lambda: len(recorder.numbers) == 5))
        send(other, range(5, 10))
        notifier.stop()
    finally:
        loop.close()
    left = [number_of(msg) for msg in bus.recv_many(200, 0)]
    assert recorder.numbers + left == list(range(10))
    assert recorder.stops == 1


def test_ctrl_c_in_a_listener_is_not_swallowed(bus: can.BusABC, other: can.BusABC) -> None:
    pressed, last = Failing(KeyboardInterrupt()), Recorder()
    loop = asyncio.new_event_loop()
    try:
        notifier = can.Notifier(bus, [pressed, last], loop=loop)
        send(other, [1])
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(asyncio.sleep(PATIENCE))
        notifier.remove_listener(pressed)
        send(other, [2])
        loop.run_until_complete(until(lambda: last.numbers))
        notifier.stop()
    finally:
        loop.close()
    assert last.numbers == [2]


def test_a_coroutine_without_a_loop_is_an_error_of_its_listener(
    bus: can.BusABC, other: can.BusABC, caplog: pytest.LogCaptureFixture
) -> None:
    async def nobody_awaits(msg: can.Message) -> None:
        """Never run."""

    last = Recorder()
    with can.Notifier(bus, [lambda msg: nobody_awaits(msg), last]) as notifier:
        send(other, [1])
        last.wait_for(frames=1)
    assert isinstance(notifier.exception, can.CanConfigError)
    assert "which nobody awaits" in caplog.text


def test_a_stop_from_a_thread_that_the_loop_waits_for_ends_in_time(
    bus: can.BusABC, other: can.BusABC
) -> None:
    recorder = Recorder()

    async def body(loop: asyncio.AbstractEventLoop) -> None:
        notifier = can.Notifier(bus, [recorder], loop=loop)
        Worker(lambda: notifier.stop(timeout=0.01)).result()  # holds up the loop
        assert recorder.stops == 1
        notifier.stop()

    run(body)
