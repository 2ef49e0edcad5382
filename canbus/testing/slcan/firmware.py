"""How the firmware of an adapter behaves, as values. The known ones are in firmwares.py.

Not the table that the backend goes by, on purpose: an emulator that shared it would share its
mistakes. It also says more: the backend has to know what to send, an adapter how it takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class Reason(Enum):
    """Why a command is refused; the value is CANable 2.5's code."""

    UNKNOWN = "1"
    PARAMETER = "2"
    CLOSED = "3"
    OPEN = "4"
    FULL = "7"
    LISTENING = "9"
    NO_BITRATE = ":"


class Style(Enum):
    """How commands are answered that ask for nothing."""

    LAWICEL = "CR or BEL; frames by z or Z"
    PLAIN = "CR or BEL, frames, too"
    NEVER_REFUSES = "CR, whatever happened"
    ACK = "ACK or BEL, without CR"
    CODES = "# and a code"
    NONE = "nothing"

    def ok(self, frame: str = "") -> bytes:
        """The answer to what was done.

        Args:
            frame: `z` or `Z`, if that was to send a frame.
        """
        if self is Style.LAWICEL:
            return f"{frame}\r".encode()
        return _OK[self]

    def refusal(self, reason: Reason) -> bytes:
        """The answer to what was not."""
        if self is Style.CODES:
            return f"#{reason.value}\r".encode()
        if self in {Style.NONE, Style.NEVER_REFUSES}:
            return _OK[self]
        return b"\a"


_OK = {
    Style.LAWICEL: b"\r",
    Style.PLAIN: b"\r",
    Style.NEVER_REFUSES: b"\r",
    Style.ACK: b"\x06",
    Style.CODES: b"#\r",
    Style.NONE: b"",
}


class Mode(Enum):
    """What an opened channel does."""

    NORMAL = "normal"
    LISTEN_ONLY = "listen-only"
    LOOPBACK = "loopback"


class Empty(Enum):
    """What an empty line does."""

    NOTHING = "nothing; it is answered as done"
    REFUSED = "it is refused"
    REPEATS = "the line before it is carried out once more"


class Stamps(NamedTuple):
    """Time stamps at the end of received frames.

    Attributes:
        on: command that turns them on.
        off: command that turns them off.
        digits: hex digits.
        tick_ns: nanoseconds of one count.
        wrap: count at which it begins at 0 again.
        while_open: these commands are taken while the channel is open, too.
    """

    on: str = "Z1"
    off: str = "Z0"
    digits: int = 4
    tick_ns: int = 1_000_000
    wrap: int = 60_000
    while_open: bool = False


class Firmware(NamedTuple):
    """What one firmware understands, and how it answers.

    Attributes:
        name: what users write as `dialect=`.
        summary: one line for people.
        source: where these facts stand.
        bitrates: commands that set the bit rate, with bit/s.
        data_bitrates: those of the data phase; with any, there are CAN FD frames.
        style: how it answers.
        told: command that makes it answer in style CODES from then on; "" if there is none.
        untold: command that undoes this.
        version: its answer to `V`; "" if that is no command. All three without CR.
        detail: to `v`.
        serial: to `N`.
        opens: commands that open the channel, with what it does then.
        prepares: commands that say what `O` shall open.
        registers: numbers of hex digits that `s` takes.
        accepts: further commands that are well as they are, by their letters.
        filters: acceptance registers, by letter, with their number of hex digits.
        has_filter_list: `F` sets filters that are exact, `f` clears them.
        stamps: the kinds of time stamps that it has.
        status: it answers `F`; "open" while the channel is open, "any" always, "" never.
        clears_status: after that, the flags are 0.
        needs_bitrate: it does not open before a bit rate is set, and sends no CAN FD frame
            before one is set for the data phase.
        lax: letters of commands that are ignored at the wrong time, and answered as if done.
        always_open: the channel is open, whatever the host says; `C` is ignored.
        closes_twice: `C` is well while the channel is closed.
        close_answers: `C` is answered at all.
        close_forgets: `C` makes it forget its settings.
        empty: what an empty line does.
        queue: frames that wait in it while nobody on the wire acknowledges.
        is_one_shot: none waits; it is tried once.
        confirms: a frame is answered when another node has acknowledged it, not before.
        extended_x: extended frames are `x`, and `T` is another `t`.
        remote_data: remote frames it sends have data digits (that mean nothing).
        wants_remote_data: remote frames it takes must have them.
    """

    name: str
    summary: str
    source: str
    bitrates: Mapping[str, int]
    data_bitrates: Mapping[str, int] = MappingProxyType({})
    style: Style = Style.LAWICEL
    told: str = ""
    untold: str = ""
    version: str = ""
    detail: str = ""
    serial: str = ""
    opens: Mapping[str, Mode] = MappingProxyType({"O": Mode.NORMAL})
    prepares: Mapping[str, Mode] = MappingProxyType({})
    registers: tuple[int, ...] = ()
    accepts: str = ""
    filters: Mapping[str, int] = MappingProxyType({})
    has_filter_list: bool = False
    stamps: tuple[Stamps, ...] = ()
    status: str = ""
    clears_status: bool = False
    needs_bitrate: bool = False
    lax: str = ""
    always_open: bool = False
    closes_twice: bool = False
    close_answers: bool = True
    close_forgets: bool = False
    empty: Empty = Empty.NOTHING
    queue: int = 8
    is_one_shot: bool = False
    confirms: bool = False
    extended_x: bool = False
    remote_data: bool = False
    wants_remote_data: bool = False

    @property
    def has_fd(self) -> bool:
        """It has CAN FD frames."""
        return bool(self.data_bitrates)
