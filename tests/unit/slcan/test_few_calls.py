"""A full line is read in few calls, each of which brings many frames."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import canbus as can
from canbus.backends.slcan.bus import SlcanBus
from tests.unit.slcan.serial_lines import PATIENCE, Adapter

FRAMES = 320  # 7 KB: less than a pseudo-terminal holds
MOST_CALLS = FRAMES // 20


def by_recv(bus: can.BusABC) -> list[can.Message | None]:
    return [bus.recv(PATIENCE) for _ in range(FRAMES)]


def by_iteration(bus: can.BusABC) -> list[can.Message | None]:
    return list(islice(bus, FRAMES))


def by_recv_many(bus: can.BusABC) -> list[can.Message | None]:
    frames: list[can.Message | None] = []
    while len(frames) < FRAMES:
        frames += bus.recv_many(64, PATIENCE)
    return frames


@pytest.mark.parametrize("take", [by_recv, by_iteration, by_recv_many])
def test_a_backlog_costs_a_twentieth_of_a_call_for_each_frame(
    take: Callable[[can.BusABC], list[can.Message | None]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapter = Adapter(tmp_path)
    calls: list[str] = []

    def count(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def counted(*args: Any) -> Any:
            calls.append(name)
            return original(*args)

        monkeypatch.setattr(owner, name, counted)

    with SlcanBus(adapter.path, dialect="slcan", handshake="off") as bus:
        adapter.say(b"".join(b"t%03X8%016X\r" % (n, n) for n in range(FRAMES)))
        count(bus._port, "read")
        count(bus._waiter, "wait")
        frames = take(bus)
        calls_made = list(calls)
    adapter.unplug()
    assert [msg.arbitration_id for msg in frames if msg] == list(range(FRAMES))
    assert len(calls_made) <= MOST_CALLS
