import pytest

from canbus.cli.filter_text import parse_filter
from canbus.errors import CanConfigError
from canbus.filters import matcher, normalise
from canbus.message import Message

# filter text, frames that pass, frames that do not: as candump and the kernel have it
CASES = [
    ("123:7FF", ["123#", "123#R", "00000123#", "1F334923#"], ["124#", "00000124#"]),
    ("123:C00007FF", ["123#"], ["123#R", "00000123#", "124#"]),
    ("123:800007FF", ["123#", "123#R"], ["00000123#", "124#"]),
    ("1F334455:1FFFFFFF", ["1F334455#"], ["455#", "1F334456#"]),
    ("00000123:9FFFFFFF", ["00000123#", "00000123#R"], ["123#", "00000124#"]),
    ("92345678:DFFFFFFF", ["12345678#"], ["12345678#R", "678#"]),
    ("400~700", ["123#", "7E0#"], ["400#", "4FF#"]),
    ("0:0", ["123#", "1F334455#", "123#R"], []),
    ("0~0", [], ["123#", "1F334455#"]),
    ("12345123:800007FF", [], ["123#", "124#"]),  # 8 digits: extended
    ("F123:8000FFFF", ["123#"], ["124#", "00000123#"]),  # cut to 11 bits, as the kernel does
    ("4000123:FFFFFFFF", [], ["00000123#"]),
]


@pytest.mark.parametrize(("text", "passing", "stopped"), CASES)
def test_a_filter_means_what_it_means_to_candump(text, passing, stopped):
    passes = matcher(normalise([parse_filter(text)]))
    assert passes is not None
    assert [frame for frame in passing if not passes(Message.parse(frame))] == []
    assert [frame for frame in stopped if passes(Message.parse(frame))] == []


@pytest.mark.parametrize(
    "text", ["", "123", "123:", ":7FF", "123:7FG", "123#7FF", "123456789:7FF", "-1:7FF", "1:2:3"]
)
def test_text_of_another_form_is_refused_with_the_grammar(text):
    with pytest.raises(CanConfigError, match="cannot read the filter") as caught:
        parse_filter(text)
    assert "ID:MASK" in str(caught.value.hint)


def test_the_inversion_bit_in_an_id_is_refused_and_the_tilde_named():
    with pytest.raises(CanConfigError, match="bit 29") as caught:
        parse_filter("20000123:7FF")
    assert "ID~MASK" in str(caught.value.hint)
