"""Lifetime of a virtual bus: forks, tasks, long waits, failed opening, and being forgotten."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from canbus.backends.virtual import bus as virtual
from canbus.backends.virtual.bus import VirtualBus
from canbus.errors import CanClosedError, CanConfigError, CanTxQueueFullError
from canbus.filters import CanFilter
from canbus.message import Message
from canbus.periodic import CyclicSendTask
from canbus.testing import FakeBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    wait_until_blocked,
)

LONG = [3e6, 1e12, 1e300, float("inf")]


def _run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, timeout=60
    )


# -- fork ---------------------------------------------------------------------------------

_FORK = """
import os, sys, time
import canbus as can
bus, other = (can.Bus("fork", interface="virtual") for _ in range(2))
bus.fileno()
pid = os.fork()
if pid == 0:
    {child}
assert os.waitpid(pid, 0)[1] == 0
for _ in range(2):
    started = time.monotonic()
    assert bus.recv(0.5) is None
    assert 0.5 <= time.monotonic() - started < 10
other.send(can.Message(arbitration_id=1))
assert bus.recv(10).arbitration_id == 1
bus.shutdown(), other.shutdown()
print("unharmed")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() on this system")
@pytest.mark.parametrize("child", ["bus.shutdown(); os._exit(0)", "sys.exit(0)"])
def test_a_forked_child_leaves_the_bus_of_its_parent_alone(child: str) -> None:
    done = _run(_FORK.format(child=child))
    assert done.stdout == "unharmed\n", done.stderr


# -- cyclic tasks -------------------------------------------------------------------------


def test_a_task_can_be_started_as_soon_as_its_last_frame_was_received() -> None:
    with VirtualBus("again") as sender, VirtualBus("again") as receiver:
        task = sender.send_periodic(numbered(1), 0.001, duration=0.001, autostart=False)
        assert task.count == 1
        for _ in range(300):
            task.start()
            receive(receiver)
        task.stop()
        assert receiver.recv(0) is None


def test_a_task_of_two_frames_can_be_started_as_soon_as_the_second_was_received() -> None:
    with VirtualBus("again") as sender, VirtualBus("again") as receiver:
        task = sender.send_periodic([numbered(1), numbered(2)], 0.0005, duration=0.001)
        for _ in range(100):
            assert [number_of(receive(receiver)) for _ in range(2)] == [1, 2]
            task.start()
        task.stop()


def test_stop_ends_a_start_that_waits_for_the_last_frame() -> None:
    bus = FakeBus()
    bus.send_error = CanTxQueueFullError("full")
    task = bus.send_periodic(numbered(1), 100, duration=100)
    starting = Worker(task.start)
    starting.thread.join(0.2)  # it may wait, or return at once
    stopping = Worker(task.stop)
    stopping.thread.join(PATIENCE)
    hangs = stopping.thread.is_alive()
    bus.send_error = None
    starting.finish()
    bus.shutdown()
    assert not hangs


def test_a_task_cannot_be_started_after_shutdown() -> None:
    bus = VirtualBus("over")
    ended = bus.send_periodic(numbered(1), 0.001, duration=0.001)
    fresh = bus.send_periodic(numbered(1), 0.001, autostart=False)
    assert ended.wait(PATIENCE)
    bus.shutdown()
    for task in (ended, fresh):
        with pytest.raises(CanClosedError, match="over"):
            task.start()
        assert task.wait(0)


def _show(task: CyclicSendTask) -> object:
    return repr(task)


def _wait(task: CyclicSendTask) -> object:
    return task.wait()


def _wait_a_while(task: CyclicSendTask) -> object:
    return task.wait(1)


def _start(task: CyclicSendTask) -> object:
    return task.start()


@pytest.mark.parametrize(
    ("use", "answer"), [(_show, "running"), (_wait, False), (_wait_a_while, False), (_start, None)]
)
def test_a_task_may_be_asked_in_its_own_callback(
    use: Callable[[CyclicSendTask], object], answer: object
) -> None:
    ready = threading.Event()
    answers: list[object] = []

    def callback(msg: Message) -> None:
        ready.wait(PATIENCE)
        answers.append(use(task))

    with VirtualBus("ask") as sender, VirtualBus("ask") as receiver:
        task = sender.send_periodic(numbered(1), 0.001, duration=0.003, modifier_callback=callback)
        ready.set()
        for _ in range(3):
            receive(receiver)
        assert task.wait(PATIENCE)
        assert task.error is None
        assert receiver.recv(0) is None
    assert len(answers) == 3
    for found in answers:
        assert found == answer or (isinstance(found, str) and str(answer) in found)


@pytest.mark.parametrize("timeout", LONG)
def test_the_end_of_a_task_can_be_waited_for_beyond_all_time(timeout: float) -> None:
    with FakeBus() as bus:
        task = bus.send_periodic(numbered(1), 100)
        waiting = Worker(lambda: task.wait(timeout))
        waiting.thread.join(0.2)
        task.stop()
        assert waiting.result() is True


def test_shutdown_closes_before_it_waits_for_a_callback_that_blocks() -> None:
    inside, leave = threading.Event(), threading.Event()

    def callback(msg: Message) -> None:
        inside.set()
        leave.wait(PATIENCE)

    bus = VirtualBus("stuck")
    readers = [Worker(lambda: bus.recv(None)) for _ in range(4)]
    task = bus.send_periodic(numbered(1), 0.001, modifier_callback=callback)
    assert inside.wait(PATIENCE)
    wait_until_blocked(*readers)
    closing = Worker(bus.shutdown)
    try:
        assert all(isinstance(reader.error(), CanClosedError) for reader in readers)
        with pytest.raises(CanClosedError):
            bus.recv(0)
        with VirtualBus("stuck") as other:
            assert len(virtual._wires["stuck"]) == 1
            assert other.recv(0) is None
        assert task.wait(0)
    finally:
        leave.set()
    closing.result()
    assert task.wait(0)
    assert task.error is None


# -- long timeouts ------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", LONG)
def test_recv_waits_beyond_all_time_and_a_frame_ends_it(timeout: float) -> None:
    with VirtualBus("long") as sender, VirtualBus("long") as bus:
        bus.set_filters([CanFilter(0x123, 0x7FF, extended=False)])
        reader = Worker(lambda: bus.recv(timeout))
        wait_until_blocked(reader)
        sender.send(numbered(1, 0x100))  # waits again, with what is left of the time
        sender.send(numbered(2))
        assert bytes(reader.result().data) == bytes(numbered(2).data)


# -- constructors that fail, buses that are forgotten -------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"can_filters": [{"can_id": -1, "can_mask": 0}]},
        {"can_filters": 7},
        {"rx_queue_size": -1},
        {"channel": []},
    ],
)
def test_a_constructor_that_fails_leaves_nothing(options: dict[str, Any]) -> None:
    before = dict(virtual._wires)
    with pytest.raises((CanConfigError, TypeError)):
        VirtualBus(**({"channel": "failed"} | options))
    gc.collect()  # a ResourceWarning would fail the test
    assert virtual._wires == before


def _forget(things: list[Any]) -> None:
    things.clear()
    gc.collect()


def test_a_forgotten_bus_is_not_kept_in_memory() -> None:
    buses = [VirtualBus("forgotten") for _ in range(3)]
    buses[0].send(Message(data=bytes(8)))
    references = [weakref.ref(bus) for bus in buses]
    with pytest.warns(ResourceWarning, match="forgotten") as caught:
        _forget(buses)
    assert len(caught) == 3
    del caught  # each warning holds its source
    assert [reference() for reference in references] == [None] * 3
    assert "forgotten" not in virtual._wires


def test_a_forgotten_bus_with_a_task_lives_until_the_task_has_ended() -> None:
    with VirtualBus("orphan") as receiver:
        bus = VirtualBus("orphan")
        leave = threading.Event()

        def callback(msg: Message) -> None:
            leave.wait(PATIENCE)

        task = bus.send_periodic(numbered(1), 0.001, duration=0.002, modifier_callback=callback)
        reference = weakref.ref(bus)
        del bus
        leave.set()
        receive(receiver)
        receive(receiver)
        assert task.wait(PATIENCE)
        last = [task]
        del task
        with pytest.warns(ResourceWarning, match="orphan"):
            _forget(last)
        assert reference() is None


def test_a_bus_may_be_forgotten_while_another_thread_sends() -> None:
    """The garbage collector may find it in the middle of a recv() of another bus."""
    sender, bus = VirtualBus("busy"), VirtualBus("busy")
    forgotten = [VirtualBus("elsewhere")]
    sending: list[Worker[None]] = []

    class Queue(deque[Message]):
        """A collection starts where the queue is looked at."""

        def __len__(self) -> int:
            if not sending:
                sending.append(Worker(lambda: sender.send(numbered(1))))
                wait_until_blocked(*sending)
                forgotten.clear()
            return super().__len__()

    bus._queue = Queue()
    reader = Worker(lambda: bus.recv(0))
    with pytest.warns(ResourceWarning, match="elsewhere"):
        reader.finish()
    reader.result()
    sending[0].result()
    bus.shutdown()
    sender.shutdown()


@pytest.mark.parametrize("options", [(), ("-W", "error"), ("-W", "always"), ("-X", "dev")])
def test_a_forgotten_bus_is_closed_whatever_becomes_of_the_warning(
    options: tuple[str, ...],
) -> None:
    done = _run(
        "import gc, canbus as can\n"
        "from canbus.backends.virtual import bus as virtual\n"
        "bus = can.Bus('left', interface='virtual')\n"
        "readiness = bus.fileno()\n"
        "del bus\n"
        "gc.collect()\n"
        "import os\n"
        "try:\n"
        "    os.fstat(readiness)\n"
        "except OSError:\n"
        "    print('closed', dict(virtual._wires))\n",
        *options,
    )
    assert done.stdout == "closed {}\n"
    assert ("ResourceWarning" in done.stderr) is bool(options)
    assert done.stderr.count("was not shut down") == len(options[:1])
