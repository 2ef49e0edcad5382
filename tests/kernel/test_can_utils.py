"""Every kind of frame, both directions, against can-utils: one table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import canbus as can
from canbus.frame_rules import FD_LENGTHS

FRAMES = [
    *(f"{ident}#{'5A' * length}" for ident in ("000", "7FF", "123") for length in range(9)),
    *(f"{ident}#{'C3' * length}" for ident in ("00000000", "1FFFFFFF") for length in range(9)),
    "123#R",
    *(f"123#R{length}" for length in range(1, 9)),
    *(f"1F334455#R{length}" for length in range(1, 9)),
    *(
        f"{ident}##{flags}{'E7' * length}"
        for ident in ("123", "1F334455")
        for flags in (0, 1, 2, 3)  # FD, BRS, ESI, both
        for length in FD_LENGTHS
    ),
    "20000004#0000000000000000",
    "20000080#0102030405060708",
]


def canonical(log_text: str) -> str:
    """candump -L prints the kernel's FDF flag (4) where the kernel sets it; it says nothing new."""
    ident, mark, rest = log_text.partition("##")
    return f"{ident}{mark}{int(rest[0], 16) & 3:X}{rest[1:]}" if mark else log_text


def _listens(channel: str) -> bool:
    """Whether a socket has its frame and error filters in place on the link."""
    lists = ("/proc/net/can/rcvlist_all", "/proc/net/can/rcvlist_err")
    return all(Path(name).exists() and f" {channel} " in Path(name).read_text() for name in lists)


def test_candump_reads_what_canbus_sends(vcan):
    candump = subprocess.Popen(
        ["candump", "-L", "-n", str(len(FRAMES)), f"{vcan},0:0,#FFFFFFFF"],
        stdout=subprocess.PIPE,
        text=True,
    )
    while not _listens(vcan):
        assert candump.poll() is None

    subprocess.run([sys.executable, "-m", "canbus", "send", vcan, *FRAMES], check=True)

    lines = candump.communicate(timeout=60)[0].splitlines()
    assert [canonical(line.split()[2]) for line in lines] == FRAMES


def test_canbus_reads_what_cansend_sends(vcan, open_bus):
    bus = open_bus(fd=True)
    for text in FRAMES:
        subprocess.run(["cansend", vcan, text], check=True)

        got = bus.recv(20)

        assert format(got, "candump") == text
        expected = can.Message.parse(text)
        assert got.equals(
            expected, timestamp_delta=None, check_channel=False, check_direction=False
        )


def test_canbus_dump_logs_what_candump_logs(vcan):
    """The same frames through both programs at once: the same text, stamps included."""
    count = len(FRAMES)
    candump = subprocess.Popen(
        ["candump", "-L", "-n", str(count), f"{vcan},0:0,#FFFFFFFF"],
        stdout=subprocess.PIPE,
        text=True,
    )
    while not _listens(vcan):
        assert candump.poll() is None
    before = Path("/proc/net/can/rcvlist_all").read_text().count(f" {vcan} ")
    dump = subprocess.Popen(
        [sys.executable, "-m", "canbus", "dump", vcan, "--log", "--count", str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )
    while Path("/proc/net/can/rcvlist_all").read_text().count(f" {vcan} ") == before:
        assert dump.poll() is None

    for text in FRAMES:
        subprocess.run(["cansend", vcan, text], check=True)

    theirs, _ = candump.communicate(timeout=60)
    ours, _ = dump.communicate(timeout=60)
    pairs = list(zip(theirs.splitlines(), ours.splitlines(), strict=True))
    assert len(pairs) == count
    for their_line, our_line in pairs:
        assert our_line.split() == their_line.split()


def test_a_length_that_fd_does_not_know_is_padded_as_cansend_does(vcan, open_bus):
    bus, sender = open_bus(fd=True), open_bus(fd=True)
    text = "123##0" + "11" * 9
    subprocess.run(["cansend", vcan, text], check=True)
    theirs = bus.recv(20)

    with pytest.warns(can.CanWarning, match="padded with zeros to 12"):
        sender.send(can.Message.parse(text))

    assert bytes(bus.recv(20).data) == bytes(theirs.data) == b"\x11" * 9 + bytes(3)
