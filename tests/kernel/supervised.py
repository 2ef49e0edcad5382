"""Rounds in which a supervised bus on an interface loses it, and has it back. No test here.

Each round sees to it that the gap is told once and with right bounds, that everything on the bus
goes on, and that nothing of before is sent after it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import canbus as can
from canbus.supervision import SupervisedBus
from canbus.testing.support import PATIENCE, Worker, number_of, numbered, receive

WANTED, SUBSCRIBED, WATCHED, REPLIED, UNWANTED = 0x10, 0x20, 0x30, 0x40, 0x50
FRESH, STALE, DELAYED, KERNEL_TASK, THREAD_TASK = 0x60, 0x61, 0x62, 0x70, 0x71
SENT = {FRESH, DELAYED, KERNEL_TASK, THREAD_TASK, REPLIED}
POLICY = can.ReconnectPolicy(first_delay=0.02, max_delay=0.1)

OpenWitness = Callable[[], can.BusABC]


class Rounds:
    """A supervised bus with everything on it that should outlive a gap.

    Args:
        name: of the interface.
        bus: on it; its filter is WANTED.
    """

    def __init__(self, name: str, bus: SupervisedBus) -> None:
        self.name = name
        self.bus = bus
        self.number = 0
        self.frames = bus.subscribe([can.CanFilter(SUBSCRIBED, 0x7FF)])
        self.watch = bus.watch(WATCHED)
        bus.reply_to_remote(numbered(0, REPLIED))
        self.tasks = [
            bus.send_periodic(numbered(1, KERNEL_TASK), 0.01),
            bus.send_periodic(numbered(1, THREAD_TASK), 0.01, engine="thread"),
        ]
        assert self.tasks[0].engine == "bcm"

    def round(
        self,
        lose: Callable[[], object],
        come_back: Callable[[OpenWitness], can.BusABC],
        cause: can.GapCause,
    ) -> None:
        """Lose the channel and have it back.

        Args:
            lose: what makes it go.
            come_back: what brings it back; it opens a witness before the first frame can pass.
            cause: that is to be told.
        """
        self.number += 1
        number, bus = self.number, self.bus
        before = time.time_ns()
        lose()
        until(lambda: bus.gap is not None, "nobody noticed")
        noticed = time.time_ns()
        assert bus.recv(0) is None
        with pytest.raises(can.CanLinkDownError, match="nothing was sent"):
            bus.send(numbered(number, STALE), timeout=0)
        waiting = Worker(lambda: bus.send(numbered(number, DELAYED)))
        back = time.time_ns()
        witness = come_back(lambda: can.Bus(self.name, interface="socketcan"))
        try:
            gap = bus.gaps.get(PATIENCE)
            assert gap is not None, f"{cause} is not over, after {bus.gap}"
            over = time.time_ns()
            assert (gap.cause, gap.channel) == (cause, self.name)
            assert before <= gap.from_ns <= noticed
            assert gap.to_ns is not None
            assert back <= gap.to_ns <= over
            waiting.result()
            self.all_goes_on(witness)
        finally:
            witness.shutdown()
        assert bus.gap is None
        assert len(bus.gaps) == 0

    def all_goes_on(self, witness: can.BusABC) -> None:
        """Each part of the bus does its work, and nothing is sent but what should be."""
        number, bus = self.number, self.bus
        bus.send(numbered(number, FRESH))
        for arbitration_id in (UNWANTED, WANTED, SUBSCRIBED, WATCHED):
            witness.send(numbered(number, arbitration_id))
        remote = can.Message(arbitration_id=REPLIED, is_extended_id=False, is_remote_frame=True)
        witness.send(remote)
        seen: set[int] = set()
        while seen != SENT:
            msg = receive(witness)
            if msg.is_error_frame or msg.is_remote_frame:
                continue
            assert msg.arbitration_id in SENT, f"{msg} was sent"
            if msg.arbitration_id in {FRESH, DELAYED}:
                assert number_of(msg) == number
            seen.add(msg.arbitration_id)
        assert not any(task.done for task in self.tasks)
        for source, arbitration_id in ((bus, WANTED), (self.frames, SUBSCRIBED)):
            got = data_frame(source.recv)
            assert (got.arbitration_id, number_of(got)) == (arbitration_id, number)
        event = self.watch.get(PATIENCE)
        while event is not None and event.message is None:
            event = self.watch.get(PATIENCE)
        assert event is not None, "the watch tells nothing"
        assert event.message is not None
        assert number_of(event.message) == number


def data_frame(recv: Callable[[float], can.Message | None]) -> can.Message:
    """The next frame that is no error report, however made, which must come."""
    while True:
        got = recv(PATIENCE)
        assert got is not None, "no frame came"
        if not got.is_error_frame and can.phantom_error(got) is None:
            return got


def until(is_true: Callable[[], bool], otherwise: str) -> None:
    """Wait for it; an AssertionError if it does not come true."""
    deadline = time.monotonic() + PATIENCE
    while not is_true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.001)


@contextmanager
def as_before() -> Iterator[None]:
    """No more descriptors and threads afterwards than before."""
    before = _counted()
    yield
    until(lambda: _counted() == before, f"there were {before} descriptors and threads")


def _counted() -> tuple[int, int]:
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
