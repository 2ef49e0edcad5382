"""Which command an adapter answers how, by firmware and state: tables."""

from __future__ import annotations

import pytest

from canbus.errors import CanConfigError
from canbus.message import Message
from canbus.testing.slcan import SlcanAdapter
from canbus.testing.slcan.firmwares import FIRMWARES
from tests.unit.testing_slcan.bare import BEL, CR, make, texts

# -- answers, by dialect and state: what was sent before, a command, its answer

OPEN = ("S6", "O")
LAWICEL = [
    ((), "S6", CR),
    ((), "S8", CR),
    ((), "S9", BEL),
    ((), "S", BEL),
    (OPEN, "S6", BEL),
    ((), "s001C", CR),
    ((), "s001", BEL),
    ((), "s00XY", BEL),
    (OPEN, "s001C", BEL),
    ((), "O", BEL),
    (("S6",), "O", CR),
    (("s001C",), "O", CR),
    (("S6",), "OO", BEL),
    (("S6",), "L", CR),
    (OPEN, "O", BEL),
    (OPEN, "L", BEL),
    ((), "C", BEL),
    (OPEN, "C", CR),
    ((*OPEN, "C"), "O", CR),
    ((), "V", b"V1013\r"),
    (OPEN, "V", b"V1013\r"),
    ((), "N", b"NA123\r"),
    ((), "v", BEL),
    ((), "F", BEL),
    (OPEN, "F", b"F00\r"),
    ((), "Z1", CR),
    ((), "Z7", BEL),
    (OPEN, "Z1", BEL),
    ((), "M00000000", CR),
    ((), "m0000", BEL),
    (OPEN, "mFFFFFFFF", BEL),
    ((), "W1", CR),
    ((), "X1", CR),
    ((), "d1230", BEL),
    ((), "", CR),
    ((), "q", BEL),
    ((), "t1230", BEL),
    (OPEN, "t1230", b"z\r"),
    (OPEN, "t12381122334455667788", b"z\r"),
    (OPEN, "t1232dead", b"z\r"),
    (OPEN, "r1238", b"z\r"),
    (OPEN, "T0000012312A", b"Z\r"),
    (OPEN, "R000001238", b"Z\r"),
    (OPEN, "t1239" + "00" * 9, BEL),
    (OPEN, "t1232DE", BEL),
    (OPEN, "t1232DEADBEEF", BEL),
    (OPEN, "t1231 1", BEL),
    (OPEN, "t8001AA", BEL),
    (OPEN, "T2000000010", BEL),
    (OPEN, "t12", BEL),
    (OPEN, "r12381122334455667788", BEL),
    (("S6", "L"), "t1230", BEL),
]
USBTIN = [
    ((), "O", CR),
    ((), "v", b"v0108\r"),
    ((), "F", b"F00\r"),
    ((), "", BEL),
    ((), "sC09A03", CR),
    ((), "s001C", BEL),
    (OPEN, "Z1", CR),
    ((), "l", CR),
    (("l",), "t1230", b"z\rt1230\r"),
    ((), "C", BEL),
]
CANABLE2 = [
    ((), "V", b"16e7497-dirty github.com/normaldotcom/canable2.git\r"),
    ((), "S6", b""),
    ((), "S7", b""),
    (OPEN, "S6", b""),
    (OPEN, "t1230", b""),
    (OPEN, "b12391122334455667788AABBCCDD", b""),
    ((), "t1230", b""),
    ((), "L", b""),
    ((), "C", b""),
    ((), "N", b""),
]
CANABLE2_ANSWERS = [
    ((), "C", CR),
    ((), "S6", CR),
    ((), "SF", BEL),
    (OPEN, "S6", CR),
    (OPEN, "t1230", CR),
    ((), "t1230", CR),
    ((), "L", BEL),
    ((), "Y2", CR),
    ((), "Y3", BEL),
]
TOLD = ("MF",)
CANABLE25 = [
    ((), "S6", b""),
    ((), "MF", b"#\r"),
    (TOLD, "S6", b"#\r"),
    (TOLD, "SX", b"#2\r"),
    (TOLD, "O", b"#:\r"),
    ((*TOLD, "S6", "O"), "S6", b"#4\r"),
    (TOLD, "t1230", b"#3\r"),
    ((*TOLD, "S6", "OS"), "t1230", b"#9\r"),
    ((*TOLD, "S6", "M1", "O"), "t1230", b"#9\r"),
    ((*TOLD, "S6", "OI"), "t1230", b"#\rt1230\r"),
    ((*TOLD, "S6", "O"), "d1230", b"#:\r"),
    ((*TOLD, "S6", "Y2", "O"), "d1230", b"#\r"),
    (TOLD, "q", b"#1\r"),
    (TOLD, "F7E8,7FF", b"#\r"),
    (TOLD, "F7E8,7FF;18DA00F1,1FFFFFFF", b"#\r"),
    (TOLD, "F" + ";".join(["7E8,7FF"] * 8), b"#\r"),
    (TOLD, "F" + ";".join(["7E8,7FF"] * 9), b"#2\r"),
    (TOLD, "F7E8", b"#2\r"),
    (TOLD, "F7E8,1FFFFFFF", b"#2\r"),
    (TOLD, "F", b"#2\r"),
    ((*TOLD, "S6", "O"), "F7E8,7FF", b"#4\r"),
    ((*TOLD, "S6", "O"), "f", b"#4\r"),
    (TOLD, "f", b"#\r"),
    (TOLD, "C", b""),
    ((*TOLD, "C"), "S6", b""),
    ((*TOLD, "S6", "C", "MF"), "O", b"#:\r"),
]
TABLES: dict[str, list[tuple[tuple[str, ...], str, bytes]]] = {
    "lawicel": LAWICEL,
    "usbtin": USBTIN,
    "canable1": [((), "V", b"b158aa4 github.com/normaldotcom/cantact-fw.git\r"), ((), "S6", b"")],
    "canable1-answers": [((), "S6", CR), ((), "q", BEL), ((), "d1230", BEL)],
    "canable2": CANABLE2,
    "canable2-answers": CANABLE2_ANSWERS,
    "canable2-nakakiyo": [
        ((), "V", b"VL2K5\r"),
        ((), "N", b"NA123\r"),
        ((), "C", BEL),
        (OPEN, "F", b"F00\r"),
        (("S6", "+"), "d1230", b"z\rd1230\r"),
    ],
    "canable2.5": CANABLE25,
    "canable2.5-answers": [
        ((), "S6", CR),
        ((), "SA", CR),
        ((), "q", BEL),
        ((), "MF", b"#\r"),
        (TOLD, "Mf", b"#\r"),
        ((*TOLD, "Mf"), "S6", CR),
        (OPEN, "t1230", CR),
    ],
    "cantact": [((), "V", b""), (OPEN, "t1230", b""), ((), "q", b"")],
    "candapter": [
        ((), "S6", b"\x06"),
        ((), "O", BEL),
        (OPEN, "x0000012312A", b"\x06"),
        (OPEN, "T1230", b"\x06"),
        (OPEN, "T000001230", BEL),
        ((), "A1", b"\x06"),
    ],
    "weact": [
        ((), "SA", CR),
        ((), "V", b"WeAct Studio V1.0.0.5_2a4b6c8d\r"),
        (OPEN, "t1230", CR),
        ((), "t1230", BEL),
        (OPEN, "r1232", BEL),
        (OPEN, "r12320000", CR),
        (("S6", "M1", "O"), "t1230", BEL),
        (("S6", "M1", "O", "C", "O"), "t1230", BEL),
        (("S6", "M1", "M0", "O"), "t1230", CR),
        ((), "", BEL),
        (OPEN, "S6", CR),
        (OPEN, "M0", BEL),
    ],
    "wican": [((), "N", b"N43010123\r"), ((), "S99", CR), ((), "q", CR), ((), "t1230", CR)],
    "slcan": [((), "V", b""), ((), "S6", b""), ((), "C", b""), ((), "t1230", b"")],
}
CASES = [(name, *case) for name, cases in TABLES.items() for case in cases]


@pytest.mark.parametrize(("dialect", "before", "command", "answer"), CASES)
def test_a_command_has_the_answer_that_the_firmware_gives(dialect, before, command, answer):
    assert make(dialect, *before).ask(f"{command}\r") == answer


def test_there_is_a_table_for_every_firmware():
    assert set(TABLES) == set(FIRMWARES)


@pytest.mark.parametrize("dialect", FIRMWARES)
def test_a_frame_of_the_host_goes_out_and_one_of_the_wire_comes_in(dialect):
    adapter = make(dialect, "MF", "S6", "Y2", "O")
    letter = "x" if dialect == "candapter" else "T"
    adapter.ask("t1232DEAD\r" + letter + "1F334455122\r")
    assert texts(adapter.wire) == ["123#DEAD", "1F334455#22"]
    adapter.said.clear()
    adapter.arrive(Message.parse("321#0102"))
    adapter.arrive(Message.parse("1F334455#33"))
    assert adapter.said == [b"t32120102\r", letter.encode() + b"1F334455133\r"]


def test_an_unknown_dialect_is_refused_with_the_names_there_are():
    with pytest.raises(CanConfigError, match="nonsense") as caught:
        SlcanAdapter("nonsense")
    assert "lawicel" in str(caught.value.hint)


def test_texts_of_identity_can_be_given():
    adapter = make(version="V9999", firmware="v1", serial="NB0B0")
    assert adapter.ask("V\rv\rN\r") == b"V9999\rv1\rNB0B0\r"
