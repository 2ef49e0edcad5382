"""Opening a bus: what is wrong with an adapter, and what each kind of handshake makes of it."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

import canbus as can
from canbus.testing.slcan import (
    Echo,
    FirstOnly,
    Garbage,
    LoseAnswers,
    Refuse,
    Say,
    Silent,
    SlcanEmulator,
    Slow,
    Split,
    UnplugAfter,
)
from canbus.testing.slcan.faults import Fault
from tests.unit.slcan.rig import SLACK, open_bus, raised, within
from tests.unit.slcan.serial_lines import no_leak

NOTHING = "nothing answers"
NO_ADAPTER = "what comes is no answer of a CAN adapter"
GONE = "it is gone"


def unanswered(command: str) -> str:
    return f"did not answer {command}"


def refused(command: str) -> str:
    return f"the adapter refused {command}"


class Row(NamedTuple):
    """A broken adapter, and what becomes of opening it: a dialect, or what the error says."""

    firmware: str
    faults: tuple[Fault, ...]
    auto: str
    require: str


ALL_BUT_V = ("C", "v", "N", "S", "O")
TABLE = [
    Row("lawicel", (), "lawicel", "lawicel"),
    Row("lawicel", (Say("v", b"v1011\r"),), "usbtin", "usbtin"),
    Row("usbtin", (), "usbtin", "usbtin"),
    Row("canable1", (), "canable1", unanswered("S6")),
    Row("canable1-answers", (), "canable1", "canable1"),
    Row("canable2.5", (), "canable2.5", "canable2.5"),
    Row("cantact", (), NOTHING, unanswered("V")),
    Row("candapter", (), "candapter", "candapter"),
    # Silence, to everything or to some commands.
    Row("usbtin", (Silent(),), NOTHING, unanswered("V")),
    Row("usbtin", (LoseAnswers(),), NOTHING, unanswered("V")),
    Row("usbtin", (Slow(delay=9),), NOTHING, unanswered("V")),
    Row("usbtin", (Silent("C"),), "usbtin", unanswered("C")),
    Row("usbtin", (Silent("V"),), "unknown", unanswered("C")),
    Row("usbtin", (Silent("v"),), "lawicel", "lawicel"),
    Row("usbtin", (Silent("N"),), "usbtin", unanswered("N")),
    Row("usbtin", (Silent("S"),), unanswered("S6"), unanswered("S6")),
    Row("usbtin", (Silent("O"),), unanswered("O"), unanswered("O")),
    Row("usbtin", (Silent("C", "V", "v", "N"),), "unknown", unanswered("V")),
    Row("lawicel", (Silent("C", "V", "v", "N", "S"),), "refused", unanswered("V")),
    Row("canable1", (Silent("V"),), NOTHING, unanswered("V")),
    Row("canable1", (Silent("S"),), "canable1", unanswered("S6")),
    Row("canable1-answers", (Silent("S"),), unanswered("S6"), unanswered("S6")),
    Row("canable1-answers", (Silent("C", "V", "N", "S"),), "unknown", unanswered("V")),
    # Refusals.
    Row("usbtin", (Refuse(),), refused("S6, 500000 bit/s"), refused("S6")),
    Row("usbtin", (Refuse("C"),), "usbtin", "usbtin"),
    Row("usbtin", (Refuse("V"),), "unknown", "unknown"),
    Row("usbtin", (Refuse("N"),), "usbtin", "usbtin"),
    Row("usbtin", (Refuse("S"),), refused("S6, 500000 bit/s"), refused("S6")),
    Row("usbtin", (Refuse("O"),), refused("O"), refused("O")),
    Row("canable1", (Refuse("S"),), refused("S6"), refused("S6")),
    # Other answers than there should be.
    Row("usbtin", (Say("V", b"hello world\r"),), "unknown", "unknown"),
    Row("usbtin", (Say("V", b"\xff\xfe\x80\r"),), "unknown", NO_ADAPTER),
    Row("usbtin", (Say("V", b"\r"),), "unknown", "unknown"),
    Row("usbtin", (Say("V", b"t1230\r"),), "unknown", unanswered("C")),
    Row("usbtin", (Say("V", b"V" * 2000 + b"\r"),), "unknown", "unknown"),
    Row("usbtin", (Say("N", b"\xff\r"),), "usbtin", NO_ADAPTER),
    # Noise: the line's speed is wrong, or it is another device.
    Row("usbtin", (Garbage(b"\xff\x00"),), NO_ADAPTER, NO_ADAPTER),
    Row("usbtin", (Garbage(where="after"),), NO_ADAPTER, NO_ADAPTER),
    Row("usbtin", (Garbage(b"\xfd", where="inside"),), NO_ADAPTER, NO_ADAPTER),
    Row("cantact", (Say("", b"\x80\xfe\xe0\xf8\r"),), NO_ADAPTER, NO_ADAPTER),
    Row("cantact", (Say("", b"NMEA 0183\r\n"),), NOTHING, unanswered("V")),
    # What can be lived with.
    Row("usbtin", (Split(1, 0.001),), "usbtin", "usbtin"),
    Row("usbtin", (Split(3, 0.01),), "usbtin", "usbtin"),
    Row("usbtin", (Slow(delay=0.04),), "usbtin", "usbtin"),
    Row("usbtin", (Slow(bytes_per_second=960),), "usbtin", "usbtin"),
    Row("usbtin", (FirstOnly(),), "usbtin", "usbtin"),
    Row("usbtin", (Echo(),), "usbtin", "usbtin"),
    # The cable.
    Row("usbtin", (UnplugAfter(0),), GONE, GONE),
    Row("usbtin", (UnplugAfter(3),), GONE, GONE),
    Row("usbtin", (UnplugAfter(8),), GONE, f"{GONE}|{unanswered('v')}"),
]


AT_ONCE = 12
"""More adapters at once would miss moments on a busy machine: they share one interpreter."""


def _outcome(row: Row, handshake: str) -> str:
    with SlcanEmulator(row.firmware) as adapter:
        adapter.fault(*row.faults)
        try:
            with within(1.2):
                bus = open_bus(adapter, handshake=handshake)
        except can.CanInitializationError as exc:
            return str(exc) if exc.hint else f"{exc!r} without a hint"
        name: str = bus.dialect.name
        is_open = adapter.is_open
        with within(0.7):
            bus.shutdown()
        return name if is_open else f"{name}, but its channel is closed"


@pytest.mark.parametrize("handshake", ["auto", "require"])
def test_the_handshake_ends_as_it_should(handshake: str) -> None:
    with no_leak(), warnings.catch_warnings(), ThreadPoolExecutor(AT_ONCE) as pool:
        warnings.simplefilter("ignore", can.CanWarning)
        running = [(row, pool.submit(_outcome, row, handshake)) for row in TABLE]
        got = [(row, future.result(8 * SLACK)) for row, future in running]
    wrong = [
        f"{row.firmware} {row.faults}: {outcome!r}, not {getattr(row, handshake)!r}"
        for row, outcome in got
        if not any(part in outcome for part in getattr(row, handshake).split("|"))
        or "without" in outcome
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "fault",
    [Silent(), Refuse(), Garbage(), LoseAnswers(), Slow(delay=9), Split(), Echo(), FirstOnly()],
    ids=lambda fault: type(fault).__name__,
)
def test_without_a_handshake_nothing_is_waited_for(fault: Fault) -> None:
    with no_leak(), SlcanEmulator("usbtin") as adapter:
        adapter.fault(fault)
        with within(0):
            bus = open_bus(adapter, handshake="off")
        if not isinstance(fault, FirstOnly):
            adapter.wait_for_command(b"O")
            assert adapter.commands == [b"V", b"C", b"S6", b"O"]
        bus.shutdown()


def test_silence_is_told_with_the_way_out() -> None:
    with no_leak(), SlcanEmulator() as adapter:
        adapter.fault(Silent())
        with pytest.raises(can.CanInitializationError, match=NOTHING) as caught:
            open_bus(adapter)
        assert "handshake='off'" in caught.value.hint
        assert "tty_baudrate" in caught.value.hint
        assert adapter.port in str(caught.value)


def test_a_wrong_bitrate_code_is_told_at_once_with_the_bitrate() -> None:
    with no_leak(), SlcanEmulator() as adapter:
        with within(0), pytest.raises(can.CanInitializationError, match="refused S9") as caught:
            open_bus(adapter, bitrate_code="S9")
        assert "bitrate_code=" in caught.value.hint
        with pytest.raises(can.CanInitializationError, match="refused O") as caught:
            can.Bus(adapter.port, interface="slcan")
        assert "bitrate=" in caught.value.hint


def test_what_was_told_is_not_asked_or_doubted() -> None:
    with no_leak(), SlcanEmulator("lawicel") as adapter:
        with open_bus(adapter, dialect="slcan") as bus:
            assert bus.dialect.name == "slcan"
            adapter.wait_for_command(b"O")
            assert not {b"v", b"N"} & set(adapter.commands)
        adapter.forget()
        with open_bus(adapter, dialect="usbtin") as bus:
            assert bus.version == "V1013"
            assert b"v" not in adapter.commands


@pytest.mark.parametrize("handshake", ["", "on", "AUTO"])
def test_no_such_handshake(handshake: str) -> None:
    with no_leak(), SlcanEmulator() as adapter:
        assert isinstance(raised(open_bus, adapter, handshake=handshake), can.CanConfigError)
        assert adapter.commands == []
