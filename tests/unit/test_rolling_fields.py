"""Counters and checksums as fields of the data, against bits set one by one."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.checksums import ALGORITHMS, Crc
from canbus.errors import CanConfigError
from canbus.message import Message
from canbus.rolling import Checksum, Counter

LITTLE, BIG = "little_endian", "big_endian"


def frame(data: bytes | bytearray | str = bytes(8), **facts: Any) -> Message:
    raw = bytes.fromhex(data) if isinstance(data, str) else data
    return Message(arbitration_id=0x123, is_extended_id=False, data=raw, **facts)


def payloads(messages: list[Message]) -> list[str]:
    return [msg.data.hex() for msg in messages]


# -- where a counter lies -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "value", "data"),
    [
        (Counter(0, 4), 0xF, "0f000000"),
        (Counter(8, 4), 0xA, "000a0000"),
        (Counter(12, 4), 0xA, "00a00000"),
        (Counter(8, 8), 0xAB, "00ab0000"),
        (Counter(8, 16), 0x1234, "00341200"),
        (Counter(6, 4), 0xF, "c0030000"),
        (Counter(31, 1), 1, "00000080"),
        # In a DBC file "start" of a big-endian signal is its most significant bit.
        (Counter(3, 4, byte_order="big_endian"), 0xA, "0a000000"),
        (Counter(15, 4, byte_order="big_endian"), 0xA, "00a00000"),
        (Counter(15, 8, byte_order="big_endian"), 0xAB, "00ab0000"),
        (Counter(15, 16, byte_order="big_endian"), 0x1234, "00123400"),
        (Counter(1, 4, byte_order="big_endian"), 0xF, "03c00000"),
        (Counter(24, 1, byte_order="big_endian"), 1, "00000001"),
    ],
)
def test_a_counter_lies_where_a_dbc_file_says(counter: Counter, value: int, data: str) -> None:
    written = bytearray(4)
    counter.put(written, value)
    assert written.hex() == data


def bits_of(start: int, length: int, byte_order: str) -> list[int]:
    """Numbers of a signal's bits, the least significant one first, found by walking."""
    if byte_order == LITTLE:
        return list(range(start, start + length))
    walked = [start]
    while len(walked) < length:
        walked.append(walked[-1] - 1 if walked[-1] % 8 else walked[-1] + 15)
    return walked[::-1]


@st.composite
def placed(draw: Any) -> tuple[Counter, bytes, int]:
    byte_order = draw(st.sampled_from([LITTLE, BIG]))
    start, length = draw(st.integers(0, 100)), draw(st.integers(1, 64))
    size = max(bits_of(start, length, byte_order)) // 8 + 1
    data = draw(st.binary(min_size=size, max_size=size + 3))
    return Counter(start, length, byte_order=byte_order), data, draw(st.integers(0, 2**length - 1))


@given(placed())
def test_a_value_goes_into_its_bits_and_no_other(case: tuple[Counter, bytes, int]) -> None:
    counter, data, value = case
    expected = bytearray(data)
    numbers = bits_of(counter.start, counter.length, counter.byte_order)
    for place, number in enumerate(numbers):
        byte, bit = divmod(number, 8)
        expected[byte] = expected[byte] & ~(1 << bit) | (value >> place & 1) << bit
    written = bytearray(data)
    counter.put(written, value)
    assert written == expected
    assert counter.bits == sum(1 << number for number in numbers)
    assert counter.end == max(numbers) // 8 + 1


@pytest.mark.parametrize("value", [-1, 16])
def test_a_value_that_does_not_fit_is_not_written(value: int) -> None:
    data = bytearray(2)
    with pytest.raises(CanConfigError, match=f"{value} does not fit the counter of 4 bits at bit"):
        Counter(8, 4).put(data, value)
    assert data == bytes(2)


@pytest.mark.parametrize("counter", [Counter(16, 4), Counter(12, 8), Counter(0, 17)])
def test_data_that_is_too_short_is_refused_and_never_grown(counter: Counter) -> None:
    data = bytearray(2)
    with pytest.raises(CanConfigError, match="it needs 3 bytes, and there are 2") as info:
        counter.put(data, 1)
    assert data == bytes(2)
    assert "more data" in (info.value.hint or "")


@pytest.mark.parametrize(
    ("counter", "values"),
    [
        (Counter(0, 2), [0, 1, 2, 3, 0, 1]),
        (Counter(0, 2, 3), [0, 1, 2, 0, 1, 2]),
        (Counter(0, 2, first=2), [2, 3, 0, 1, 2, 3]),
        (Counter(0, 8, 3, first=2), [2, 0, 1, 2, 0, 1]),
        (Counter(0, 1), [0, 1, 0, 1, 0, 1]),
    ],
)
def test_a_counter_counts_and_begins_again(counter: Counter, values: list[int]) -> None:
    assert [counter.value(index) for index in range(6)] == values


COUNTERS: list[tuple[tuple[Any, ...], dict[str, Any], str, str]] = [
    ((-1, 4), {}, "start must be at least 0, not -1", "8 for byte 1"),
    ((1.0, 4), {}, "start must be an int, not 1.0", "8 for byte 1"),
    ((True, 4), {}, "start must be an int, not True", "8 for byte 1"),
    ((0, 0), {}, "length must be from 1 to 64, not 0", "number of bits"),
    ((0, 65), {}, "length must be from 1 to 64, not 65", "number of bits"),
    ((0, "4"), {}, "length must be an int, not '4'", "number of bits"),
    ((0, 4, 17), {}, "modulo must be from 2 to 16, not 17", "4 bits hold 16 values"),
    ((0, 4, 1), {}, "modulo must be from 2 to 16, not 1", "leave it out"),
    ((0, 4, 0), {}, "modulo must be from 2 to 16, not 0", "leave it out"),
    ((0, 4, 2.0), {}, "modulo must be an int", "leave it out"),
    ((0, 4), {"first": 16}, "first must be from 0 to 15, not 16", "also has later"),
    ((0, 4, 15), {"first": 15}, "first must be from 0 to 14, not 15", "also has later"),
    ((0, 4), {"first": -1}, "first must be from 0", "also has later"),
    ((0, 4), {"byte_order": "little"}, "byte_order must be .* not 'little'", "Intel"),
    ((0, 4), {"byte_order": 1}, "byte_order must be .* not 1", "Motorola"),
    ((0, 4), {"byte_order": []}, r"byte_order must be .* not \[\]", "Motorola"),
]


@pytest.mark.parametrize(("args", "named", "what", "hint"), COUNTERS)
def test_a_counter_that_cannot_be_is_refused_by_argument(
    args: tuple[Any, ...], named: dict[str, Any], what: str, hint: str
) -> None:
    with pytest.raises(CanConfigError, match=f"Counter {what}") as info:
        Counter(*args, **named)
    assert hint in (info.value.hint or "")


# -- what a checksum covers ---------------------------------------------------------------


def seen_by(checksum: Callable[..., Checksum], **named: Any) -> tuple[bytes, str]:
    """What the function is given for the data 1 2 3 4 5, and the data afterwards."""
    seen: list[Any] = []
    data = bytearray(b"\1\2\3\4\5")

    def record(given_bytes: bytes) -> int:
        seen.append(given_bytes)
        return 0xEE

    checksum(record, **named).put(data)
    (covered,) = seen
    assert type(covered) is bytes
    return covered, data.hex()


@pytest.mark.parametrize(
    ("named", "covered", "data"),
    [
        ({"byte": 0}, "02030405", "ee02030405"),
        ({"byte": 2}, "01020405", "0102ee0405"),
        ({"byte": 4}, "01020304", "01020304ee"),
        ({"byte": 1, "size": 2}, "010405", "01ee000405"),
        ({"byte": 1, "size": 2, "byte_order": BIG}, "010405", "0100ee0405"),
        ({"byte": 0, "over": slice(1, 3)}, "0203", "ee02030405"),
        ({"byte": 4, "over": slice(None, -1)}, "01020304", "01020304ee"),
        ({"byte": 2, "over": slice(3, None)}, "0405", "0102ee0405"),
        # Its own bytes count as zero: what stands there is of the frame before.
        ({"byte": 2, "over": slice(None)}, "0102000405", "0102ee0405"),
        ({"byte": 0, "over": slice(0, 3), "size": 2}, "000003", "ee00030405"),
        ({"byte": 0, "over": slice(None, None, 2)}, "000305", "ee02030405"),
        ({"byte": 0, "prefix": b"\xaa\xbb"}, "aabb02030405", "ee02030405"),
        ({"byte": 0, "suffix": b"\xaa\xbb"}, "02030405aabb", "ee02030405"),
        ({"byte": 0, "prefix": bytearray(b"\xaa"), "over": slice(4, 5)}, "aa05", "ee02030405"),
    ],
)
def test_a_checksum_covers_what_it_was_told(named: Any, covered: str, data: str) -> None:
    assert seen_by(Checksum, **named) == (bytes.fromhex(covered), data)


@pytest.mark.parametrize(
    ("algorithm", "byte_order", "data"),
    [
        ("crc16_ccitt_false", LITTLE, "b129"),
        ("crc16_ccitt_false", BIG, "29b1"),
        (ALGORITHMS["crc16_ccitt_false"], LITTLE, "b129"),
        (Crc(width=24, polynomial=0x864CFB, initial=0xB704CE), BIG, "21cf02"),
        ("crc8_autosar", LITTLE, "df"),
        ("crc8_autosar", BIG, "df"),
    ],
)
def test_a_crc_fills_as_many_bytes_as_it_has(algorithm: Any, byte_order: Any, data: str) -> None:
    size = len(data) // 2
    written = bytearray(b"123456789" + bytes(size))
    Checksum(algorithm, 9, byte_order=byte_order).put(written)
    assert written == b"123456789" + bytes.fromhex(data)


class NumpyLike:
    def __index__(self) -> int:
        return 7


def test_a_function_may_return_what_is_like_an_int() -> None:
    function: Any = lambda covered: NumpyLike()  # noqa: E731
    assert Checksum(function, 0).value(bytes(2)) == 7


@pytest.mark.parametrize(
    ("result", "size", "what", "hint"),
    [
        (256, None, "gave 256, which does not fit 1 byte", "& 0xFF"),
        (-1, None, "gave -1, which does not fit 1 byte", "& 0xFF"),
        (65536, 2, "gave 65536, which does not fit 2 byte", "size="),
        (1.5, None, "gave 1.5", "must return an int"),
        (None, None, "gave None", "must return an int"),
        (b"\1", None, "gave b'.x01'", "must return an int"),
    ],
)
def test_a_result_that_does_not_fit_names_the_function(
    result: Any, size: int | None, what: str, hint: str
) -> None:
    def of_our_own(covered: bytes) -> Any:
        return result

    data = bytearray(b"\1\2\3")
    with pytest.raises(CanConfigError, match=f"checksum of_our_own at byte 1 {what}") as info:
        Checksum(of_our_own, 1, size=size).put(data)
    assert hint in (info.value.hint or "")
    assert data == b"\1\2\3"


@pytest.mark.parametrize(("algorithm", "byte"), [("sum8", 3), ("crc16_ccitt_false", 2)])
def test_a_checksum_never_grows_the_data(algorithm: str, byte: int) -> None:
    data = bytearray(3)
    with pytest.raises(CanConfigError, match=f"checksum {algorithm} at byte {byte} does not lie"):
        Checksum(algorithm, byte).put(data)
    assert data == bytes(3)


CHECKSUMS: list[tuple[dict[str, Any], str, str]] = [
    ({"algorithm": "crc9"}, "there is no checksum 'crc9'", "crc8_sae_j1850"),
    ({"algorithm": 8}, "algorithm 8 is neither a name nor a function", "Crc()"),
    ({"byte": -1}, "byte must be at least 0, not -1", "index"),
    ({"byte": None}, "byte must be an int, not None", "index"),
    ({"over": 3}, "over must be a slice of the data, not 3", r"slice(1, 8)"),
    ({"over": (0, 3)}, "over must be a slice", "slice(1, 8)"),
    ({"over": slice("a", None)}, "over must be a slice", "slice(1, 8)"),
    ({"over": slice(0, 4, 0)}, "over must be a slice", "slice(1, 8)"),
    ({"prefix": 5}, "prefix must be bytes, not 5", "prefix=(0x1234)"),
    ({"suffix": "ab"}, "suffix must be bytes, not 'ab'", "suffix=(0x1234)"),
    ({"byte_order": "big"}, "byte_order must be .* not 'big'", "Motorola"),
    ({"size": 2}, "size=2, but a CRC of 8 bits has 1", "leave size out"),
    ({"algorithm": "sum8", "size": 0}, "size must be from 1 to 64, not 0", "number of bytes"),
    ({"algorithm": sum, "size": 1.0}, "size must be an int, not 1.0", "number of bytes"),
]


@pytest.mark.parametrize(("named", "what", "hint"), CHECKSUMS)
def test_a_checksum_that_cannot_be_is_refused_by_argument(
    named: dict[str, Any], what: str, hint: str
) -> None:
    with pytest.raises(CanConfigError, match=what) as info:
        Checksum(**{"algorithm": "crc8_smbus", "byte": 0, **named})
    assert hint in (info.value.hint or "")


def test_the_size_of_a_crc_may_be_said_again() -> None:
    assert Checksum("crc16_ccitt_false", 0, size=2) == Checksum("crc16_ccitt_false", 0)


@pytest.mark.parametrize(
    "value",
    [
        Counter(8, 4),
        Counter(8, 4, 15, first=3, byte_order="big_endian"),
        Checksum("crc8_autosar", 0, suffix=b"\1"),
        Checksum(Crc(width=16, polynomial=0x8005), 1, over=slice(3, None), byte_order="big_endian"),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]
)
def test_a_field_is_a_value(value: Counter | Checksum, duplicate: Any) -> None:
    other = duplicate(value)
    assert other == value
    assert hash(other) == hash(value)
    assert (other.bits, other.end) == (value.bits, value.end)
    assert value not in (Counter(8, 5), Checksum("crc8_autosar", 0))
    with pytest.raises(AttributeError):
        other.byte_order = LITTLE
