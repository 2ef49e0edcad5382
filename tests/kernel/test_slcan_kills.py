"""kill -9 of a program while its adapter talks: the next one opens the port as if nothing was."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count, pairwise

import pytest

import canbus as can
from canbus.testing.slcan import SlcanEmulator, Split
from canbus.testing.support import receive
from tests.kernel.slcan_programs import Programs
from tests.scale import SOAK

KILLS = 10 * SOAK
"""In each of two tests."""
BURST = 10


class Spoken:
    """The frames that the adapter has sent since its channel was opened last; as `trace`."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    def __call__(self, direction: str, line: bytes) -> None:
        if direction == "<" and line == b"O":
            self.frames = []
        if direction == ">" and line[:1] == b"t":
            text = line.decode()
            self.frames.append(f"{text[1:4]}#{text[5:-1]}")


@contextmanager
def chattering(adapter: SlcanEmulator) -> Iterator[None]:
    """Frames arrive all the time, each another one, as fast as the line takes them."""
    stop = threading.Event()

    def chatter() -> None:
        for number in count(0, BURST):
            if stop.is_set():
                return
            adapter.arrive(*(f"{n % 0x800:03X}#{n:016X}" for n in range(number, number + BURST)))
            with suppress(can.CanTimeoutError):
                adapter.wait_until_written()

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def leave_half_a_line(port: str) -> None:
    """What a program may do that is killed when the line takes no more."""
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    os.write(fd, b"t1238001122")
    os.close(fd)


@pytest.mark.timeout(120 * SOAK)
@pytest.mark.parametrize("pieces", [None, 7])
def test_after_a_kill_the_next_program_gets_whole_frames_of_its_own_time(
    pieces: int | None,
) -> None:
    generator = random.Random(0)
    spoken = Spoken()
    with SlcanEmulator("lawicel", trace=spoken) as adapter:
        if pieces:
            adapter.fault(Split(pieces, gap=0.0002))
        with Programs(adapter.port) as programs, chattering(adapter):
            for number in range(KILLS):
                process, shows = programs.start()
                heard = [next(shows) for _ in range(generator.randrange(1, 30))]
                os.kill(process, signal.SIGKILL)
                heard += iter(shows.__next__, f"ended {-signal.SIGKILL}")
                assert heard == spoken.frames[: len(heard)]
                if number % 2:
                    leave_half_a_line(adapter.port)

            with can.Bus(adapter.port, interface="slcan", bitrate=500_000) as bus:
                bus.send(can.Message.parse("123#"), 10, confirm=True)
                last = [format(receive(bus), "candump") for _ in range(100)]
                assert last == spoken.frames[:100]
                assert bus.statistics.rx_malformed == 0
    sent = [int.from_bytes(msg.data, "big") for msg in adapter.sent if msg.is_extended_id]
    broken = [(a, b) for a, b in pairwise([0, *sent]) if b not in {0, a + 1}]
    assert broken == []
