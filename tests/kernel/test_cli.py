"""The `canbus` command as a process on a real link, side by side with can-utils' candump."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import canbus as can
from canbus import links

CHECKOUT = Path(__file__).parents[2]
CANBUS = (sys.executable, "-m", "canbus")
TIMEOUT = 60  # seconds; only a failure takes that long

READY = "7FF#"  # sent again and again until a listener shows it
LAST = "7FE#"
FRAMES = [
    "123#DEADBEEF",
    "123#",
    "123#R",
    "123#R4",
    "123##1AABB",
    "123##0",
    "1F334455#1122",
    "00000123#R",
    "123#0011223344556677",
    "123#R8",
    "456##300112233445566778899AABB",
    "1F334455##0" + "5A" * 64,
]


def canbus(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CANBUS, *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


Listener = subprocess.Popen[str]


@contextmanager
def listening(bus: can.BusABC, *command: str) -> Iterator[Listener]:
    """A process that shows frames, and has shown that it hears the bus."""
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    task = bus.send_periodic(can.Message.parse(READY), 0.02)
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), process.communicate()
        task.stop()
        yield process
    finally:
        task.stop()
        process.kill()
        process.communicate()


def lines_until_last(process: Listener) -> list[str]:
    """What it shows, without the frames that only made it ready and those that end it."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        if "7FE" in line:
            return lines
        if "7FF" not in line:
            lines.append(line)
    raise AssertionError(f"the listener ended: {process.communicate()}")


def send(bus: can.BusABC, frames: Sequence[str]) -> None:
    for text in frames:
        bus.send(can.Message.parse(text), 1)


# -- send


def test_send_puts_every_kind_of_frame_on_the_link_in_order(vcan, open_bus):
    bus = open_bus(fd=True)
    done = canbus("send", vcan, *FRAMES)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    received = [bus.recv(1) for _ in FRAMES]
    assert [format(msg, "candump") for msg in received] == FRAMES
    assert bus.recv(0) is None


def test_send_on_a_link_that_is_not_there_says_what_to_do():
    done = canbus("send", "vcan_none", "123#")
    assert done.returncode == 1
    assert done.stderr.startswith("canbus: cannot open vcan_none: there is no such interface")
    assert "\nhint: modprobe vcan; ip link add" in done.stderr
    assert "Traceback" not in done.stderr


def test_send_on_a_link_that_is_down_is_one_line_and_a_hint(vcan):
    links.set_down(vcan)
    done = canbus("send", vcan, "123#")
    assert done.returncode == 1
    assert "the link is down" in done.stderr
    assert f"ip link set {vcan} up" in done.stderr


# -- dump


@pytest.mark.parametrize("ours", [(), ("--log",)])
@pytest.mark.parametrize("channel", ["the link", "any"])
def test_dump_and_candump_show_the_same_bytes(vcan, open_bus, ours, channel):
    candump = shutil.which("candump")
    if candump is None:
        pytest.skip("candump (can-utils) is not installed")
    theirs = ("-L",) if ours else ()
    name = vcan if channel == "the link" else "any"
    bus = open_bus(fd=True)
    with (
        listening(bus, candump, *theirs, name) as reference,
        listening(bus, *CANBUS, "dump", *ours, name) as tested,
    ):
        send(bus, [*FRAMES, LAST])
        expected = lines_until_last(reference)
        assert lines_until_last(tested) == expected
        assert len(expected) == len(FRAMES)


def test_dump_shows_error_frames_as_candump_does_when_asked_for_them(vcan, open_bus):
    candump = shutil.which("candump")
    if candump is None:
        pytest.skip("candump (can-utils) is not installed")
    bus = open_bus()
    with (
        listening(bus, candump, f"{vcan},0:0,#FFFFFFFF") as reference,
        listening(bus, *CANBUS, "dump", vcan) as tested,
    ):
        send(bus, ["20000004#0004000000000000", "20000040#00000000000000FF", "123#", LAST])
        expected = lines_until_last(reference)
        assert lines_until_last(tested) == expected
        assert sum("ERRORFRAME" in line for line in expected) == 2


def test_dump_filters_mean_what_they_mean_to_candump(vcan, open_bus):
    candump = shutil.which("candump")
    if candump is None:
        pytest.skip("candump (can-utils) is not installed")
    bus = open_bus(fd=True)
    markers = ["7FE:7FE"]  # READY and LAST
    frames = ["123#", "123#R", "00000123#", "124#", "1F334923#", "4FF#", "1F334455#"]
    for text in ["123:7FF", "123:C00007FF", "00000123:9FFFFFFF", "F123:8000FFFF", "1F334455:7FF"]:
        filters = [*markers, text]
        options = [word for one in filters for word in ("--filter", one)]
        with (
            listening(bus, candump, ",".join([vcan, *filters])) as reference,
            listening(bus, *CANBUS, "dump", vcan, *options) as tested,
        ):
            send(bus, [*frames, LAST])
            assert lines_until_last(tested) == lines_until_last(reference), text


def test_dump_ends_by_itself_after_count_frames(vcan, open_bus):
    bus = open_bus()
    with listening(bus, *CANBUS, "dump", vcan, "--count", "3") as process:
        send(bus, ["123#01", "123#02"] + ["7FF#"] * 2)  # a READY may have been the second
        rest, complaints = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0
        assert len(rest.splitlines()) == 2
        assert complaints == ""


def test_dump_as_json_tells_channel_and_time(vcan, open_bus):
    bus = open_bus(fd=True)
    with listening(bus, *CANBUS, "dump", "any", "--json") as process:
        send(bus, ["1F334455##3AABB"])
        assert process.stdout is not None
        facts = next(f for f in map(json.loads, process.stdout) if f["arbitration_id"] != 0x7FF)
    assert (facts["channel"], facts["data"], facts["is_fd"]) == (vcan, "aabb", True)
    assert facts["timestamp_ns"] > 10**18


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_dump_is_ended_quietly_by_a_signal(vcan, open_bus, number, status):
    with listening(open_bus(), *CANBUS, "dump", vcan) as process:
        process.send_signal(number)
        _, complaints = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, complaints) == (status, "")


def test_dump_ends_quietly_when_its_reader_leaves(vcan, open_bus):
    bus = open_bus()
    with listening(bus, *CANBUS, "dump", vcan) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        bus.send_periodic(can.Message.parse(READY), 0.02)
        assert process.wait(TIMEOUT) == 128 + signal.SIGPIPE
        assert process.stderr.read() == ""
        process.stdout = None  # communicate() would read it


def test_dump_ends_with_an_error_when_the_link_goes_down(vcan, open_bus):
    with listening(open_bus(), *CANBUS, "dump", vcan) as process:
        links.set_down(vcan)
        _, complaints = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1
        assert f"canbus: cannot receive on {vcan}: the link is down" in complaints


# -- demo


def test_demo_makes_a_link_shows_frames_counts_them_and_removes_the_link():
    before = links.list_links()
    done = canbus("demo", "--seconds", "0.5")
    assert (done.returncode, done.stderr) == (0, "")
    first, *frames, summary = done.stdout.splitlines()
    assert first.startswith("demo on socketcan vcan")
    assert "; filtered out 2; lost 0" in summary
    assert any("[12]  00 11 22 33" in line for line in frames)
    assert any("remote request" in line for line in frames)
    assert links.list_links() == before


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_demo_removes_its_link_when_a_signal_ends_it(number, status):
    before = links.list_links()
    with subprocess.Popen(
        [*CANBUS, "demo", "--seconds", "60"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        # A frame: CPython loses an interrupt that comes while modules are being imported.
        process.stdout.readline()
        assert len(links.list_links()) == len(before) + 1
        process.send_signal(number)
        _, complaints = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, complaints) == (status, "")
    assert links.list_links() == before


def test_demo_on_an_existing_classic_link_sends_no_fd_frames_and_leaves_it_there(vcan):
    name = f"{vcan}c"
    with links.temporary_vcan(name, fd=False) as link:
        done = canbus("demo", "--seconds", "0.3", "--channel", name)
        assert links.get_link(name) == link
    assert done.returncode == 0
    assert f"demo on socketcan {name}, as asked for; it carries no CAN FD frames" in done.stdout
    assert "[12]" not in done.stdout
    assert "lost 0" in done.stdout
