"""The state of an adapter, its lines, frames and time stamps, without a terminal."""

from __future__ import annotations

import pytest

from canbus.message import Message
from canbus.testing.slcan.adapter import LONGEST_LINE
from canbus.testing.slcan.firmware import Mode
from canbus.testing.slcan.firmwares import FIRMWARES
from tests.unit.testing_slcan.bare import BEL, CR, make, texts

OPEN = ("S6", "O")

# -- state


def test_settings_are_kept_as_they_were_given():
    adapter = make("lawicel", "s001c", "M00112233", "mffffffff", "W1", "L")
    assert adapter.bitrate == "s001c"
    assert adapter.acceptance == {"M": "00112233", "m": "FFFFFFFF", "W": "1"}
    assert adapter.mode is Mode.LISTEN_ONLY
    assert make("canable2", "S6", "Y5").data_bitrate == "Y5"


def test_power_up_forgets_everything_and_half_a_line():
    adapter = make("lawicel", "S6", "Z1", "M00112233", "O")
    adapter.feed(b"t12")
    adapter.power_up()
    assert (adapter.mode, adapter.bitrate, adapter.stamps, adapter.acceptance) == (
        None,
        None,
        None,
        {},
    )
    assert adapter.ask("V\r") == b"V1013\r"


def test_status_shows_what_is_set_and_once_what_was_lost():
    adapter = make("lawicel", *OPEN)
    adapter.status, adapter.lost = 0x24, 0x09
    assert adapter.ask("F\rF\r") == b"F2D\rF24\r"
    adapter = make("usbtin")
    adapter.lost = 0x08
    assert adapter.ask("F\rF\r") == b"F08\rF08\r"


def test_loopback_gives_back_what_is_sent_after_the_answer_and_sends_nothing():
    adapter = make("usbtin", "S6", "l")
    assert adapter.ask("t12311A\r") == b"z\rt12311A\r"
    assert adapter.wire == []


def test_a_lax_adapter_sends_nothing_while_it_is_closed():
    adapter = make("canable2-answers")
    assert adapter.ask("t1230\r") == CR
    assert adapter.wire == []


def test_the_kernels_end_is_always_open():
    adapter = make("slcan", "C")
    adapter.arrive(Message.parse("123#11"))
    assert adapter.said == [b"t123111\r"]


def test_an_empty_line_repeats_the_last_one_on_a_canable():
    adapter = make("canable1", "S6", "O", "t12311A")
    adapter.feed(b"\r")
    assert texts(adapter.wire) == ["123#1A", "123#1A"]


def test_a_wire_that_takes_nothing_makes_it_refuse():
    adapter = make("lawicel", *OPEN)
    adapter.transmitter.to_wire = lambda msg: False
    assert adapter.ask("t1230\r") == BEL


# -- nobody acknowledges


def test_frames_wait_until_somebody_acknowledges_and_too_many_are_refused():
    adapter = make("usbtin", *OPEN)
    adapter.hear(False)
    assert adapter.ask("t0010\rt0020\rt0030\rt0040\r") == b"z\rz\rz\r\a"
    assert adapter.wire == []
    assert adapter.ask("F\r") == b"F02\r"
    adapter.said.clear()
    adapter.hear(True)
    assert texts(adapter.wire) == ["001#", "002#", "003#"]
    assert adapter.said == []
    assert adapter.ask("t0050\r") == b"z\r"


def test_what_does_not_fit_is_dropped_without_a_word_by_a_lax_adapter():
    adapter = make("canable2-answers", *OPEN)
    adapter.hear(False)
    assert adapter.ask("t0010\r" * 70) == CR * 70
    assert len(adapter.transmitter.pending) == 66


def test_an_adapter_that_tries_once_loses_the_frame_and_confirms_nothing():
    adapter = make("weact", *OPEN)
    adapter.hear(False)
    assert adapter.ask("t0010\r") == b""
    adapter.hear(True)
    assert (adapter.wire, adapter.transmitter.lost) == ([], 1)


def test_an_adapter_that_confirms_answers_when_the_frame_is_out():
    row = FIRMWARES["weact"]._replace(is_one_shot=False, queue=2)
    adapter = make(row, *OPEN)
    adapter.hear(False)
    assert adapter.ask("t0010\rt0020\rt0030\r") == BEL
    adapter.said.clear()
    adapter.hear(True)
    assert adapter.said == [CR, CR]


@pytest.mark.parametrize("end", ["C", "power"])
def test_what_waits_is_forgotten_when_the_channel_is_closed(end):
    adapter = make("lawicel", *OPEN)
    adapter.hear(False)
    adapter.ask("t0010\r")
    adapter.ask("C\r") if end == "C" else adapter.power_up()
    adapter.hear(True)
    assert adapter.wire == []


# -- lines


def test_lines_may_come_in_any_pieces():
    adapter = make()
    adapter.feed(b"S")
    adapter.feed(b"6\rO\rt123")
    adapter.feed(b"0")
    assert b"".join(adapter.said) == b"\r\r"
    adapter.feed(b"\rV\r")
    assert b"".join(adapter.said) == b"\r\rz\rV1013\r"


def test_line_feeds_do_not_disturb():
    assert make().ask("S6\r\nO\r\n") == b"\r\r"


def test_a_line_that_is_too_long_is_refused_as_a_whole():
    adapter = make("lawicel", *OPEN)
    assert adapter.ask("t" * LONGEST_LINE + "tttt\rV\r") == b"\aV1013\r"
    for _ in range(4):
        assert adapter.ask("0" * LONGEST_LINE) == b""
    assert adapter.ask("\rV\r") == b"\aV1013\r"


def test_bytes_that_are_no_text_are_refused():
    assert make().ask("\x80\xff\r") == BEL


# -- frames from the wire


def test_frames_are_dropped_and_counted_while_the_channel_is_closed():
    adapter = make()
    adapter.arrive(Message.parse("123#11"))
    assert (adapter.said, adapter.unheard) == ([], 1)


def test_what_the_protocol_has_no_line_for_is_dropped_and_counted():
    adapter = make("lawicel", *OPEN)
    adapter.said.clear()
    adapter.arrive(Message.parse("123##111"))
    adapter.arrive(Message(is_error_frame=True, arbitration_id=4, data=bytes(8)))
    assert (adapter.said, adapter.unheard) == ([], 2)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("123#", b"t1230\r"),
        ("123#1122334455667788", b"t12381122334455667788\r"),
        ("00000001#AB", b"T000000011AB\r"),
        ("7FF#R8", b"r7FF8\r"),
        ("1FFFFFFF#R", b"R1FFFFFFF0\r"),
        ("123##0" + "11" * 12, b"d1239" + b"11" * 12 + b"\r"),
        ("123##1" + "22" * 64, b"b123F" + b"22" * 64 + b"\r"),
        ("00000123##0AA", b"D000001231AA\r"),
        ("00000123##1AA", b"B000001231AA\r"),
    ],
)
def test_a_frame_is_written_as_its_line_and_read_back(text, line):
    adapter = make("canable2-nakakiyo", "S6", "O")
    adapter.said.clear()
    adapter.arrive(Message.parse(text))
    assert adapter.said == [line]
    adapter.ask(line.decode())
    assert texts(adapter.wire) == texts([Message.parse(text)])


def test_remote_frames_have_digits_that_mean_nothing_on_some():
    adapter = make("canable1", *OPEN)
    adapter.arrive(Message.parse("123#R2"))
    assert adapter.said == [b"r1232A5A5\r"]
    adapter = make("weact", *OPEN)
    adapter.ask("r12320000\r")
    assert texts(adapter.wire) == ["123#R2"]


def test_a_frame_that_arrives_during_a_command_comes_after_its_answer():
    adapter = make("lawicel", *OPEN)
    adapter.transmitter.to_wire = lambda msg: adapter.arrive(Message.parse("321#"))
    assert adapter.ask("t1230\rV\r") == b"z\rt3210\rV1013\r"


@pytest.mark.parametrize(
    ("commands", "passed"),
    [
        ([], ["123#", "124#", "00000123#"]),
        (["F123,7FF"], ["123#"]),
        (["F120,7F0"], ["123#", "124#"]),
        (["F00000123,1FFFFFFF"], ["00000123#"]),
        (["F123,7FF;00000000,00000000"], ["123#", "00000123#"]),
        (["F123,7FF", "f"], ["123#", "124#", "00000123#"]),
    ],
)
def test_a_canable_25_filters_exactly(commands, passed):
    adapter = make("canable2.5", *commands, "S6", "O")
    frames = ["123#", "124#", "00000123#"]
    for text in frames:
        adapter.arrive(Message.parse(text))
    assert len(adapter.said) == len(passed)
    for line, text in zip(adapter.said, passed, strict=True):
        assert line.decode()[1:-2] == text[:-1]


def test_filters_are_forgotten_with_c_on_a_canable_25():
    adapter = make("canable2.5", "F123,7FF", "C", "S6", "O")
    adapter.arrive(Message.parse("124#"))
    assert adapter.said == [b"t1240\r"]


# -- time stamps


@pytest.mark.parametrize(
    ("dialect", "switch", "ns", "stamp"),
    [
        ("lawicel", "Z1", 0, b"0000"),
        ("lawicel", "Z1", 59_999_999_999, b"EA5F"),
        ("lawicel", "Z1", 60_000_000_000, b"0000"),
        ("usbtin", "Z1", 60_000_000_000, b"EA60"),
        ("canable2-nakakiyo", "Z2", 1_000_000_000, b"000F4240"),
        ("candapter", "A1", 1_000_000, b"0001"),
    ],
)
def test_time_stamps_count_and_wrap(dialect, switch, ns, stamp):
    adapter = make(dialect, switch, "S6", "O", clock=lambda: ns)
    adapter.said.clear()
    adapter.arrive(Message.parse("123#11"))
    assert adapter.said == [b"t123111" + stamp + b"\r"]


def test_time_stamps_can_be_turned_off_again():
    adapter = make("lawicel", "Z1", "Z0", "S6", "O")
    adapter.said.clear()
    adapter.arrive(Message.parse("123#11"))
    assert adapter.said == [b"t123111\r"]
