"""A supervised bus on a USB adapter: unplugged, bus-off, down; and back, each time."""

from __future__ import annotations

import random
import subprocess
import threading
from time import time_ns
from typing import Any

import pytest

import canbus as can
from canbus.supervision import SupervisedBus
from canbus.testing.support import PATIENCE, Worker, number_of, numbered
from canbus.testing.usb import EmulatedAdapter
from tests.hardware.network import link_down, link_up
from tests.kernel.supervised import (
    DELAYED,
    FRESH,
    KERNEL_TASK,
    POLICY,
    STALE,
    THREAD_TASK,
    WANTED,
    as_before,
    data_frame,
    until,
)
from tests.scale import SOAK

ROUNDS = 6 if SOAK == 1 else 60
FINE = {DELAYED, FRESH, KERNEL_TASK, THREAD_TASK}
CAUSES = (can.GapCause.GONE, can.GapCause.BUS_OFF, can.GapCause.LINK_DOWN)


class Rounds:
    """A supervised bus on an adapter, which sees all that is sent."""

    def __init__(self, adapter: EmulatedAdapter, bus: SupervisedBus) -> None:
        self.adapter, self.bus = adapter, bus
        self.name = adapter.netdevs[0]
        self.tasks = [
            bus.send_periodic(numbered(1, KERNEL_TASK), 0.02),
            bus.send_periodic(numbered(1, THREAD_TASK), 0.02, engine="thread"),
        ]

    def lose(self, cause: can.GapCause) -> None:
        if cause is can.GapCause.GONE:
            self.adapter.unplug()
        elif cause is can.GapCause.BUS_OFF:
            self.adapter.fault("short")
        else:
            link_down(self.name)

    def bring_back(self, cause: can.GapCause) -> None:
        if cause is can.GapCause.GONE:
            self.adapter.plug()
        elif cause is can.GapCause.BUS_OFF:
            self.adapter.fault("none")
        else:
            link_up(self.name)

    def round(self, cause: can.GapCause, number: int) -> None:
        bus, adapter = self.bus, self.adapter
        before = time_ns()
        self.lose(cause)
        until(lambda: bus.gap is not None, "nobody noticed")
        noticed = time_ns()
        with pytest.raises(can.CanLinkDownError, match="nothing was sent"):
            bus.send(numbered(number, STALE), timeout=0)
        waiting = Worker(lambda: bus.send(numbered(number, DELAYED)))
        adapter.forget_sent()
        restored = time_ns()
        self.bring_back(cause)
        gap = bus.gaps.get(PATIENCE)
        assert gap is not None, f"{cause} is not over, after {bus.gap}"
        assert gap.cause is cause
        assert before <= gap.from_ns <= noticed
        assert gap.to_ns is not None
        assert restored <= gap.to_ns <= time_ns()
        waiting.result()
        self.all_goes_on(number)

    def all_goes_on(self, number: int) -> None:
        bus, adapter = self.bus, self.adapter
        bus.send(numbered(number, FRESH))
        until(lambda: self.ids() >= FINE, "not all that should be is sent")
        assert self.ids() == FINE
        for sent in adapter.sent:
            if sent.msg.arbitration_id in {DELAYED, FRESH}:
                assert number_of(sent.msg) == number
        assert not any(task.done for task in self.tasks)
        adapter.frame(numbered(number, WANTED))
        assert number_of(data_frame(bus.recv)) == number
        assert len(bus.gaps) == 0

    def ids(self) -> set[int]:
        return {sent.msg.arbitration_id for sent in self.adapter.sent}


@pytest.mark.timeout(30 * ROUNDS)
def test_rounds_in_random_order(pcan_usb: EmulatedAdapter) -> None:
    """The link is set up again by the bus itself."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    causes = list(CAUSES) * (ROUNDS // len(CAUSES))
    random.Random(seed).shuffle(causes)
    name = pcan_usb.netdevs[0]
    options: dict[str, Any] = {
        "configure": True,
        "bitrate": 500_000,
        "can_filters": [can.CanFilter(WANTED, 0x7FF)],
    }
    with as_before(), can.supervise(name, "socketcan", policy=POLICY, **options) as bus:
        rounds = Rounds(pcan_usb, bus)
        for number, cause in enumerate(causes):
            rounds.round(cause, number)


def test_what_waited_at_bus_off_is_never_sent(pcan_usb: EmulatedAdapter) -> None:
    """Though the controller could be restarted before the kernel has dropped it.

    The kernel acts on a lost carrier at once the first time, and a second later the next.
    """
    name = pcan_usb.netdevs[0]
    link_up(name)
    tc("add", "dev", name, "root", "plug", "limit", "1600")
    try:
        with can.supervise(name, "socketcan", policy=POLICY) as bus:
            for number in range(2):
                tc("change", "dev", name, "root", "plug", "block")
                reading = Worker(bus.recv)  # is told by an error frame, and so at once
                bus.send_many([numbered(number, STALE)] * 5, 0)
                pcan_usb.bus_off()
                bus_off_and_back(bus)
                assert reading.result().is_error_frame
                tc("change", "dev", name, "root", "plug", "release_indefinite")
                bus.send(numbered(number, FRESH))
                assert [sent.msg.arbitration_id for sent in pcan_usb.wait_for_sent(1)] == [FRESH]
                pcan_usb.forget_sent()
                while bus.recv(0):
                    pass
    finally:
        tc("del", "dev", name, "root")


def test_a_controller_without_a_restart_is_taken_down_and_up(gs_usb: EmulatedAdapter) -> None:
    for one in gs_usb.netdevs:
        link_up(one)
    with can.supervise(gs_usb.netdevs[0], "socketcan", policy=POLICY) as bus:
        gs_usb.fault("noack")
        gs_usb.fault("noack", 1)
        with pytest.raises(can.CanTxQueueFullError):
            bus.send_many([numbered(1, STALE)] * 100, 0)
        # Its driver lets the carrier be, so somebody has to read, past the reports of errors.
        is_over = threading.Event()
        reading = Worker(lambda: read_until(bus, is_over))
        gs_usb.bus_off()
        try:
            bus_off_and_back(bus)
        finally:
            is_over.set()
        reading.result()
        gs_usb.fault("none")
        gs_usb.fault("none", 1)
        bus.send(numbered(1, FRESH))
        assert [sent.msg.arbitration_id for sent in gs_usb.wait_for_sent(1)] == [FRESH]


def read_until(bus: SupervisedBus, is_over: threading.Event) -> None:
    while not is_over.is_set():
        bus.recv(0.1)


def bus_off_and_back(bus: SupervisedBus) -> None:
    gap = bus.gaps.get(PATIENCE)
    assert gap is not None, f"it is not over, after {bus.gap}"
    assert gap.cause is can.GapCause.BUS_OFF


def tc(*words: str) -> None:
    subprocess.run(["tc", "qdisc", *words], check=True)
