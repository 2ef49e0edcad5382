"""Several threads on one socket, and shutting it down under them."""

from __future__ import annotations

import threading
from pathlib import Path
from time import monotonic

import pytest

import canbus as can
from tests.scale import SOAK


def _in_threads(count, work):
    results: list[object] = []

    def run():
        try:
            results.append(work())
        except can.CanError as exc:
            results.append(exc)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


def _descriptors():
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


def _join(threads):
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)


def test_of_eight_threads_one_gets_the_frame_and_seven_time_out(open_bus):
    sender, bus = open_bus(), open_bus()
    times: list[float] = []

    def receive():
        start = monotonic()
        msg = bus.recv(0.5)
        times.append(monotonic() - start)
        return msg

    threads, results = _in_threads(8, receive)
    sender.send(can.Message.parse("123#"))
    _join(threads)

    assert sum(result is not None for result in results) == 1
    waited = sorted(times)[1:]
    assert min(waited) >= 0.5
    assert max(waited) < 5


def test_shutdown_wakes_all_readers_and_leaves_no_descriptor(open_bus):
    sender = open_bus()
    before = _descriptors()
    bus = open_bus()
    threads, results = _in_threads(8, lambda: bus.recv(None))
    # Each reader is known to be inside once a frame wakes one of them and all come back.
    sender.send(can.Message.parse("123#"))
    while not results:
        pass

    bus.shutdown()
    _join(threads)

    assert sum(isinstance(result, can.CanClosedError) for result in results) == 7
    assert _descriptors() == before


def test_shutdown_wakes_a_sender_that_waits_for_room(open_bus, full_queue):
    bus = open_bus()
    room = True
    while room:
        try:
            bus.send(can.Message.parse("123#"), timeout=0)
        except can.CanTxQueueFullError:
            room = False

    threads, results = _in_threads(2, lambda: bus.send(can.Message.parse("123#")))
    bus.shutdown()
    _join(threads)

    assert all(isinstance(result, can.CanClosedError) for result in results)


@pytest.mark.timeout(120 * SOAK)
def test_sender_and_receiver_threads_lose_nothing(open_bus):
    sender, receiver = open_bus(), open_bus()
    room = threading.Semaphore(100)  # the socket's queue holds 278
    count = 3000 * SOAK

    def send_all():
        for number in range(count):
            room.acquire()
            sender.send(can.Message(arbitration_id=1, data=number.to_bytes(4, "big")))

    threads, _ = _in_threads(1, send_all)
    for number in range(count):
        got = receiver.recv(20)
        assert int.from_bytes(got.data, "big") == number
        room.release()
    _join(threads)
