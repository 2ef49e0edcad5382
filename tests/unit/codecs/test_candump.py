"""The layouts of candump; every expected line was printed by candump 2020.11 on a vcan."""

import pytest

from canbus.codecs.candump import ScreenLayout, log_line
from canbus.message import Message


def frame(text, channel="vcan0", timestamp_ns=1_795_429_011_533_803_999):
    msg = Message.parse(text)
    msg.channel = channel
    msg.timestamp_ns = timestamp_ns
    return msg


# frame, line on the screen, frame in a log
LINES = [
    ("123#DEADBEEF", "  vcan0  123   [4]  DE AD BE EF", "123#DEADBEEF"),
    ("123#", "  vcan0  123   [0] ", "123#"),
    ("7FF#0011223344556677", "  vcan0  7FF   [8]  00 11 22 33 44 55 66 77", "7FF#0011223344556677"),
    ("123#R", "  vcan0  123   [0]  remote request", "123#R"),
    ("123#R4", "  vcan0  123   [4]  remote request", "123#R4"),
    ("1F334455#1122", "  vcan0  1F334455   [2]  11 22", "1F334455#1122"),
    ("00000123#", "  vcan0  00000123   [0] ", "00000123#"),
    ("123##1AABB", "  vcan0  123  [02]  AA BB", "123##5AABB"),
    ("123##0", "  vcan0  123  [00] ", "123##4"),
    (
        "456##300112233445566778899AABB",
        "  vcan0  456  [12]  00 11 22 33 44 55 66 77 88 99 AA BB",
        "456##700112233445566778899AABB",
    ),
    (
        "20000004#0004000000000000",
        "  vcan0  20000004   [8]  00 04 00 00 00 00 00 00   ERRORFRAME",
        "20000004#0004000000000000",
    ),
    (
        "20000004#",
        "  vcan0  20000004   [0]                            ERRORFRAME",
        "20000004#",
    ),
]


@pytest.mark.parametrize(("text", "line", "_"), LINES)
def test_a_frame_alone_is_shown_as_candump_shows_it(text, line, _):
    assert ScreenLayout().line(frame(text)) == line


@pytest.mark.parametrize(("text", "_", "logged"), LINES)
def test_a_log_line_is_that_of_candump_with_microseconds_cut_not_rounded(text, _, logged):
    assert log_line(frame(text)) == f"(1795429011.533803) vcan0 {logged}"


@pytest.mark.parametrize(("text", "_", "logged"), LINES)
def test_a_logged_frame_is_read_back_as_the_same_frame(text, _, logged):
    assert Message.parse(logged).equals(Message.parse(text), timestamp_delta=None)


def test_eleven_bit_ids_move_to_the_right_after_the_first_extended_frame():
    layout = ScreenLayout()
    texts = ["123#01", "20000004#", "123#01", "1F334455#02", "123#01", "123#R", "123##001"]
    assert [layout.line(frame(text)) for text in texts] == [
        "  vcan0  123   [1]  01",
        "  vcan0  20000004   [0]                            ERRORFRAME",
        "  vcan0  123   [1]  01",
        "  vcan0  1F334455   [1]  02",
        "  vcan0       123   [1]  01",
        "  vcan0       123   [0]  remote request",
        "  vcan0       123  [01]  01",
    ]


def test_an_error_frame_marked_extended_indents_nothing():
    layout = ScreenLayout()
    layout.line(Message(arbitration_id=4, is_error_frame=True, is_extended_id=True))
    assert layout.line(frame("123#01")) == "  vcan0  123   [1]  01"


def test_channels_stand_to_the_right_of_the_longest_name_seen():
    layout = ScreenLayout("any")
    assert layout.line(frame("123#", "c0")) == "   c0  123   [0] "
    assert layout.line(frame("123#", "vcan0")) == "  vcan0  123   [0] "
    assert layout.line(frame("123#", "can0")) == "   can0  123   [0] "


def test_a_log_line_has_ten_digits_of_seconds_and_a_channel_column_of_the_width_asked_for():
    assert log_line(frame("123#", "c0", 1_000), 5) == "(0000000000.000001)    c0 123#"


def test_a_frame_without_a_channel_has_an_empty_column():
    assert ScreenLayout().line(frame("123#", None)) == "    123   [0] "
