"""codecs.lawicel: lines that are neither frames nor error reports."""

from __future__ import annotations

import pytest

from canbus.codecs.lawicel import LawicelDecoder, Reply, ReplyKind

CANABLE_2_5 = (
    b"+Board: Multiboard\tMCU: STM32G431\tDevID: 1128\tFirmware: 2492419\tSlcan: 105"
    b"\tClock: 160\tChannels: 1\tQuartz: No\tLimits: 512,256,128,128,32,32,16,16\tHAL: 1.2.5"
    b"\tSerial: 209F336F4E4D5018"
)
REPLIES = {
    ReplyKind.OK: [b"", b"#"],
    ReplyKind.REFUSED: [b"#1", b"#7", b"#:", b"#<", b"#="],
    ReplyKind.SENT: [b"z", b"Z"],
    ReplyKind.CONFIRMED: [b"M3F", b"Mff", b"zt10020011", b"Zx000000010", b"zb1230000A0", b"zr2003"],
    ReplyKind.VERSION: [
        b"V1013",
        b"V0100",
        b"VL2K0 ba6b1dd github.com/someone/some.git",
        b"b158aa7 github.com/normaldotcom/canable2.git",
        b"d158aa4 github.com/normaldotcom/cantact-fw.git",
        b"16e7497-dirty github.com/normaldotcom/canable2.git",
        CANABLE_2_5,
    ],
    ReplyKind.FIRMWARE: [b"v0104", b"v: hardware=\"CANable2.0\", software=\"1\""],
    ReplyKind.SERIAL: [b"NA123", b"NFFFF", b"N43010123"],
    ReplyKind.STATUS: [b"F00", b"FA4", b"Fff"],
    ReplyKind.POLLED: [b"A"],
    ReplyKind.COMMAND: [
        b"C", b"O", b"L", b"l", b"ON", b"OS", b"V", b"v", b"N", b"F", b"f", b"P", b"E",
        b"S0", b"S8", b"SA", b"Y2", b"Z0", b"Z1", b"X1", b"W2", b"U1", b"Q0", b"A0", b"A1",
        b"s001C", b"s4,69,10,7", b"sC19A03", b"s10460908", b"y021E0908", b"y4,9,10,7",
        b"M00000000", b"mFFFFFFFF", b"M0", b"M1", b"MF", b"Mf", b"MDEFMS", b"m7FF",
        b"F7E8,7FF", b"F7E0,7F0;720,7F0", b"z0001", b"*DFU", b"*Boot0:?",
    ],
    ReplyKind.TEXT: [
        b"+1", b"+Text with words", b">debug message", b">", b"L27", b"L7", b"I30A0",
        b"i: clock=160", b"f: state=1", b"Z1234", b"Z0000000F", b"z00000000",
        b"CANable Error Register: 10", b"Bootloader 1.2", b"Test firmware",
    ],
}  # fmt: skip
TABLE = [(kind, line) for kind, lines in REPLIES.items() for line in lines]


def test_every_kind_is_in_the_table() -> None:
    assert set(REPLIES) == set(ReplyKind) - {ReplyKind.UNWANTED}  # which needs `fd=False`


@pytest.mark.parametrize(("kind", "line"), TABLE)
def test_a_reply_is_told_by_its_form(kind: ReplyKind, line: bytes) -> None:
    decoder = LawicelDecoder("x")
    for data in (line + b"\r", line + b"\r\n", line + b"\n\r"):
        assert decoder.feed(data) == [Reply(kind, line)]
        assert not decoder.only_frames
        assert decoder.pending == 0


@pytest.mark.parametrize(("kind", "line"), TABLE)
def test_a_reply_may_come_byte_by_byte(kind: ReplyKind, line: bytes) -> None:
    decoder = LawicelDecoder("x")
    for number in range(len(line)):
        assert decoder.feed(line[number : number + 1]) == []
        assert decoder.only_frames
    assert decoder.feed(b"\r") == [Reply(kind, line)]


def test_a_reply_between_frames() -> None:
    decoder = LawicelDecoder("x")
    events = decoder.feed(b"t1230\rz\rt1230\r")
    assert events[1] == Reply(ReplyKind.SENT, b"z")
    assert len(events) == 3
    assert not decoder.only_frames
    assert len(decoder.feed(b"t1230\rt1230\r")) == 2
    assert decoder.only_frames
