"""Which commands set the bitrate, in a dialect; what a dialect has not is an error, not a guess."""

from __future__ import annotations

import re
from typing import Any

from canbus.backends.slcan.dialects import DIALECTS, UNKNOWN, Dialect, Registers
from canbus.plugin import CanConfigError, CanUnsupportedError

_CODE = re.compile(r"[Ss][0-9A-Za-z,]+|[0-9A-RT-Za-rt-z][0-9A-Za-z,]*")
"""A whole command, never its letter alone: some firmwares complete that from the line before."""
_CLOCK = 8_000_000  # of LAWICEL's adapters: an SJA1000 with 16 MHz divides by two
_DIGITS = {
    Registers.SJA1000: (4,),
    Registers.MCP2515: (6,),
    Registers.CLOCKS: (8,),
    Registers.ANY: (4, 6, 8),
}


class BitRate:
    """What was asked for; one way only.

    Args:
        bitrate: bit/s.
        data_bitrate: bit/s of the FD data phase.
        btr: what `s` takes, hex digits.
        code: what `S` takes ("6"), or the whole command ("S6").
        timing: an object with btr0, btr1 and f_clock, or nom_bitrate and data_bitrate, as
            python-can's BitTiming and BitTimingFd.

    Raises:
        CanConfigError: a ValueError; two of them, or none of these.
    """

    def __init__(
        self,
        bitrate: int | None = None,
        data_bitrate: int | None = None,
        btr: str | None = None,
        code: str | None = None,
        timing: Any = None,
    ) -> None:
        given = {"bitrate": bitrate, "btr": btr, "bitrate_code": code, "timing": timing}
        named = [name for name, value in given.items() if value is not None]
        if len(named) > 1:
            raise CanConfigError(
                f"{' and '.join(named)} say the same thing", hint=f"give {named[0]} only"
            )
        if timing is not None:
            bitrate, btr, data_bitrate = _of_timing(timing, data_bitrate)
        if code is not None and not re.fullmatch(
            r"[Ss][0-9A-Za-z,]+|[0-9A-RT-Za-rt-z][0-9A-Za-z,]*", code
        ):
            raise CanConfigError(f"bitrate_code={code!r} is no command", hint='such as "S6" or "6"')
        self.bitrate = bitrate
        self.data_bitrate = data_bitrate
        self.btr = btr
        self._code = code

    def command(self, dialect: Dialect) -> str | None:
        """The command for the (nominal) bitrate; None if nothing was asked for.

        Raises:
            CanConfigError: a ValueError; the dialect has no such bitrate; the hint lists those
                that it has.
            CanUnsupportedError: it takes no registers.
        """
        if self._code is not None:
            return self._code if self._code[0] in "Ss" else f"S{self._code}"
        if self.btr is not None:
            return _registers(self.btr, dialect)
        if self.bitrate is None:
            return None
        command = dialect.bitrates.get(self.bitrate)
        if command is None:
            raise _no_such_bitrate(self.bitrate, dialect)
        return command

    def data_command(self, dialect: Dialect) -> str | None:
        """The command for the bitrate of the data phase; None if nothing was asked for.

        Raises:
            CanUnsupportedError: the dialect has no CAN FD.
            CanConfigError: a ValueError; it has no such bitrate.
        """
        if self.data_bitrate is None:
            return None
        if not dialect.has_fd:
            raise CanUnsupportedError(
                f"dialect {dialect.name} has no CAN FD, hence no data_bitrate", hint="leave it out"
            )
        command = dialect.data_bitrates.get(self.data_bitrate)
        if command is None:
            raise CanConfigError(
                f"dialect {dialect.name} has no data_bitrate {self.data_bitrate}",
                hint=f"it has {_list(dialect.data_bitrates)}",
            )
        return command


def _of_timing(timing: Any, data_bitrate: int | None) -> tuple[int | None, str | None, int | None]:
    """Bitrate, registers and data bitrate of a BitTiming or BitTimingFd."""
    if hasattr(timing, "nom_bitrate"):
        if data_bitrate not in {None, timing.data_bitrate}:
            raise CanConfigError(f"data_bitrate={data_bitrate} contradicts timing={timing}")
        return timing.nom_bitrate, None, timing.data_bitrate
    if not (hasattr(timing, "btr0") and hasattr(timing, "f_clock")):
        raise CanConfigError(
            f"timing={timing!r} is no bit timing", hint="an object as python-can's BitTiming"
        )
    if timing.f_clock != _CLOCK:
        raise CanConfigError(
            f"timing is for a clock of {timing.f_clock} Hz, these adapters have {_CLOCK}",
            hint=f"make it with f_clock={_CLOCK}",
        )
    return None, f"{timing.btr0:02X}{timing.btr1:02X}", data_bitrate


def _registers(btr: str, dialect: Dialect) -> str:
    if dialect.registers is Registers.NONE:
        raise CanUnsupportedError(
            f"dialect {dialect.name} takes no btr",
            hint=f"give bitrate=, one of {_list(dialect.bitrates)}",
        )
    lengths = _DIGITS[dialect.registers]
    if len(btr) not in lengths or not re.fullmatch(r"[0-9A-Fa-f]+", btr):
        raise CanConfigError(
            f"btr={btr!r} does not fit dialect {dialect.name}", hint=dialect.registers.value
        )
    return f"s{btr.upper()}"


def _no_such_bitrate(bitrate: int, dialect: Dialect) -> CanConfigError:
    """Name what there is; and who has it, where the adapter is not known."""
    if not dialect.bitrates:
        hint = "give btr= (for `s`) or bitrate_code= (for `S`)"
    else:
        hint = f"it has {_list(dialect.bitrates)}"
    if dialect is UNKNOWN:
        having = [row.name for row in DIALECTS.values() if bitrate in row.bitrates]
        if having:
            hint = f"name the adapter: dialect= {' or '.join(having)} have it; all have " + _list(
                dialect.bitrates
            )
    return CanConfigError(f"dialect {dialect.name} has no bitrate {bitrate}", hint=hint)


def _list(bitrates: Any) -> str:
    return ", ".join(str(each) for each in sorted(bitrates))
