"""Rolling: counters and checksums frame by frame, against frames made by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus.checksums import ALGORITHMS
from canbus.errors import CanConfigError
from canbus.message import Message
from canbus.rolling import Checksum, Counter, Rolling

LITTLE, BIG = "little_endian", "big_endian"


def frame(data: bytes | bytearray | str = bytes(8), **facts: Any) -> Message:
    raw = bytes.fromhex(data) if isinstance(data, str) else data
    return Message(arbitration_id=0x123, is_extended_id=False, data=raw, **facts)


def payloads(messages: list[Message]) -> list[str]:
    return [msg.data.hex() for msg in messages]


# -- frames -------------------------------------------------------------------------------

# Byte 0: CRC-8 SAE J1850 of bytes 1 to 7; low half of byte 1: the counter.
# fmt: off
BY_HAND = [
    "7c50112233445566", "2151112233445566", "c652112233445566", "9b53112233445566",
    "1554112233445566", "4855112233445566", "af56112233445566", "f257112233445566",
    "ae58112233445566", "f359112233445566", "145a112233445566", "495b112233445566",
    "c75c112233445566", "9a5d112233445566", "7d5e112233445566", "205f112233445566",
]
# fmt: on


def test_a_counter_and_a_checksum_make_the_sixteen_frames_made_by_hand() -> None:
    rolling = Rolling(Counter(8, 4), Checksum("crc8_sae_j1850", byte=0))
    template = frame("ff5f112233445566")
    assert rolling.cycle(1) == 16
    assert payloads(rolling.sequence([template], 33)) == [*BY_HAND, *BY_HAND, BY_HAND[0]]
    assert template.data.hex() == "ff5f112233445566"


def test_a_frame_used_over_and_over_is_the_same_as_a_fresh_one() -> None:
    rolling = Rolling(Counter(8, 4), Checksum("crc8_sae_j1850", byte=0, over=slice(0, None)))
    msg = frame("ff5f112233445566")
    fresh = payloads(rolling.sequence([msg], 40))
    for index in range(40):
        rolling.apply(msg, index)
        assert msg.data.hex() == fresh[index]


# AUTOSAR, "E2E Protocol Specification": the examples of the profiles, and their next frame.
def test_the_example_of_autosar_profile_1() -> None:
    checksum = Checksum("crc8_sae_j1850_zero", 0, prefix=(0x123).to_bytes(2, "little"))
    made = Rolling(Counter(8, 4, 15), checksum).sequence([frame()], 16)
    assert payloads(made)[:2] == ["cc00000000000000", "9101000000000000"]
    assert [msg.data[1] for msg in made] == [*range(15), 0]


def test_the_example_of_autosar_profile_5() -> None:
    checksum = Checksum("crc16_ccitt_false", 0, suffix=(0x1234).to_bytes(2, "little"))
    made = Rolling(Counter(16, 8), checksum).sequence([frame()], 2)
    assert payloads(made) == ["1cca000000000000", "cf8d010000000000"]


def test_a_data_id_that_depends_on_the_counter_is_a_function() -> None:
    # AUTOSAR's profile 2 has a list of them.
    crc = ALGORITHMS["crc8_autosar"]
    rolling = Rolling(
        Counter(8, 4), Checksum(lambda covered: crc(covered + bytes([covered[0] & 15 | 0x40])), 0)
    )
    for index, msg in enumerate(rolling.sequence([frame()], 16)):
        assert msg.data[0] == crc(bytes(msg.data[1:]) + bytes([0x40 + index]))


def test_several_frames_are_sent_in_turn_and_counted_through() -> None:
    rolling = Rolling([Counter(0, 8, 4), Counter(15, 8, 5, byte_order="big_endian", first=4)])
    frames = [frame("0000aa"), frame("0000bb"), frame("0000cc")]
    made = payloads(rolling.sequence(frames, 7))
    assert made == ["0004aa", "0100bb", "0201cc", "0302aa", "0003bb", "0104cc", "0200aa"]
    assert payloads(frames) == ["0000aa", "0000bb", "0000cc"]
    assert rolling.sequence(frames, 0) == []


def test_a_sequence_keeps_what_else_a_frame_is() -> None:
    template = frame(bytes(12), is_fd=True, bitrate_switch=True, channel="can3")
    (made,) = Rolling(Counter(88, 8, first=9)).sequence([template], 1)
    assert made.data == bytes(11) + b"\x09"
    made.data[11] = 0
    assert made.equals(template)


@given(st.integers(1, 6), st.lists(st.integers(2, 12), max_size=3))
def test_after_a_cycle_everything_repeats_and_not_before(frames: int, modulos: list[int]) -> None:
    counters = [Counter(8 * n, 8, modulo) for n, modulo in enumerate(modulos)]
    rolling = Rolling(counters, Checksum("crc8_smbus", 6))
    cycle = rolling.cycle(frames)
    state = [(n % frames, *(n % modulo for modulo in modulos)) for n in range(cycle + 1)]
    assert state.index(state[0], 1) == cycle
    templates = [frame(bytes([0] * 7 + [n])) for n in range(frames)]
    made = payloads(rolling.sequence(templates, cycle + 3))
    assert made[cycle:] == (made[:cycle] * 3)[:3]


@pytest.mark.parametrize("call", [lambda r: r.cycle(0), lambda r: r.sequence([], 1)])
def test_without_a_frame_there_is_nothing_to_count(call: Any) -> None:
    with pytest.raises(CanConfigError, match="at least one frame"):
        call(Rolling(Counter(8, 4)))


def test_one_counter_is_as_good_as_a_sequence_of_one() -> None:
    counter = Counter(8, 4)
    for given_counters in (counter, [counter], (counter,), iter([counter])):
        assert Rolling(given_counters).counters == (counter,)
    assert Rolling().counters == ()


@pytest.mark.parametrize(
    ("args", "what", "hint"),
    [
        (((8, 4),), r"counters=\(8, 4\)", "counters=Counter"),
        ((8,), "counters=8 is neither", "counters=Counter"),
        (([Counter(8, 4), None],), "is neither a Counter nor a sequence", "counters=Counter"),
        ((Counter(8, 4), "crc8_smbus"), "checksum='crc8_smbus' is no Checksum", "byte=0"),
        ((Counter(8, 4), Counter(0, 8)), "is no Checksum", "byte=0"),
    ],
)
def test_what_is_no_field_is_refused(args: tuple[Any, ...], what: str, hint: str) -> None:
    with pytest.raises(CanConfigError, match=what) as info:
        Rolling(*args)
    assert hint in (info.value.hint or "")


# -- what check finds ---------------------------------------------------------------------

CRC0 = Checksum("crc8_sae_j1850", byte=0)
FITS = [
    Rolling(Counter(8, 4), CRC0),
    Rolling([Counter(8, 4), Counter(12, 4)], CRC0),
    Rolling([Counter(8, 12), Counter(20, 4)]),
    # Byte 1 and the upper half of byte 2, then the lower half.
    Rolling([Counter(15, 12, byte_order="big_endian"), Counter(16, 4)]),
    Rolling(Counter(56, 8), Checksum("crc16_ccitt_false", 5)),
    Rolling(checksum=Checksum("sum8", 7, over=slice(-8, 7))),
    Rolling(),
]


@pytest.mark.parametrize("rolling", FITS)
def test_check_lets_pass_what_fits_and_changes_nothing(rolling: Rolling) -> None:
    frames = [frame("ffffffffffffffff"), frame(bytes(range(8)))]
    rolling.check(frames)
    assert payloads(frames) == ["ffffffffffffffff", "0001020304050607"]


REFUSED: list[tuple[Rolling, str, str]] = [
    (Rolling(Counter(64, 4)), "counter of 4 bits at bit 64 .* needs 9 bytes", "more data"),
    (Rolling(Counter(60, 5)), "counter of 5 bits at bit 60 .* needs 9 bytes", "more data"),
    (Rolling(Counter(56, 2, byte_order="big_endian")), "bit 56 .* needs 9 bytes", "more data"),
    (Rolling(checksum=Checksum("sum8", 8)), "checksum sum8 at byte 8 .* 9 bytes", "more data"),
    (Rolling(checksum=Checksum("crc16_ccitt_false", 7)), "at byte 7 .* 9 bytes", "more data"),
    (
        Rolling([Counter(8, 4), Counter(11, 4)]),
        "counter of 4 bits at bit 8 .* and the counter of 4 bits at bit 11 .* overlap",
        "its own bits",
    ),
    (
        Rolling([Counter(8, 4), Counter(0, 4), Counter(15, 8, byte_order="big_endian")]),
        "bit 8 .* and .* bit 15 .* overlap",
        "its own bits",
    ),
    (
        Rolling(Counter(8, 4), Checksum("sum8", 1)),
        "counter .* bit 8 .* and the checksum sum8 at byte 1 overlap",
        "its own bits",
    ),
    (Rolling(Counter(8, 4), Checksum("crc16_ccitt_false", 0)), "overlap", "its own bits"),
    (
        Rolling(checksum=Checksum("sum8", 0, over=slice(1, 9))),
        r"sum8 at byte 0 is over slice\(1, 9, None\), but the data has 8 bytes",
        "slice(1, None)",
    ),
    (Rolling(checksum=Checksum("sum8", 0, over=slice(-9, None))), "is over slice", "slice(1"),
    (
        Rolling(checksum=Checksum("sum8", 0, over=slice(5, 5))),
        "covers none of the 8 bytes",
        "over=",
    ),
    # It fits in the first frame and not in the second.
    (Rolling(Counter(0, 8), Checksum(lambda c: 255 + c[0], 7)), "gave 256", "& 0xFF"),
]


@pytest.mark.parametrize(("rolling", "what", "hint"), REFUSED)
def test_check_finds_what_cannot_be(rolling: Rolling, what: str, hint: str) -> None:
    with pytest.raises(CanConfigError, match=what) as info:
        rolling.check([frame(), frame()])
    assert hint in (info.value.hint or "")


def test_check_looks_at_every_frame() -> None:
    rolling = Rolling(Counter(56, 4))
    rolling.check([frame(), frame()])
    with pytest.raises(CanConfigError, match="needs 8 bytes, and there are 7"):
        rolling.check([frame(), frame(bytes(7))])


def test_check_refuses_no_frames_and_remote_frames() -> None:
    rolling = Rolling(Counter(8, 4))
    with pytest.raises(CanConfigError, match="at least one frame"):
        rolling.check([])
    remote = Message(arbitration_id=0x123, is_remote_frame=True, dlc=8)
    with pytest.raises(CanConfigError, match="a remote frame has no data") as info:
        rolling.check([frame(), remote])
    assert "data frames" in (info.value.hint or "")


def test_apply_refuses_a_frame_that_was_made_shorter_and_leaves_its_length() -> None:
    rolling = Rolling(Counter(8, 16), Checksum("sum8", 0))
    rolling.check([frame()])
    msg = frame(bytes(2))
    with pytest.raises(CanConfigError, match=r"counter of 16 bits .* needs 3 bytes"):
        rolling.apply(msg, 0)
    assert (len(msg.data), msg.dlc) == (2, 2)


def test_a_rolling_shows_what_it_is_made_of() -> None:
    text = repr(Rolling(Counter(8, 4, 15), CRC0))
    assert "modulo=15" in text
    assert "crc8_sae_j1850" in text
