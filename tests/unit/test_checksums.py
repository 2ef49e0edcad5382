"""checksums: published check values, and a long division done bit by bit."""

from __future__ import annotations

import binascii
import subprocess
import sys
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbus import checksums
from canbus.checksums import ALGORITHMS, Crc, algorithm_named
from canbus.errors import CanConfigError

CHECK_INPUT = b"123456789"


# -- published values ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("crc8_sae_j1850", 0x4B),
        ("crc8_sae_j1850_zero", 0x37),  # "CRC-8/GSM-A" has the same parameters
        ("crc8_autosar", 0xDF),
        ("crc8_smbus", 0xF4),
        ("crc16_ccitt_false", 0x29B1),
        ("xor8", 0x31),
        ("sum8", 0xDD),
    ],
)
def test_a_name_has_the_check_value_of_its_algorithm(name: str, check: int) -> None:
    assert algorithm_named(name)(CHECK_INPUT) == check


# "Catalogue of parametrised CRC algorithms" (CRC RevEng, Greg Cook).
CATALOGUE = {
    "CRC-8/MAXIM-DOW": (Crc(width=8, polynomial=0x31, reflected=True), 0xA1),
    "CRC-8/BLUETOOTH": (Crc(width=8, polynomial=0xA7, reflected=True), 0x26),
    "CRC-15/CAN": (Crc(width=15, polynomial=0x4599), 0x059E),
    "CRC-16/ARC": (Crc(width=16, polynomial=0x8005, reflected=True), 0xBB3D),
    # These two have an initial value that is not the same backwards.
    "CRC-16/RIELLO": (Crc(width=16, polynomial=0x1021, initial=0xB2AA, reflected=True), 0x63D0),
    "CRC-16/TMS37157": (Crc(width=16, polynomial=0x1021, initial=0x89EC, reflected=True), 0x26B1),
    "CRC-16/XMODEM": (Crc(width=16, polynomial=0x1021), 0x31C3),
    "CRC-17/CAN-FD": (Crc(width=17, polynomial=0x1685B), 0x04F03),
    "CRC-21/CAN-FD": (Crc(width=21, polynomial=0x102899), 0x0ED841),
    "CRC-24/OPENPGP": (Crc(width=24, polynomial=0x864CFB, initial=0xB704CE), 0x21CF02),
    "CRC-32/AUTOSAR": (
        Crc(
            width=32,
            polynomial=0xF4ACFB13,
            initial=0xFFFFFFFF,
            final_xor=0xFFFFFFFF,
            reflected=True,
        ),
        0x1697D06A,
    ),
    "CRC-32/MPEG-2": (Crc(width=32, polynomial=0x04C11DB7, initial=0xFFFFFFFF), 0x0376E6E7),
    "CRC-64/ECMA-182": (Crc(width=64, polynomial=0x42F0E1EBA9EA3693), 0x6C40DF5F0B497347),
    "CRC-64/XZ": (
        Crc(
            width=64,
            polynomial=0x42F0E1EBA9EA3693,
            initial=2**64 - 1,
            final_xor=2**64 - 1,
            reflected=True,
        ),
        0x995DC9BBDF1939FA,
    ),
}


@pytest.mark.parametrize(("crc", "check"), CATALOGUE.values(), ids=CATALOGUE)
def test_a_crc_of_ones_own_has_the_check_value_of_the_catalogue(crc: Crc, check: int) -> None:
    assert crc(CHECK_INPUT) == check


# AUTOSAR, "Specification of CRC Routines": the examples below each polynomial.
AUTOSAR_INPUTS = ["00000000", "F20183", "0FAA0055", "00FF5511", "332255AABBCCDDEEFF", "926B55"]
AUTOSAR_INPUTS.append("FFFFFFFF")


@pytest.mark.parametrize(
    ("name", "results"),
    [
        ("crc8_sae_j1850", [0x59, 0x37, 0x79, 0xB8, 0xCB, 0x8C, 0x74]),
        ("crc8_autosar", [0x12, 0xC2, 0xC6, 0x77, 0x11, 0x33, 0x6C]),
        ("crc16_ccitt_false", [0x84C0, 0xD374, 0x2023, 0xB8F9, 0xF53F, 0x0745, 0x1D0F]),
    ],
)
def test_the_examples_of_the_autosar_specification(name: str, results: list[int]) -> None:
    crc = algorithm_named(name)
    assert [crc(bytes.fromhex(text)) for text in AUTOSAR_INPUTS] == results


# -- other implementations ----------------------------------------------------------------


def divided(crc: Crc, data: bytes) -> int:
    """Long division of a row of bits: no table, no register, no bytes after the first line."""
    bits = [byte >> (n if crc.reflected else 7 - n) & 1 for byte in data for n in range(8)]
    bits += [0] * crc.width
    for place in range(crc.width):
        bits[place] ^= crc.initial >> crc.width - 1 - place & 1
    divisor = [1, *(crc.polynomial >> n & 1 for n in reversed(range(crc.width)))]
    for place in range(len(bits) - crc.width):
        if bits[place]:
            for n, bit in enumerate(divisor):
                bits[place + n] ^= bit
    rest = bits[-crc.width :]
    if crc.reflected:
        rest.reverse()
    return int("".join(map(str, rest)), 2) ^ crc.final_xor


@st.composite
def crcs(draw: Any) -> Crc:
    width = draw(st.integers(8, 64))
    most = 2**width - 1
    return Crc(
        width=width,
        polynomial=draw(st.integers(1, most)),
        initial=draw(st.integers(0, most)),
        final_xor=draw(st.integers(0, most)),
        reflected=draw(st.booleans()),
    )


@given(crcs(), st.binary(max_size=70))
def test_any_crc_is_the_rest_of_a_long_division(crc: Crc, data: bytes) -> None:
    assert crc(data) == crc(bytearray(data)) == divided(crc, data)


@given(st.binary(max_size=70))
def test_crc32_is_that_of_zlib(data: bytes) -> None:
    crc = Crc(
        width=32, polynomial=0x04C11DB7, initial=2**32 - 1, final_xor=2**32 - 1, reflected=True
    )
    assert crc(data) == zlib.crc32(data)


@given(st.binary(max_size=70), st.integers(0, 0xFFFF))
def test_crc16_is_that_of_binascii(data: bytes, initial: int) -> None:
    crc = Crc(width=16, polynomial=0x1021, initial=initial)
    assert crc(data) == binascii.crc_hqx(data, initial)


@given(st.binary(max_size=70))
def test_xor_and_sum_fit_a_byte_whatever_the_data(data: bytes) -> None:
    odd = [sum(byte >> n & 1 for byte in data) % 2 for n in range(8)]
    assert checksums.xor8(data) == sum(bit << n for n, bit in enumerate(odd))
    assert checksums.sum8(data) == sum(data) % 256


# -- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_values", "what", "hint"),
    [
        ({"width": 7, "polynomial": 1}, "width must be from 8 to 64, not 7", "8 to 64 bits"),
        ({"width": 65, "polynomial": 1}, "width must be from 8 to 64", "8 to 64 bits"),
        ({"width": "8", "polynomial": 1}, "width must be an int, not '8'", "8 to 64 bits"),
        ({"width": True, "polynomial": 1}, "width must be an int, not True", "8 to 64 bits"),
        ({"width": 8, "polynomial": 0}, "polynomial must be from 1 to 255", "without the term x^8"),
        ({"width": 8, "polynomial": 0x11D}, "polynomial .* not 285", "without the term x^8"),
        ({"width": 8, "polynomial": 1.0}, "polynomial must be an int", "without the term x^8"),
        ({"width": 8, "polynomial": 1, "initial": 256}, "initial must be from 0 to 255", "8 bits"),
        ({"width": 8, "polynomial": 1, "initial": -1}, "initial must be from 0", "8 bits"),
        ({"width": 8, "polynomial": 1, "final_xor": 256}, "final_xor must be from 0", "8 bits"),
    ],
)
def test_a_parameter_that_makes_no_crc_is_refused_by_name(
    given_values: dict[str, Any], what: str, hint: str
) -> None:
    with pytest.raises(CanConfigError, match=f"Crc {what}") as info:
        Crc(**given_values)
    assert hint in (info.value.hint or "")


def test_an_unknown_name_is_refused_with_the_nearest_and_all_others() -> None:
    with pytest.raises(CanConfigError, match="'crc8_j1850'") as info:
        algorithm_named("crc8_j1850")
    hint = info.value.hint or ""
    assert "did you mean 'crc8_sae_j1850'?" in hint
    assert all(name in hint for name in ALGORITHMS)


def test_a_name_that_is_like_no_other_gets_no_guess() -> None:
    with pytest.raises(CanConfigError) as info:
        algorithm_named("?")
    assert (info.value.hint or "").startswith("There are: ")


# -- a crc is a value ---------------------------------------------------------------------


def test_a_crc_is_a_value_that_cannot_be_changed() -> None:
    crc = Crc(width=8, polynomial=0x1D, initial=0xFF, final_xor=0xFF)
    assert crc == ALGORITHMS["crc8_sae_j1850"]
    assert hash(crc) == hash(ALGORITHMS["crc8_sae_j1850"])
    assert crc != ALGORITHMS["crc8_sae_j1850_zero"]
    with pytest.raises(AttributeError):
        crc.polynomial = 0x2F  # type: ignore[misc]


@pytest.mark.parametrize(("width", "size"), [(8, 1), (9, 2), (15, 2), (16, 2), (17, 3), (64, 8)])
def test_a_crc_knows_how_many_bytes_hold_it(width: int, size: int) -> None:
    assert Crc(width=width, polynomial=1).size == size


def test_an_import_computes_no_table() -> None:
    code = (
        "from canbus.checksums import ALGORITHMS, _table\n"
        "print(_table.cache_info().currsize)\n"
        "ALGORITHMS['crc8_smbus'](b'')\n"
        "print(_table.cache_info().currsize)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["0", "1"]
