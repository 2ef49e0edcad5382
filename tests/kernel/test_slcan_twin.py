"""The emulated adapter with the kernel's slcan driver as its host, as real adapters have it.

What the driver makes of an adapter's frames and error lines is what SlcanBus makes of them.
Where it is known not to be, the test says so, and why.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import canbus as can
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.support import PATIENCE, facts, receive
from tests.kernel.slcan_rig import EACH, KINDS, Candump, chunks, counters, slcand
from tests.scale import SOAK

# The driver puts its link where everybody sees it, whatever network namespace we are in.
pytestmark = [pytest.mark.guest, pytest.mark.timeout(60 * SOAK)]

LAST = can.Message.parse("7FE#")

LETTERS = "abBcfoOs"
ERRORS = [
    *(f"e1{letter}" for letter in LETTERS),
    *(f"e3{letter * 3}" for letter in LETTERS),
    *(f"e2{one}{other}" for one in LETTERS for other in LETTERS),
    "e8abBcfoOs",
    "e8sOofcBba",
    "e7ooOOoOo",
]
STATES = [
    # Each differs from the one before, as the driver drops what says nothing new.
    *("sw096000", "sa000000", "sw000096", "sa000000", "sw096096", "sa095095"),
    *("sp128000", "sa000000", "sp000128", "sa000000", "sp128128", "sa127127"),
    *("sw096000", "sp128000", "sw127000", "sa001000", "sp000255", "sa000001"),
    *("sw100099", "sp255000", "sw099100", "sp000200", "sa128128"),
    *("sb000255", "sa000000", "sb000000", "sw096000", "sb255255", "sp130000", "sb000248"),
    *("sa000000", "sw001999", "sa256000", "sp300400", "sa512000"),
]


@pytest.fixture
def emulator() -> Iterator[SlcanEmulator]:
    with SlcanEmulator("lawicel", link="/dev/ttyCanbusTest") as emulator:
        yield emulator


@pytest.fixture
def link(emulator: SlcanEmulator) -> Iterator[str]:
    with slcand(emulator.port, "slcan9", "-o", "-c", "-s6") as link:
        emulator.wait_for_command(b"O")
        yield link


@pytest.fixture
def kernel(link: str) -> Iterator[can.BusABC]:
    """The kernel's view."""
    with can.Bus(link, interface="socketcan") as bus:
        yield bus


@pytest.fixture
def twin() -> Iterator[SlcanEmulator]:
    """The same adapter once more, for our own driver."""
    with SlcanEmulator("lawicel") as emulator:
        yield emulator


@pytest.fixture
def ours(twin: SlcanEmulator) -> Iterator[can.BusABC]:
    """Our view."""
    with can.Bus(twin.port, interface="slcan", bitrate=500_000, dialect="lawicel") as bus:
        yield bus


def made_of(line: str, emulator: SlcanEmulator, bus: can.BusABC) -> list[dict[str, object]]:
    """The frames that an adapter's line becomes."""
    emulator.write(line.encode() + b"\r")
    emulator.arrive(LAST)
    made = []
    while (msg := receive(bus)).is_error_frame or msg.arbitration_id != LAST.arbitration_id:
        made.append(facts(msg))
    return made


# -- setting up -----------------------------------------------------------------------------


def test_slcand_sets_the_emulated_adapter_up_and_closes_it(emulator: SlcanEmulator) -> None:
    with slcand(emulator.port, "slcan9", "-o", "-c", "-f", "-s6"):
        emulator.wait_for_command(b"O")
        assert emulator.commands == [b"C", b"S6", b"F", b"O"]
        assert emulator.is_open
        emulator.forget()
    emulator.wait_for_command(b"C")
    assert not emulator.is_open


# -- frames ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_arrives_at_the_emulated_adapter_the_kernel_receives(
    emulator: SlcanEmulator, link: str, kind: str
) -> None:
    with Candump(link) as candump:
        for texts in chunks(EACH // 2, kind):
            emulator.arrive(*texts)
            assert candump.take(len(texts)) == texts
    assert counters(link)["rx"]["errors"] == 0
    assert emulator.counters.overflowed == 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_kernel_sends_the_emulated_adapter_sends(
    emulator: SlcanEmulator, link: str, kernel: can.BusABC, kind: str
) -> None:
    with Candump(link) as candump:
        for texts in chunks(EACH // 2, kind):
            emulator.forget()
            for text in texts:
                kernel.send(can.Message.parse(text), PATIENCE)
            sent = emulator.wait_for_sent(len(texts))
            assert [format(msg, "candump") for msg in sent] == texts
            assert candump.take(len(texts)) == texts
    assert kernel.recv(0) is None  # the adapter's answers are no frames


# -- error reports --------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [ERRORS, STATES], ids=["errors", "states"])
def test_we_make_the_error_frames_that_the_kernel_makes(
    emulator: SlcanEmulator,
    kernel: can.BusABC,
    twin: SlcanEmulator,
    ours: can.BusABC,
    lines: list[str],
) -> None:
    for line in lines:
        theirs = made_of(line, emulator, kernel)
        assert made_of(line, twin, ours) == theirs, line
        assert len(theirs) == 1, line
    assert ours.statistics.rx_malformed == 0


@pytest.mark.parametrize(
    ("before", "again"),
    [("sa001001", "sa000000"), ("sw096000", "sw097000"), ("sp128000", "sp000130"), ("sb", "sb")],
)
def test_the_kernel_drops_a_state_that_it_knows_and_we_do_not(
    emulator: SlcanEmulator,
    kernel: can.BusABC,
    twin: SlcanEmulator,
    ours: can.BusABC,
    before: str,
    again: str,
) -> None:
    """slcan_bump_state returns then, and with it the counters are lost: we tell of them."""
    before, again = (text.ljust(8, "0") for text in (before, again))
    for bus, adapter in ((kernel, emulator), (ours, twin)):
        made_of("sw000096" if before != "sw096000" else "sa000000", adapter, bus)
        assert len(made_of(before, adapter, bus)) == 1
    assert made_of(again, emulator, kernel) == []
    assert len(made_of(again, twin, ours)) == 1


@pytest.mark.parametrize(
    "line", ["e0", "e2a", "e1x", "e3abx", "e9aaaaaaaaa", "sw0960000", "sx000000", "swx00000"]
)
def test_a_wrong_line_is_ignored_by_the_kernel_and_counted_by_us(
    emulator: SlcanEmulator,
    kernel: can.BusABC,
    twin: SlcanEmulator,
    ours: can.BusABC,
    line: str,
) -> None:
    assert made_of(line, emulator, kernel) == []
    with pytest.warns(can.CanWarning, match="no line of an adapter"):
        assert made_of(line, twin, ours) == []
    assert ours.statistics.rx_malformed == 1


def test_letters_too_many_are_cut_off_by_the_kernel_and_wrong_to_us(
    emulator: SlcanEmulator, kernel: can.BusABC, twin: SlcanEmulator, ours: can.BusABC
) -> None:
    """slcan_bump_err only looks whether there are enough; to us, something was lost there."""
    assert made_of("e1ab", emulator, kernel) == made_of("e1a", emulator, kernel)
    with pytest.warns(can.CanWarning, match="an error report of 1 letters has 2"):
        assert made_of("e1ab", twin, ours) == []
    assert ours.statistics.rx_malformed == 1
