"""Floods of every kind of frame, read by us and by candump at once: the same log, to the letter."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import canbus as can
from canbus.codecs.candump import log_line
from canbus.testing.support import PATIENCE, receive
from tests.scale import SOAK

EACH = 1500 * min(SOAK, 6)
"""Frames of each generator; all of a flood may have to lie in the kernel's memory."""

FLOODS = {
    "standard": [["-I", "i"]],
    "extended": [["-e"]],
    "remote": [["-R"], ["-R", "-e"]],
    "FD": [["-f"], ["-f", "-e", "-L", "i"]],
    "FD with BRS and ESI": [["-b", "-E"], ["-f", "-E"], ["-b", "-e"]],
    "everything, from four at once": [["-m"], ["-m", "-e"], ["-m", "-L", "8"], ["-m", "-I", "i"]],
}
"""Options of the generators that run at the same time."""

SHOWS = {
    "standard": {" ...#"},
    "extended": {" .{8}#"},
    "remote": {" ...#R", " .{8}#R"},
    "FD": {" ...##4", " .{8}##4"},
    "FD with BRS and ESI": {" ...##7", " ...##6", " .{8}##5"},
    "everything, from four at once": {
        *(" ...#[^#R]", " ...#R", " .{8}#[^#R]", " .{8}#R"),
        *(f" {ident}##{flags}" for ident in ("...", ".{8}") for flags in (4, 5, 6, 7)),
    },
}
"""Kinds of frames that a flood must have shown."""

LAST = can.Message(arbitration_id=0x7FF, is_extended_id=False, data=b"the end.")

OpenBus = Callable[..., can.BusABC]


def _by_recv(bus: can.BusABC) -> Iterator[can.Message]:
    while True:
        yield receive(bus)


def _by_recv_many(bus: can.BusABC) -> Iterator[can.Message]:
    while frames := bus.recv_many(timeout=PATIENCE):
        yield from frames


WAYS = {"recv": _by_recv, "iteration": iter, "recv_many": _by_recv_many}


def _listeners(link: str) -> int:
    return Path("/proc/net/can/rcvlist_all").read_text().count(f" {link} ")


def _is_last(msg: can.Message) -> bool:
    return msg.equals(LAST, timestamp_delta=None, check_channel=False, check_direction=False)


@pytest.mark.timeout(120 * SOAK)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("flood", FLOODS)
def test_we_log_what_candump_logs(
    vcan: str, open_bus: OpenBus, tmp_path: Path, flood: str, way: str
) -> None:
    room = 1000 * (EACH + 100) * len(FLOODS[flood])  # a frame takes some 800 bytes
    bus, sender = open_bus(fd=True, rcvbuf=room), open_bus()
    before = _listeners(vcan)
    log = tmp_path / "log"
    with log.open("wb") as file:
        candump = subprocess.Popen(["candump", "-L", "-r", str(room), vcan], stdout=file)
        while _listeners(vcan) == before:
            assert candump.poll() is None
        generators = [
            subprocess.Popen(["cangen", vcan, "-g", "0", "-n", str(EACH), *options])
            for options in FLOODS[flood]
        ]
        ours: list[str] = []
        count = 0
        frames = WAYS[way](bus)
        while count < EACH * len(generators):
            ours.append(log_line(next(frames)))
            count += 1
        for generator in generators:
            assert generator.wait(PATIENCE) == 0
        sender.send(LAST)
        last = next(frames)
        ours.append(log_line(last))

        assert _is_last(last)
        assert bus.recv(0) is None
        assert bus.statistics.rx_dropped == 0
        while not log.read_bytes().endswith(b"#" + LAST.data.hex().upper().encode() + b"\n"):
            assert candump.poll() is None
        candump.terminate()
        candump.wait()
    theirs = log.read_text().splitlines()
    assert len(theirs) == EACH * len(generators) + 1
    assert ours == theirs
    for kind in SHOWS[flood]:
        assert any(re.search(kind, line) for line in theirs), kind
