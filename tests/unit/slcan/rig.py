"""An emulated adapter with a bus on it, deadlines that are kept, and nothing that is left open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import canbus as can
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.support import PATIENCE
from tests.unit.slcan.serial_lines import no_leak

SLACK = 4.0
"""Seconds that a busy machine may add to a time limit; those of the backend are below 1.5."""


def open_bus(adapter: SlcanEmulator, **options: Any) -> Any:
    """A bus on it, 500 kbit/s unless another bitrate is said."""
    if not {"bitrate", "btr", "bitrate_code", "timing"} & options.keys():
        options["bitrate"] = 500_000
    return can.Bus(adapter.port, interface="slcan", **options)


@contextmanager
def plugged(dialect: Any = "lawicel", **emulator: Any) -> Iterator[SlcanEmulator]:
    """An emulated adapter; whatever is done with it, nothing is left open afterwards."""
    with no_leak(), SlcanEmulator(dialect, **emulator) as adapter:
        yield adapter


@contextmanager
def opened(
    emulated: Any = "lawicel", *, emulator: dict[str, Any] | None = None, **options: Any
) -> Iterator[tuple[SlcanEmulator, Any]]:
    """An adapter and an open bus on it. Shutting down is quick, whatever was done meanwhile."""
    with plugged(emulated, **(emulator or {})) as adapter:
        bus = open_bus(adapter, **options)
        try:
            yield adapter, bus
        finally:
            with within(1.0):
                bus.shutdown()


@contextmanager
def within(seconds: float, at_least: float = 0.0) -> Iterator[None]:
    """What is done takes no longer than this, and a busy machine's share; and not less."""
    begin = monotonic()
    try:
        yield
    finally:
        took = monotonic() - begin
        assert took <= seconds + SLACK, f"took {took:.3f} s, allowed are {seconds} s"
        assert took >= at_least, f"took {took:.3f} s only, {at_least} s were to be waited"


def receive_all(bus: Any, count: int) -> list[can.Message]:
    """So many frames, which must come."""
    frames: list[can.Message] = []
    while len(frames) < count:
        msg = bus.recv(PATIENCE)
        assert msg is not None, f"{len(frames)} of {count} frames came"
        frames.append(msg)
    return frames


def raised(call: Any, *args: Any, **options: Any) -> BaseException | None:
    """What a call raised, or None."""
    try:
        call(*args, **options)
    except Exception as exc:
        return exc
    return None
