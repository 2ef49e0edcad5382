"""Where a counter or checksum lies in the data: byte order and bounds, for both alike."""

from __future__ import annotations

from typing import Literal

from canbus.errors import CanConfigError

ByteOrder = Literal["little_endian", "big_endian"]
"""As cantools names them."""

IntOrder = Literal["little", "big"]
"""As int.to_bytes names them."""

_ORDERS: dict[str, IntOrder] = {"little_endian": "little", "big_endian": "big"}


def int_order(owner: str, byte_order: object) -> IntOrder:
    """The byte order as int.to_bytes has it.

    Raises:
        CanConfigError: it is neither.
    """
    if not isinstance(byte_order, str) or byte_order not in _ORDERS:
        raise CanConfigError(
            f"{owner} byte_order must be 'little_endian' or 'big_endian', not {byte_order!r}",
            hint="@1 in a DBC file is 'little_endian' (Intel), @0 is 'big_endian' (Motorola)",
        )
    return _ORDERS[byte_order]


def outside(which: object, end: int, length: int) -> CanConfigError:
    """The error of a field that needs `end` bytes where the data has `length`."""
    return CanConfigError(
        f"{which} does not lie within the data: it needs {end} bytes, and there are {length}",
        hint="give the frame more data, or correct the place",
    )
