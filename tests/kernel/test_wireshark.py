"""What Wireshark's programs make of frames that canbus sends: what docs/wireshark.md says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import canbus as can
from canbus.frame_rules import FD_LENGTHS

FRAMES = [
    "123#DEADBEEF",
    "000#",
    "7FF#0011223344556677",
    "1FFFFFFF#C3",
    "00000123#1122",
    "123#R4",
    "1F334455#R",
    *(f"{ident}##{flags}{'E7' * 12}" for ident in ("124", "1F334455") for flags in (0, 1, 2, 3)),
    *(f"126##0{'5A' * length}" for length in FD_LENGTHS),
    "20000040#0000000000000000",
]
BUS_OFF = "20000040#0000000000000000"
FIELDS = ("can.id", "can.flags.xtd", "can.flags.rtr", "can.len", "data")


def start(program: str, link: str, file: Path, *words: str) -> subprocess.Popen[str]:
    """A capture into a file, which runs: what is sent from now on is in it."""
    process = subprocess.Popen(
        [program, "-i", link, "-w", file, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # The head of the file is written when the socket is open and its filter in place; while
    # libpcap sets the filter, even an empty one, frames are lost.
    while not (file.exists() and file.stat().st_size):
        assert process.poll() is None, process.communicate()
    return process


def end(process: subprocess.Popen[str]) -> str:
    """What it printed, once it has all its frames."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


def read(file: Path, *words: str) -> list[list[str]]:
    """What tshark prints of a file: a line, split at tabs, for every frame."""
    done = subprocess.run(["tshark", "-r", file, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def fields(*names: str) -> list[str]:
    return ["-T", "fields", *(word for name in names for word in ("-e", name))]


@pytest.fixture
def log(tmp_path) -> Callable[..., Path]:
    """Writes frames to a file as `canbus dump --log` does."""

    path: Path = tmp_path / "frames.log"

    def write(*frames: str) -> Path:
        path.write_text("".join(f"(1600000000.000000) can0 {frame}\n" for frame in frames))
        return path

    return write


def expected(text: str) -> list[str]:
    """What FIELDS should show. Wireshark shows the padding of a remote frame as its data."""
    msg = can.Message.parse(text)
    if msg.is_error_frame:
        return ["", "", "", str(msg.dlc), ""]
    data = bytes(msg.dlc) if msg.is_remote_frame else bytes(msg.data)
    flags = [str(int(flag)) for flag in (msg.is_extended_id, msg.is_remote_frame)]
    return [str(msg.arbitration_id), *flags, str(msg.dlc), data.hex()]


def test_tshark_sees_every_frame_once_as_sent_and_when_it_was_received(vcan, open_bus, tmp_path):
    # autosar-nm: takes the frames of identifier 0 for its own, whatever they are.
    words = ["--disable-protocol", "autosar-nm", *fields(*FIELDS, "frame.time_epoch", "frame.len")]
    file = tmp_path / "frames.pcapng"
    tshark = start("tshark", vcan, file, "-P", "-c", str(len(FRAMES)), *words)
    # A filter is the bus's own affair.
    bus = open_bus(fd=True, can_filters=[{"can_id": 0x7FF, "can_mask": 0x7FF, "extended": False}])
    other = open_bus(fd=True)
    messages = [can.Message.parse(text) for text in FRAMES]

    bus.send_many(messages)

    rows = [line.split("\t") for line in end(tshark).splitlines()]
    assert [row[:5] for row in rows] == [expected(text) for text in FRAMES]
    received = [other.recv(20) for _ in FRAMES]
    assert [row[5].replace(".", "") for row in rows] == [str(m.timestamp_ns) for m in received]
    assert [row[6] for row in rows] == ["72" if m.is_fd else "16" for m in messages]


def test_fd_flags_are_shown_when_all_interfaces_are_watched(vcan, open_bus, tmp_path):
    frames = ["123#DE", *(f"124##{flags}AABB" for flags in (0, 1, 2, 3)), "123#R"]
    file = tmp_path / "any.pcapng"
    dumpcap = start("dumpcap", "any", file, "-c", str(len(frames)))

    open_bus(fd=True).send_many([can.Message.parse(text) for text in frames])

    end(dumpcap)
    shown = ("can.id", "canfd.flags.brs", "canfd.flags.esi", "sll.pkttype")
    assert read(file, *fields(*shown)) == [
        ["291", "", "", "1"],
        ["292", "0", "0", "1"],
        ["292", "1", "0", "1"],
        ["292", "0", "1", "1"],
        ["292", "1", "1", "1"],
        ["291", "", "", "1"],
    ]


def test_the_log_of_canbus_dump_is_read(vcan, open_bus, tmp_path):
    dump = subprocess.Popen(
        [sys.executable, "-m", "canbus", "dump", vcan, "--log", "--count", str(len(FRAMES))],
        stdout=subprocess.PIPE,
    )
    lists = [Path(f"/proc/net/can/rcvlist_{name}") for name in ("all", "err")]
    while not all(path.exists() and f" {vcan} " in path.read_text() for path in lists):
        assert dump.poll() is None
    open_bus(fd=True).send_many([can.Message.parse(text) for text in FRAMES])
    file = tmp_path / "frames.log"
    file.write_bytes(dump.communicate(timeout=60)[0])

    rows = read(
        file,
        *("--disable-protocol", "autosar-nm"),
        *fields("can.id", "can.len", "data", "canfd.flags.brs", "canfd.flags.esi"),
    )

    for text, row in zip(FRAMES, rows, strict=True):
        msg = can.Message.parse(text)
        ident, _, _, length, data = expected(text)
        flags = [str(int(msg.bitrate_switch)), str(int(msg.error_state_indicator))]
        assert row == [ident, length, data, *(flags if msg.is_fd else ["", ""])]


@pytest.mark.parametrize(
    ("display_filter", "passing"),
    [
        ("can.id == 0x123", ["123#DE", "00000123#AD", "123#R2", "123##0DEAD"]),
        ("can.id == 0x123 && can.flags.xtd == 0", ["123#DE", "123#R2", "123##0DEAD"]),
        ("can.err.busoff == 1", [BUS_OFF]),
        *[
            pytest.param(*one, marks=pytest.mark.soak)  # each starts tshark, which takes seconds
            for one in (
                ("can.flags.rtr == 1", ["123#R2"]),
                ("can.flags.err == 1", [BUS_OFF]),
                ("canfd", ["123##0DEAD"]),
                ("data.data[0] == de", ["123#DE", "123##0DEAD"]),
            )
        ],
    ],
)
def test_display_filters(log, display_filter, passing):
    frames = ["123#DE", "00000123#AD", "123#R2", "123##0DEAD", BUS_OFF]
    numbers = read(log(*frames), "-Y", display_filter, *fields("frame.number"))
    assert [frames[int(number) - 1] for (number,) in numbers] == passing


def test_a_capture_filter_knows_lengths_but_no_identifiers(vcan, open_bus, tmp_path):
    refused = subprocess.run(
        ["dumpcap", "-i", vcan, "-f", "can.id == 0x123"], capture_output=True, text=True
    )
    assert refused.returncode != 0
    assert "Invalid capture filter" in refused.stderr

    file = tmp_path / "fd.pcapng"
    dumpcap = start("dumpcap", vcan, file, "-f", "len = 72", "-c", "2")
    frames = ["123#00", "124##000", "123#R", "125##100"]
    open_bus(fd=True).send_many([can.Message.parse(text) for text in frames])
    end(dumpcap)
    assert read(file, *fields("can.id")) == [["292"], ["293"]]


USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def test_an_ordinary_user_may_not_capture_and_is_told_how_to(vcan):
    refused = subprocess.run([*USER, "dumpcap", "-i", vcan], capture_output=True, text=True)
    assert refused.returncode != 0
    assert "You do not have permission to capture" in refused.stderr
    assert "dpkg-reconfigure wireshark-common" in refused.stderr


def test_the_right_to_raw_sockets_is_enough(vcan, open_bus):
    rights = ("--inh-caps=+net_raw", "--ambient-caps=+net_raw")
    command = [*USER, *rights, "dumpcap", "-q", "-i", vcan, "-c", "1", "-w", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as dumpcap:
        assert dumpcap.stdout.read(4) == b"\x0a\x0d\x0d\x0a"  # it runs: see start()
        open_bus().send(can.Message.parse("123#DEADBEEF"))
        out, err = dumpcap.communicate(timeout=60)
    assert dumpcap.returncode == 0, err
    assert bytes.fromhex("00000123 04000000 DEADBEEF") in out


def test_a_link_that_is_down_cannot_be_watched(vcan):
    subprocess.run(["ip", "link", "set", vcan, "down"], check=True)
    refused = subprocess.run(["dumpcap", "-i", vcan], capture_output=True, text=True)
    assert refused.returncode != 0
    assert "is not up" in refused.stderr


def test_protocols_above_can_are_decoded_when_asked_for(log):
    iso_tp = ["-d", "can.subdissector,iso15765", "-d"]
    engine_speed = log("7DF#02010C", "7E8#04410C1AF8")
    rows = read(engine_speed, *iso_tp, "iso15765.subdissector,obd-ii")
    assert "1726.00 rpm" in rows[1][0]

    vin = log("7E8#101462F190414243", "7E0#300000", "7E8#2144454647484950", "7E8#2251525354555657")
    shown = ["-Y", "uds", *fields("frame.number", "uds.rdbi.data_record")]
    # Only these identifiers are ISO-TP then; the others stay plain CAN.
    some = ["-o", "iso15765.can.ids:0x7e0-0x7ef", "-d"]
    for words in (iso_tp, some):
        (row,) = read(vin, *words, "iso15765.subdissector,uds", *shown)
        assert row == ["4", "4142434445464748495051525354555657"]

    start_node = log("000#0105")
    (plain,) = read(start_node, *fields("frame.protocols"))
    assert plain[0].endswith("autosar-nm")  # a guess, and a wrong one on a CANopen bus
    (row,) = read(start_node, "-d", "can.subdissector,canopen")
    assert "NMT: Start remote node [0x5]" in row[0]
