"""The emulated adapter on a real vcan: SlcanBus at its port, can-utils at the other end.

As an object and as the command `canbus emulate`; then the command line at its port.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

import canbus as can
from canbus.frame_rules import FD_LENGTHS
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.support import PATIENCE, receive
from tests.kernel.conftest import OpenBus
from tests.kernel.slcan_rig import KINDS, WINDOW, Candump
from tests.kernel.test_can_utils import canonical
from tests.scale import SOAK

pytestmark = pytest.mark.timeout(60 * SOAK)

CANBUS = (sys.executable, "-m", "canbus")
FRAMES = 2000 * SOAK
"""Of each direction, at least."""

GENERATORS = [
    *(["-I", "i"], ["-e"], ["-R"], ["-R", "-e"], ["-L", "i"], ["-e", "-L", "8"]),
    *(["-f"], ["-f", "-e"], ["-b"], ["-b", "-e"], ["-f", "-L", "i"], ["-b", "-e", "-L", "i"]),
]
"""Options of cangen for each kind; not -E, as the firmware has no line for it."""

TEXTS = [
    *("123#", "7FF#0011223344556677", "00000000#", "1FFFFFFF#DEADBEEF"),
    *("123#R", "123#R8", "1F334455#R3", "123##0", "1F334455##1" + "5A" * 64, "321##1AABB"),
]


# -- adapters -------------------------------------------------------------------------------


@contextmanager
def as_object(vcan: str, dialect: str) -> Iterator[str]:
    with (
        can.Bus(vcan, interface="socketcan", fd=True) as node,
        SlcanEmulator(dialect, bus=node) as emulator,
    ):
        yield emulator.port
        assert emulator.counters.overflowed == 0
        assert emulator.bus_error is None


@contextmanager
def as_command(vcan: str, dialect: str) -> Iterator[str]:
    command = [*CANBUS, "emulate", "slcan", "--dialect", dialect, "--bus", vcan]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().rstrip("\n")
    process.terminate()
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + 15
    (hint,) = complaints.splitlines()
    assert hint.startswith("hint: ")


ADAPTERS = {"object": as_object, "command": as_command}


@pytest.fixture(params=ADAPTERS)
def bus(request: pytest.FixtureRequest, vcan: str) -> Iterator[can.BusABC]:
    """Ours, at an adapter with CAN FD."""
    with (
        ADAPTERS[request.param](vcan, "canable2") as port,
        can.Bus(
            port,
            interface="slcan",
            dialect="canable2",
            fd=True,
            bitrate=500_000,
            data_bitrate=2_000_000,
        ) as bus,
    ):
        yield bus
        assert bus.recv(0) is None
        assert bus.statistics.rx_malformed == 0


# -- frames ---------------------------------------------------------------------------------


def fd_frame(number: int, generator: random.Random) -> str:
    wide = number & 1
    ident = f"{generator.getrandbits(29):08X}" if wide else f"{generator.getrandbits(11):03X}"
    length = FD_LENGTHS[number // 4 % len(FD_LENGTHS)]
    return f"{ident}##{number >> 1 & 1}{generator.randbytes(length).hex().upper()}"


def some_of_every_kind() -> Iterator[list[str]]:
    generator = random.Random(0)
    makers: list[Callable[[int, random.Random], str]] = [*KINDS.values(), fd_frame, fd_frame]
    frames = (
        makers[number % len(makers)](number // len(makers), generator) for number in range(FRAMES)
    )
    while chunk := list(islice(frames, WINDOW)):
        yield chunk


def test_what_we_send_candump_shows(vcan: str, bus: can.BusABC) -> None:
    with Candump(vcan) as candump:
        for texts in some_of_every_kind():
            bus.send_many([can.Message.parse(text) for text in texts])
            assert [canonical(text) for text in candump.take(len(texts))] == texts


def test_what_cangen_sends_we_receive(vcan: str, bus: can.BusABC) -> None:
    seen = 0
    with Candump(vcan) as candump:
        while seen < FRAMES:
            for options in GENERATORS:
                subprocess.run(["cangen", vcan, "-g", "0", "-n", str(WINDOW), *options], check=True)
                ours = [format(receive(bus), "candump") for _ in range(WINDOW)]
                theirs = [canonical(text) for text in candump.take(WINDOW)]
                assert ours == theirs, options
                seen += WINDOW


# -- the command line -----------------------------------------------------------------------


@pytest.fixture
def adapter(open_bus: OpenBus) -> Iterator[SlcanEmulator]:
    with SlcanEmulator("canable2", bus=open_bus(fd=True)) as adapter:
        yield adapter


OPTIONS = ["-i", "slcan", "-o", "bitrate=500000", "-o", "data_bitrate=2000000"]


def test_canbus_send_at_the_port_is_what_candump_shows(vcan: str, adapter: SlcanEmulator) -> None:
    with Candump(vcan) as candump:
        done = subprocess.run(
            [*CANBUS, "send", *OPTIONS, adapter.port, *TEXTS], capture_output=True, text=True
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert [canonical(text) for text in candump.take(len(TEXTS))] == TEXTS


def test_canbus_dump_at_the_port_logs_what_cansend_sends(vcan: str, adapter: SlcanEmulator) -> None:
    dump = subprocess.Popen(
        [*CANBUS, "dump", *OPTIONS, adapter.port, "--log", "--count", str(len(TEXTS))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    adapter.wait_for_command(b"O", 60)
    for text in TEXTS:
        subprocess.run(["cansend", vcan, text], check=True)
    shown, complaints = dump.communicate(timeout=60)
    assert (dump.returncode, complaints) == (0, "")
    assert [canonical(line.split()[2]) for line in shown.splitlines()] == TEXTS
    assert {line.split()[1] for line in shown.splitlines()} == {adapter.port}
