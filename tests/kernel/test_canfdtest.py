"""canfdtest, the full-duplex test of can-utils, against us: we echo, and we are its host."""

from __future__ import annotations

import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

import canbus as can
from canbus.links import temporary_vcan
from canbus.testing.support import Worker, receive
from tests.scale import SOAK

IN_FLIGHT = (1, 7, 50, 120)
"""Frames that canfdtest has on their way at a time, each on a link of its own. It sleeps for
a millisecond after each frame, so that only several at once are done in reasonable time.
Its receive buffer holds 278 frames: those that it sends, and the answers."""

FRAMES = 1_000_000 if SOAK > 1 else 20_000  # of all together

OpenBus = Callable[..., can.BusABC]


def answer(msg: can.Message) -> can.Message:
    """What canfdtest wants back: id and data bytes are one more."""
    return can.Message(
        arbitration_id=msg.arbitration_id + 1,
        is_extended_id=msg.is_extended_id,
        data=[(byte + 1) % 256 for byte in msg.data],
    )


def _echo_by_iteration(bus: can.BusABC) -> int:
    count = 0
    for msg in bus:
        bus.send(answer(msg))
        count += 1
    return count


def _echo_by_recv(bus: can.BusABC) -> int:
    count = 0
    while True:
        try:
            msg = receive(bus)
        except can.CanClosedError:
            return count
        bus.send(answer(msg))
        count += 1


def _echo_in_batches(bus: can.BusABC) -> int:
    count = 0
    while True:
        try:
            frames = bus.recv_many()
        except can.CanClosedError:
            return count
        count += bus.send_many([answer(msg) for msg in frames])


ECHOES = {"iteration": _echo_by_iteration, "recv": _echo_by_recv, "recv_many": _echo_in_batches}


@pytest.mark.timeout(120 * SOAK)
@pytest.mark.parametrize("way", ECHOES)
def test_canfdtest_finds_no_fault_with_our_echo(way: str) -> None:
    each = FRAMES // len(IN_FLIGHT) // len(ECHOES) + 1
    with ExitStack() as stack:
        links = [stack.enter_context(temporary_vcan()).name for _ in IN_FLIGHT]
        buses = [stack.enter_context(can.Bus(link, interface="socketcan")) for link in links]
        echoes = [Worker(partial(ECHOES[way], bus)) for bus in buses]
        hosts = [
            subprocess.Popen(
                ["canfdtest", "-g", "-l", str(each), "-f", str(in_flight), link],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for link, in_flight in zip(links, IN_FLIGHT, strict=True)
        ]
        for host in hosts:
            report = host.communicate()[0]
            assert host.returncode == 0, report
            # Whatever it finds wrong ends it early, with status 0.
            assert report.endswith(f"\n\nTest messages sent and received: {each}\n"), report
        for bus, echoed, in_flight in zip(buses, echoes, IN_FLIGHT, strict=True):
            assert bus.statistics.rx_dropped == 0
            bus.shutdown()
            # It ends with the last answer it wanted; others may be on their way then.
            assert each <= echoed.result() < each + in_flight


@contextmanager
def _device_under_test(link: str) -> Iterator[None]:
    """canfdtest as the one that answers."""
    device = subprocess.Popen(["canfdtest", link], stdout=subprocess.DEVNULL)
    try:
        yield
        assert device.poll() is None
    finally:
        device.terminate()
        device.wait()


@pytest.mark.timeout(120 * SOAK)
def test_we_find_no_fault_with_the_echo_of_canfdtest(vcan: str, open_bus: OpenBus) -> None:
    """We keep 50 frames on their way, and check id, data and order of each answer."""
    host = open_bus()
    probe = can.Message(arbitration_id=0x77, is_extended_id=False, data=bytes(8))
    on_their_way: deque[can.Message] = deque()
    count = FRAMES // 5
    with _device_under_test(vcan):
        deadline = time.monotonic() + 20
        host.send(probe)
        while host.recv(0.01) is None:  # it is not listening yet
            assert time.monotonic() < deadline
            host.send(probe)
        while host.recv(0.2) is not None:  # answers to all the probes but one
            pass
        sent = received = 0
        while received < count:
            if sent < count and len(on_their_way) < 50:
                msg = can.Message(
                    arbitration_id=0x77,
                    is_extended_id=False,
                    data=(sent * 0x1F2E3D4C5B).to_bytes(8),
                )
                host.send(msg)
                on_their_way.append(answer(msg))
                sent += 1
                continue
            got = receive(host)
            assert got.equals(
                on_their_way.popleft(),
                timestamp_delta=None,
                check_channel=False,
                check_direction=False,
            )
            received += 1
    assert host.statistics.rx_dropped == 0
