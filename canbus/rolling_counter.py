"""Counter: a number in a cyclic frame's data that counts the frames. No frames here, only bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from canbus.arguments import check_number
from canbus.errors import CanConfigError
from canbus.rolling_place import ByteOrder, IntOrder, int_order, outside


@dataclass(frozen=True, slots=True, init=False)
class Counter:
    """A number in the data of a cyclic frame that grows by one with every frame.

    `start`, `length` and `byte_order` are those of a signal in a DBC file, or in cantools.

    Attributes:
        start: number of a bit; bit n of byte b is 8 * b + n, bit 0 being the least significant.
            little_endian: of the counter's least significant bit; big_endian: of its most
            significant bit.
        length: bits, 1..64.
        modulo: how many values there are before it begins again at 0; by default all that fit.
            AUTOSAR's profile 1, which never sends 15, has modulo=15.
        first: the value in the first frame.
        byte_order: "little_endian" (Intel) or "big_endian" (Motorola).
        end: bytes that the data must have for it to lie within.
        bits: the bits that it fills, as a mask: bit n of byte b is 1 << 8 * b + n.

    Raises:
        CanConfigError: a ValueError that names the argument.
    """

    start: int
    length: int
    modulo: int
    first: int
    byte_order: ByteOrder
    end: int = field(init=False, repr=False, compare=False)
    bits: int = field(init=False, repr=False, compare=False)
    _begin: int = field(init=False, repr=False, compare=False)
    _shift: int = field(init=False, repr=False, compare=False)
    _keep: int = field(init=False, repr=False, compare=False)
    _order: IntOrder = field(init=False, repr=False, compare=False)

    def __init__(
        self,
        start: int,
        length: int,
        modulo: int | None = None,
        *,
        first: int = 0,
        byte_order: ByteOrder = "little_endian",
    ) -> None:
        check_number("Counter start", start, 0, None, "it is the number of a bit: 8 for byte 1")
        check_number("Counter length", length, 1, 64, "it is a number of bits")
        all_values = 1 << length
        if modulo is None:
            modulo = all_values
        hint = f"{length} bits hold {all_values} values; leave it out for all of them"
        check_number("Counter modulo", modulo, 2, all_values, hint)
        hint = "a counter begins with a value that it also has later"
        check_number("Counter first", first, 0, modulo - 1, hint)
        put = object.__setattr__
        put(self, "start", start)
        put(self, "length", length)
        put(self, "modulo", modulo)
        put(self, "first", first)
        put(self, "byte_order", byte_order)
        put(self, "_order", int_order("Counter", byte_order))
        self._locate()

    def _locate(self) -> None:
        begin, bit = divmod(self.start, 8)
        if self._order == "little":
            last, shift = divmod(self.start + self.length - 1, 8)[0], bit
        else:
            # From the most significant bit on it goes down in its byte, then to the top of the
            # next. Counted that way, from the top of the first byte:
            last, below = divmod(8 * begin + 7 - bit + self.length - 1, 8)
            shift = 7 - below
        mask = (1 << self.length) - 1 << shift
        image = mask.to_bytes(last + 1 - begin, self._order)
        put = object.__setattr__
        put(self, "_begin", begin)
        put(self, "end", last + 1)
        put(self, "_shift", shift)
        put(self, "_keep", ~mask)
        put(self, "bits", int.from_bytes(image, "little") << 8 * begin)

    def __str__(self) -> str:
        return f"the counter of {self.length} bits at bit {self.start} ({self.byte_order})"

    def value(self, index: int) -> int:
        """What it is in the frame of that index, the first one being 0."""
        return (self.first + index) % self.modulo

    def put(self, data: bytearray, value: int) -> None:
        """Write a value into the data, in place; all other bits are kept.

        Raises:
            CanConfigError: it does not fit its bits, or does not lie within the data.
        """
        if value >> self.length:  # of a negative value, too
            raise CanConfigError(f"{value} does not fit {self}", hint="give it more bits")
        begin, end = self._begin, self.end
        if len(data) < end:
            raise outside(self, end, len(data))
        if end - begin == 1:
            data[begin] = data[begin] & self._keep | value << self._shift
            return
        word = int.from_bytes(data[begin:end], self._order)
        word = word & self._keep | value << self._shift
        data[begin:end] = word.to_bytes(end - begin, self._order)
