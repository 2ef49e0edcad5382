"""Checksum: a checksum in a cyclic frame's data, and what it covers. No frames here, only bytes.

How a checksum is computed is checksums.py's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field

from canbus.arguments import check_number
from canbus.checksums import Crc, algorithm_named
from canbus.errors import CanConfigError
from canbus.rolling_place import ByteOrder, IntOrder, int_order, outside


@dataclass(frozen=True, slots=True, init=False)
class Checksum:
    """A checksum of a frame's data, in whole bytes of that data.

    Attributes:
        algorithm: a name of `canbus.checksums`, a `Crc`, or a function of bytes; the function's
            result must depend on these bytes only.
        byte: index of its first byte in the data.
        over: which bytes of the data it covers, by default all but its own. If the slice covers
            its own bytes, they count as zero.
        prefix: bytes that come before the data (of AUTOSAR's profile 1, the data id).
        suffix: bytes that come behind the data (of profiles 2 and 5, the data id).
        byte_order: of a checksum of several bytes.
        size: its bytes; a Crc and a name know it, and a function has 1 unless told.
        end: bytes that the data must have for it to lie within.

    Raises:
        CanConfigError: a ValueError that names the argument.
    """

    algorithm: str | Callable[[bytes], int]
    byte: int
    over: slice | None = field(hash=False)  # slices have no hash before Python 3.12
    prefix: bytes
    suffix: bytes
    byte_order: ByteOrder
    size: int
    end: int = field(init=False, repr=False, compare=False)
    _width: int = field(init=False, repr=False, compare=False)
    _function: Callable[[bytes], int] = field(init=False, repr=False, compare=False)
    _order: IntOrder = field(init=False, repr=False, compare=False)

    def __init__(
        self,
        algorithm: str | Callable[[bytes], int],
        byte: int,
        *,
        over: slice | None = None,
        prefix: bytes = b"",
        suffix: bytes = b"",
        byte_order: ByteOrder = "little_endian",
        size: int | None = None,
    ) -> None:
        function = _function_of(algorithm)
        check_number("Checksum byte", byte, 0, None, "it is the index of a byte in the data")
        _check_over(over)
        put = object.__setattr__
        for name, value in (("prefix", prefix), ("suffix", suffix)):
            put(self, name, _own_bytes(name, value))
        size = _size_of(function, size)
        put(self, "algorithm", algorithm)
        put(self, "byte", byte)
        put(self, "over", over)
        put(self, "byte_order", byte_order)
        put(self, "size", size)
        put(self, "end", byte + size)
        put(self, "_width", 8 * size)
        put(self, "_function", function)
        put(self, "_order", int_order("Checksum", byte_order))

    @property
    def bits(self) -> int:
        """The bits that it fills, as a mask; see `Counter.bits`."""
        return (1 << self._width) - 1 << 8 * self.byte

    def __str__(self) -> str:
        name = getattr(self.algorithm, "__name__", self.algorithm)
        return f"the checksum {name} at byte {self.byte}"

    def covered(self, data: bytes | bytearray) -> bytes:
        """The bytes of the data that it covers, without `prefix` and `suffix`."""
        before, behind = bytes(data[: self.byte]), data[self.end :]
        if self.over is None:
            return before + behind
        return (before + bytes(self.size) + behind)[self.over]

    def value(self, data: bytes | bytearray) -> int:
        """What the checksum of this data is, whatever is in its place now.

        Raises:
            CanConfigError: it does not lie within the data, or its value not within its bytes.
        """
        if len(data) < self.end:
            raise outside(self, self.end, len(data))
        value = self._function(self.prefix + self.covered(data) + self.suffix)
        if value.__class__ is not int:
            value = self._as_int(value)
        if value >> self._width:  # of a negative value, too
            raise CanConfigError(
                f"{self} gave {value}, which does not fit {self.size} byte(s)",
                hint="cut it in the function, as in `return total & 0xFF`, or give size=",
            )
        return value

    def _as_int(self, value: object) -> int:
        try:
            return operator.index(value)  # type: ignore[arg-type]  # numpy's integers, say
        except TypeError:
            raise CanConfigError(
                f"{self} gave {value!r}", hint="the function must return an int"
            ) from None

    def put(self, data: bytearray) -> None:
        """Write it into the data, in place.

        Raises:
            CanConfigError: as `value` does.
        """
        data[self.byte : self.end] = self.value(data).to_bytes(self.size, self._order)


def _function_of(algorithm: object) -> Callable[[bytes], int]:
    if isinstance(algorithm, str):
        return algorithm_named(algorithm)
    if not callable(algorithm):
        raise CanConfigError(
            f"Checksum algorithm {algorithm!r} is neither a name nor a function",
            hint="give a name like 'crc8_sae_j1850', a Crc(), or a function of bytes",
        )
    return algorithm


def _size_of(function: Callable[[bytes], int], size: int | None) -> int:
    if isinstance(function, Crc):
        if size not in (None, function.size):
            raise CanConfigError(
                f"Checksum size={size!r}, but a CRC of {function.width} bits has {function.size}",
                hint="leave size out: it is for functions",
            )
        return function.size
    if size is None:
        return 1
    check_number("Checksum size", size, 1, 64, "it is a number of bytes")
    return size


def _check_over(over: object) -> None:
    if over is None:
        return
    try:
        if not isinstance(over, slice):
            raise TypeError
        over.indices(0)
    except (TypeError, ValueError):
        raise CanConfigError(
            f"Checksum over must be a slice of the data, not {over!r}",
            hint="bytes 1 to 7 are over=slice(1, 8); None is all but the checksum's own",
        ) from None


def _own_bytes(name: str, value: object) -> bytes:
    if not isinstance(value, (bytes, bytearray)):  # bytes(5) would be five zero bytes
        raise CanConfigError(
            f"Checksum {name} must be bytes, not {value!r}",
            hint=f"a data id, low byte first: {name}=(0x1234).to_bytes(2, 'little')",
        )
    return bytes(value)
