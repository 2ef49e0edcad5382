"""Checksums by name, and CRCs by their parameters. Bytes in, a number out; no frames here.

The parameters are those of the Rocksoft model (Ross N. Williams, "A painless guide to CRC error
detection algorithms", 1993), which data sheets and catalogues use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from canbus.arguments import check_number
from canbus.errors import CanConfigError

Algorithm = Callable[[bytes], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crc:
    """A cyclic redundancy check; call it with bytes.

    Attributes:
        width: bits of the result, 8..64.
        polynomial: without its highest term and not bit-reversed: 0x1D for x^8+x^4+x^3+x^2+1.
        initial: the register before the first byte, not bit-reversed.
        final_xor: what the result is XOR-ed with.
        reflected: bytes go in, and the result comes out, least significant bit first.

    Raises:
        CanConfigError: a ValueError; a parameter is no int or does not fit `width`.
    """

    width: int
    polynomial: int
    initial: int = 0
    final_xor: int = 0
    reflected: bool = False
    _register: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("Crc width", self.width, 8, 64, "a CRC of 8 to 64 bits")
        most = (1 << self.width) - 1
        hint = f"write it without the term x^{self.width}, or correct width={self.width}"
        check_number("Crc polynomial", self.polynomial, 1, most, hint)
        for name in ("initial", "final_xor"):
            hint = f"it has the {self.width} bits that width= says"
            check_number(f"Crc {name}", getattr(self, name), 0, most, hint)
        start = _reverse(self.initial, self.width) if self.reflected else self.initial
        object.__setattr__(self, "_register", start)

    @property
    def size(self) -> int:
        """Bytes that hold the result."""
        return -(-self.width // 8)

    def __call__(self, data: bytes | bytearray) -> int:
        """The CRC of `data`."""
        table = _table(self.width, self.polynomial, self.reflected)
        crc = self._register
        if self.width == 8:  # the usual case; no byte is left over to shift
            for byte in data:
                crc = table[crc ^ byte]
        elif self.reflected:
            for byte in data:
                crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
        else:
            shift, mask = self.width - 8, (1 << self.width) - 1
            for byte in data:
                crc = table[crc >> shift ^ byte] ^ crc << 8 & mask
        return crc ^ self.final_xor


def _reverse(value: int, width: int) -> int:
    return int(f"{value:0{width}b}"[::-1], 2)


@cache
def _table(width: int, polynomial: int, reflected: bool) -> tuple[int, ...]:
    """What each byte does to a register of zeros; made when first asked for."""
    rows = [_divide(byte, width, polynomial) for byte in range(256)]
    if not reflected:
        return tuple(rows)
    return tuple(_reverse(rows[_reverse(byte, 8)], width) for byte in range(256))


def _divide(byte: int, width: int, polynomial: int) -> int:
    top, divisor = 1 << width, 1 << width | polynomial
    rest = byte << width - 8
    for _ in range(8):
        rest <<= 1
        if rest & top:
            rest ^= divisor
    return rest


def xor8(data: bytes | bytearray) -> int:
    """All bytes XOR-ed."""
    result = 0
    for byte in data:
        result ^= byte
    return result


def sum8(data: bytes | bytearray) -> int:
    """The low eight bits of the sum of all bytes."""
    return sum(data) & 0xFF


ALGORITHMS: dict[str, Algorithm] = {
    # AUTOSAR "Specification of CRC Routines": CRC8, CRC8H2F, CRC16.
    "crc8_sae_j1850": Crc(width=8, polynomial=0x1D, initial=0xFF, final_xor=0xFF),
    "crc8_autosar": Crc(width=8, polynomial=0x2F, initial=0xFF, final_xor=0xFF),
    "crc16_ccitt_false": Crc(width=16, polynomial=0x1021, initial=0xFFFF),
    # AUTOSAR end-to-end profile 1 takes SAE J1850 without the initial value and the XOR.
    "crc8_sae_j1850_zero": Crc(width=8, polynomial=0x1D),
    "crc8_smbus": Crc(width=8, polynomial=0x07),
    "xor8": xor8,
    "sum8": sum8,
}


def algorithm_named(name: str) -> Algorithm:
    """The checksum of that name.

    Raises:
        CanConfigError: a ValueError; there is none.
    """
    if name in ALGORITHMS:
        return ALGORITHMS[name]
    import difflib

    near = difflib.get_close_matches(name, ALGORITHMS, n=1)
    guess = f"did you mean {near[0]!r}? " if near else ""
    raise CanConfigError(
        f"there is no checksum {name!r}",
        hint=f"{guess}There are: {', '.join(sorted(ALGORITHMS))}; or give a Crc() or a function",
    )
