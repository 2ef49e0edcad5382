"""What the families of serial CAN adapters understand: one table of values, with sources.

They all speak the language of LAWICEL's adapters, and differ in bitrate codes, in CAN FD, in
what they answer, and in extras. Nothing is sent here. An unknown bitrate code is worse than
an error on many of them: so a code that is not in a row is not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from canbus.plugin import ConfirmedBy


class Registers(Enum):
    """What `s` takes instead of a bitrate code."""

    NONE = "nothing"
    SJA1000 = "four hex digits, btr0 and btr1 for a clock of 8 MHz"
    MCP2515 = "six hex digits, cnf1, cnf2 and cnf3 for a clock of 24 MHz"
    CLOCKS = "eight hex digits: prescaler, segment 1, segment 2 and jump width"
    ANY = "whatever the firmware takes"


class Answers(Enum):
    """What an adapter says to commands and frames, beside questions like `V`."""

    ALL = "all"
    """CR (CANdapter: ACK) or BEL to each command; the same or `z` to each frame."""
    NONE = "none"
    """Nothing."""
    LEARNT = "learnt"
    """It differs between builds of the firmware: what happened while opening decides."""


class Stamp(NamedTuple):
    """The adapter's own time stamp at the end of a received frame.

    Attributes:
        switch: command that turns it on; taken while the channel is closed.
        tick_ns: nanoseconds of one count.
        wrap: count at which it begins at 0 again.
    """

    switch: str
    tick_ns: int
    wrap: int


class Dialect(NamedTuple):
    """One family of adapters.

    Attributes:
        name: what users write as `dialect=`.
        summary: one line for people.
        source: where these facts stand.
        bitrates: command by bit/s.
        data_bitrates: command of the FD data phase by bit/s; empty where there is no FD.
        answers: what it says to commands and frames.
        answers_close: it answers `C`, too.
        questions: of `V`, `v`, `N` and `F`, those it answers.
        preparation: commands before the bitrate, sent while the channel is closed.
        registers: what `s` takes.
        open_normal: command that opens the channel.
        listen_only: commands that open it without ever sending; () if it cannot.
        loopback: commands that open it so that it receives what it sends; () if it cannot.
        stamp: its time stamps, if it has any.
        status_has_bus_off: the highest flag in its answer to `F` is bus-off, not a bus error.
        max_filters: how many filters it applies exactly; 0: none.
        window: frames that may wait for its answer.
        confirmed_by: what its answer to a frame proves.
        bel_is_bus_error: it also sends BEL for each error on the bus.
        extended_x: it takes and sends extended frames as `x`.
        remote_digits: it takes a remote frame only with as many data digits as it asks for.
    """

    name: str
    summary: str
    source: str
    bitrates: Mapping[int, str]
    data_bitrates: Mapping[int, str] = MappingProxyType({})
    answers: Answers = Answers.ALL
    answers_close: bool = True
    questions: str = ""
    preparation: tuple[str, ...] = ()
    registers: Registers = Registers.NONE
    open_normal: str = "O"
    listen_only: tuple[str, ...] = ()
    loopback: tuple[str, ...] = ()
    stamp: Stamp | None = None
    status_has_bus_off: bool = False
    max_filters: int = 0
    window: int = 8
    confirmed_by: ConfirmedBy = ConfirmedBy.BUFFER
    bel_is_bus_error: bool = False
    extended_x: bool = False
    remote_digits: bool = False

    @property
    def has_fd(self) -> bool:
        """It has CAN FD frames."""
        return bool(self.data_bitrates)


_DEEP = 16
"""Frames under way that fill a bus of 1 Mbit/s through USB (measured: docs/performance.md); the
transmit buffers of these hold at least 19."""
_COMMON = {
    10_000: "S0",
    20_000: "S1",
    50_000: "S2",
    100_000: "S3",
    125_000: "S4",
    250_000: "S5",
    500_000: "S6",
    1_000_000: "S8",
}
_LAWICEL = MappingProxyType({**_COMMON, 800_000: "S7"})
_CANABLE = MappingProxyType({**_COMMON, 750_000: "S7"})
_RARE = {75_000: "SA", 62_500: "SB", 33_300: "SC", 5_000: "SD"}
_DATA = {1_000_000: "Y1", 2_000_000: "Y2", 4_000_000: "Y4", 5_000_000: "Y5"}
_MS = Stamp("Z1", 1_000_000, 60_000)

LAWICEL = Dialect(
    name="lawicel",
    summary="LAWICEL CANUSB and CAN232, and most of what behaves like them",
    source="LAWICEL CANUSB manual 1.0D; the kernel's slcan-core.c has the same bitrates",
    bitrates=_LAWICEL,
    questions="VNF",
    registers=Registers.SJA1000,
    listen_only=("L",),
    stamp=_MS,
)
SLCAN = Dialect(
    name="slcan",
    summary="the Linux kernel's slcan driver at the other end: another host, which answers nothing",
    source="drivers/net/can/slcan/slcan-core.c",
    bitrates=_LAWICEL,
    answers=Answers.NONE,
    answers_close=False,
)
CANABLE1 = Dialect(
    name="canable1",
    summary="CANable 1.x with its slcan firmware",
    source="normaldotcom/canable-fw, src/slcan.c",
    bitrates=_CANABLE,
    answers=Answers.LEARNT,
    answers_close=False,
    questions="V",
    window=_DEEP,
)
CANABLE2 = Dialect(
    name="canable2",
    summary="CANable 2.0 with its slcan firmware; CAN FD",
    source="normaldotcom/canable2-fw, src/slcan.c",
    bitrates=MappingProxyType({**_CANABLE, 83_300: "S9"}),
    data_bitrates=MappingProxyType({2_000_000: "Y2", 5_000_000: "Y5"}),
    answers=Answers.LEARNT,
    answers_close=False,
    questions="V",
    window=_DEEP,
)
NAKAKIYO = Dialect(
    name="canable2-nakakiyo",
    summary="CANable 2.0 with Nakakiyo092's firmware; CAN FD, answers, time stamps",
    source="Nakakiyo092/canable2-fw, doc/1.-Command-List.md",
    bitrates=MappingProxyType({**_LAWICEL, 83_300: "S9"}),
    data_bitrates=MappingProxyType({500_000: "Y0", **_DATA, 8_000_000: "Y8"}),
    questions="VvNF",
    registers=Registers.CLOCKS,
    listen_only=("L",),
    stamp=Stamp("Z2", 1_000, 3_600_000_000),
    window=_DEEP,
)
CANABLE25 = Dialect(
    name="canable2.5",
    summary="CANable 2.5 firmware (Elmue); CAN FD, error reports, answers when told to",
    source="CANable 2.5 Slcan manual and its Source/Slcan/control.c",
    bitrates=MappingProxyType({**_LAWICEL, 83_333: "S9", **_RARE}),
    data_bitrates=MappingProxyType({500_000: "Y0", **_DATA, 8_000_000: "Y8"}),
    answers_close=False,
    questions="V",
    preparation=("MF", "ME"),  # answers, error reports; `C` has turned them off
    listen_only=("OS",),
    loopback=("OI",),
    max_filters=8,
    window=_DEEP,
)
CANTACT = Dialect(
    name="cantact",
    summary="CANtact; answers nothing at all",
    source="linklayer/cantact-fw, Src/slcan.c",
    bitrates=_CANABLE,
    answers=Answers.NONE,
    answers_close=False,
)
USBTIN = Dialect(
    name="usbtin",
    summary="USBtin",
    source="fischl.de/usbtin; firmware/source/main.c and mcp2515.c",
    bitrates=_LAWICEL,
    questions="VvNF",
    registers=Registers.MCP2515,
    listen_only=("L",),
    loopback=("l",),
    stamp=Stamp("Z1", 1_000_000, 60_001),  # main.c begins anew when it counts more than 60000
    status_has_bus_off=True,
    window=1,  # its controller has three buffers, and what finds them full is refused
)
CANDAPTER = Dialect(
    name="candapter",
    summary="Ewert CANdapter; extended frames as `x`",
    source="CANdapter manual",
    bitrates=_LAWICEL,
    extended_x=True,
)
WEACT = Dialect(
    name="weact",
    summary="WeAct USB2CANFDV1; CAN FD; sends a frame once only",
    source="WeAct USB2CANFDV1, Source/App/slcan.c and Bsp/can.c",
    bitrates=MappingProxyType({**_LAWICEL, 83_300: "S9", **_RARE}),
    data_bitrates=MappingProxyType({**_DATA, 3_000_000: "Y3"}),
    answers=Answers.LEARNT,
    questions="V",
    preparation=("M0",),  # `M1` outlives `C`
    listen_only=("M1", "O"),
    confirmed_by=ConfirmedBy.BUS,  # answered when another node has acknowledged
    bel_is_bus_error=True,
    remote_digits=True,
    window=_DEEP,
)
CUSTOM = Dialect(
    name="custom",
    summary="none of these: say how to set the bitrate by btr= or bitrate_code=",
    source="the user",
    bitrates=MappingProxyType({}),
    data_bitrates=MappingProxyType(_DATA),
    answers=Answers.LEARNT,
    answers_close=False,
    registers=Registers.ANY,
    listen_only=("L",),
    loopback=("l",),
    stamp=_MS,
)
UNKNOWN = Dialect(
    name="unknown",
    summary="what all of them have in common, where the adapter did not say what it is",
    source="the rows of this table",
    bitrates=MappingProxyType(_COMMON),
    answers=Answers.LEARNT,
    answers_close=False,
    registers=Registers.SJA1000,
    listen_only=("L",),
)

DIALECTS: dict[str, Dialect] = {
    row.name: row
    for row in (
        LAWICEL,
        SLCAN,
        CANABLE1,
        CANABLE2,
        NAKAKIYO,
        CANABLE25,
        CANTACT,
        USBTIN,
        CANDAPTER,
        WEACT,
        CUSTOM,
    )
}
"""By name; `auto` is no dialect but the wish to ask the adapter."""
