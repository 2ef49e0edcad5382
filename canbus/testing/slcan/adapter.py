"""A serial CAN adapter by its protocol: bytes of the host in, answers and frames out. No I/O.

What one command does is in commands.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from canbus.errors import CanConfigError
from canbus.frame_flags import ERR, FDF, XLF
from canbus.message import Message
from canbus.testing.slcan.commands import Commands
from canbus.testing.slcan.filter_list import passes
from canbus.testing.slcan.firmware import Firmware, Mode, Reason
from canbus.testing.slcan.firmwares import FIRMWARES
from canbus.testing.slcan.frame_lines import write_frame
from canbus.testing.slcan.transmitter import Fate

LONGEST_LINE = 160
"""Bytes of a command; an FD frame has 138. What is longer is refused as a whole."""


def find_firmware(dialect: Firmware | str) -> Firmware:
    """Look a firmware up by its name.

    Raises:
        CanConfigError: a ValueError; there is none of that name.
    """
    if isinstance(dialect, Firmware):
        return dialect
    if dialect not in FIRMWARES:
        raise CanConfigError(
            f"there is no emulated adapter of the dialect {dialect!r}",
            hint=f"use one of {', '.join(FIRMWARES)}",
        )
    return FIRMWARES[dialect]


class SlcanAdapter(Commands):
    """The adapter's side of the protocol; see `Commands` for its state.

    Args:
        dialect: its firmware, or the name of one in `FIRMWARES`.
        version: its whole answer to `V`, without CR.
        firmware: the same for `v`.
        serial: the same for `N`.
        clock: nanoseconds, rising, for its time stamps.

    Attributes:
        out: called with the bytes for the host: one line or answer each.
        intercept: called with each command line and with what would handle it; returns the
            answer. Faults go here.
        is_answering: within `out`: this is an answer, and not a frame from the wire.
        unheard: frames from the wire that came while the channel was closed, or that the
            protocol has no line for.

    Raises:
        CanConfigError: a ValueError; there is no such firmware.
    """

    def __init__(
        self,
        dialect: Firmware | str = "lawicel",
        *,
        version: str | None = None,
        firmware: str | None = None,
        serial: str | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        known = find_firmware(dialect)
        self._clock = clock
        self._buffer = bytearray()
        self._is_too_long = False
        self._arrived: list[Message] = []
        self.out: Callable[[bytes], object] = _ignore
        self.intercept: Callable[[bytes, Callable[[bytes], bytes]], bytes] = _as_it_is
        self.is_answering = False
        self.unheard = 0
        super().__init__(
            known._replace(
                version=known.version if version is None else version,
                detail=known.detail if firmware is None else firmware,
                serial=known.serial if serial is None else serial,
            )
        )

    def power_up(self) -> None:
        """Forget everything, as an adapter does that is pulled and plugged in again."""
        super().power_up()
        self._buffer.clear()
        self._is_too_long = False

    def feed(self, data: bytes) -> None:
        """Take bytes of the host; each complete line is carried out and answered, in order."""
        for piece in _lines(data):
            self._take(piece)

    def _take(self, piece: bytes) -> None:
        ends = piece.endswith(b"\r")
        self._buffer += piece[:-1] if ends else piece
        if len(self._buffer) > LONGEST_LINE:
            self._is_too_long = True
            self._buffer.clear()
        if not ends:
            return
        line, too_long = bytes(self._buffer), self._is_too_long
        self._buffer.clear()
        self._is_too_long = False
        self._carry_out(line, self._refuse if too_long else self.handle)

    def _refuse(self, line: bytes) -> bytes:
        return self.style.refusal(Reason.PARAMETER)

    def _carry_out(self, line: bytes, handle: Callable[[bytes], bytes]) -> None:
        self.is_answering = True
        try:
            answer = self.intercept(line, handle)
            if answer:
                self.out(answer)
        finally:
            self.is_answering = False
        # What came from the wire while the command was at work comes after its answer.
        arrived, self._arrived = self._arrived, []
        for msg in arrived:
            self.arrive(msg)

    def _transmit(self, msg: Message) -> Fate:
        if self.mode is not Mode.LOOPBACK:
            return super()._transmit(msg)
        self.arrive(msg)
        return Fate.SENT

    def hear(self, is_heard: bool) -> None:
        """Say whether anybody on the wire acknowledges; if so, what waits is sent, in order."""
        sent = self.transmitter.hear(is_heard)
        if self.firmware.confirms:
            for _ in range(sent):
                self.out(self.style.ok())

    def arrive(self, msg: Message) -> None:
        """A frame comes from the wire; it is dropped, and counted, while the channel is closed."""
        if self.is_answering:
            self._arrived.append(msg)
            return
        flags = msg._flags
        if not self.is_open or flags & (ERR | XLF) or (flags & FDF and not self.firmware.has_fd):
            self.unheard += 1
            return
        if not passes(self.filter_list, msg):
            return
        firmware = self.firmware
        line = write_frame(msg, extended_x=firmware.extended_x, remote_data=firmware.remote_data)
        self.out(f"{line}{self._stamp()}\r".encode())

    def _stamp(self) -> str:
        stamps = self.stamps
        if stamps is None:
            return ""
        count = self._clock() // stamps.tick_ns % stamps.wrap
        return f"{count:0{stamps.digits}X}"


def _lines(data: bytes) -> list[bytes]:
    """Pieces that end with CR, and the rest."""
    *whole, rest = data.split(b"\r")
    return [line + b"\r" for line in whole] + ([rest] if rest else [])


def _as_it_is(line: bytes, handle: Callable[[bytes], bytes]) -> bytes:
    return handle(line)


def _ignore(data: bytes) -> None:
    pass
