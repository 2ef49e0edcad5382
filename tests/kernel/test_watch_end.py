"""What becomes of watches when their bus is shut down, and in a process that was forked."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import canbus as can
from canbus.testing.support import PATIENCE, Worker, wait_until_blocked
from tests.kernel.watching import ID, descriptors, eventually, frame, reading_threads
from tests.scale import SOAK


def test_shutdown_from_another_thread_ends_all_and_leaves_nothing(vcan: str) -> None:
    before, threads = descriptors(), reading_threads()
    for _ in range(10 * SOAK):
        bus = can.Bus(vcan, interface="socketcan")
        watches = [bus.watch(ID), bus.watch(ID), bus.watch(ID + 1, period=1)]
        reply = bus.reply_to_remote(frame())
        iterating = [Worker(lambda watch=watch: list(watch)) for watch in watches]  # type: ignore[misc]
        getting = [Worker(watch.get) for watch in watches]
        wait_until_blocked(*iterating, *getting)
        Worker(bus.shutdown).result()
        assert [worker.result() for worker in iterating] == [[], [], []]
        assert [type(worker.error()) for worker in getting] == [can.CanClosedError] * 3
        assert all(watch.done for watch in watches)
        for watch in watches:
            watch.stop()
        reply.stop()
        with pytest.raises(can.CanClosedError):
            reply.modify_data(frame())
        assert (descriptors(), reading_threads()) == (before, threads)


RACERS: list[Callable[[can.BusABC], object]] = [
    lambda bus: bus.watch(ID).stop(),
    lambda bus: bus.watch(ID, on_event=print).stop(),
    lambda bus: bus.watch(ID, period=0.001).get(0),
    lambda bus: bus.reply_to_remote(frame()).stop(),
    lambda bus: bus.reply_to_remote(frame()).modify_data(frame(b"\1")),
]


@pytest.mark.parametrize("number", range(len(RACERS)))
def test_shutdown_beside_threads_that_begin_watches(vcan: str, number: int) -> None:
    before, threads = descriptors(), reading_threads()
    for round_ in range(10 * SOAK):
        bus = can.Bus(vcan, interface="socketcan")
        together = threading.Barrier(3)

        def use(
            racer: Callable[[can.BusABC], object],
            bus: can.BusABC = bus,
            together: threading.Barrier = together,
        ) -> None:
            together.wait(PATIENCE)
            while True:
                racer(bus)

        pair = (RACERS[number], RACERS[round_ % len(RACERS)])
        workers = [Worker(lambda racer=racer, use=use: use(racer)) for racer in pair]  # type: ignore[misc]
        together.wait(PATIENCE)
        threading.Event().wait(0.001 * round_)
        bus.shutdown()
        assert {type(worker.error()) for worker in workers} == {can.CanClosedError}
        eventually(lambda: reading_threads() == threads, "the end of the threads")
    assert descriptors() == before


# -- processes ----------------------------------------------------------------------------

_FORK = """
import os, sys
import canbus as can
bus, other = (can.Bus(sys.argv[1], interface="socketcan") for _ in range(2))
watch = bus.watch(0x123)
called = []
beside = bus.watch(0x124, on_event=called.append)
reply = bus.reply_to_remote(can.Message.parse("321#AB"))
other.send(can.Message.parse("123#01"))
assert watch.get(10).message.data.hex() == "01"
pid = os.fork()
if pid == 0:
    watch.stop(); beside.stop(); reply.stop()
    bus.shutdown()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
for text in ("123#02", "124#03", "123#04"):
    other.send(can.Message.parse(text))
assert [watch.get(10).message.data.hex() for _ in range(2)] == ["02", "04"]
assert [event.message.data.hex() for event in called] == ["03"]
other.send(can.Message.parse("321#R"))
assert other.recv(10).data.hex() == "ab"
bus.shutdown(), other.shutdown()
print("unharmed")
"""


def test_a_forked_child_leaves_the_watches_of_its_parent_alone(vcan: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FORK, vcan], capture_output=True, text=True, timeout=100
    )
    assert done.stdout == "unharmed\n", done.stderr
