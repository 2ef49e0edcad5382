"""CAN chips on SPI that a driver did not find, or has trouble with: what the kernel's log says.

The lines are those of drivers/net/can/spi: mcp251x.c, mcp251xfd/mcp251xfd-core.c, hi311x.c, and of
the driver core (dd.c). Of each chip the last word counts: it may have been tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System

_CHIP = re.compile(r"^(mcp25\w+|hi311x|tcan4x5x)(?:: probe of)? (spi\d+\.\d+)\b")
_GOOD = "successfully initialized"
_SEEN = 4  # lines of evidence


class _Meaning(NamedTuple):
    pattern: str
    name: str
    severity: Severity
    what: str
    meaning: str
    command: str


_SPI_CAUSES = (
    "no power, a wire of SPI or the chip select wrong or loose, SPI too fast for it, or another "
    "chip than the overlay says (MCP2515 or MCP2518FD?)."
)
_NO_ANSWER = "SPI works, and the chip is silent: " + _SPI_CAUSES
_NOISE = (
    "the transceiver has no power (5 V), its pins are not connected, or CAN_H and CAN_L are "
    "shorted or swapped."
)
_ERRATUM = (
    "The chip tells the place in its queue wrong now and then (erratum DS80000789E, 6), which "
    "kernels since 6.11 correct; a disturbed SPI does it, too."
)
_CHECK_SPI = (
    "# check power, MISO, MOSI, SCLK, CS; try a slower SPI: spimaxfrequency=1000000 (speed=)"
)
_E, _W = Severity.ERROR, Severity.WARNING

_TABLE = (
    _Meaning(
        r"Cannot initialize|[Ww]rong wiring",
        "spi-wrong-answer",
        _E,
        "the chip at {} answers nonsense on SPI",
        "Something is on SPI, and is not that chip, or not well: " + _SPI_CAUSES,
        _CHECK_SPI,
    ),
    _Meaning(
        r"didn't enter in conf mode|Failed to detect MCP251xFD|failed to reset",
        "spi-no-answer",
        _E,
        "the chip at {} does not answer on SPI",
        _NO_ANSWER,
        _CHECK_SPI,
    ),
    _Meaning(
        r"No IRQ specified|failed to acquire irq|failed to request irq",
        "spi-no-interrupt",
        _E,
        "the chip at {} has no interrupt",
        "The GPIO of interrupt= is another's already, is none, or was not named.",
        "# correct interrupt= in config.txt (the GPIO that INT is wired to), and reboot",
    ),
    _Meaning(
        r"Failed to get (Oscillator|clock)|Oscillator frequency|error -34\b|err=34\b",
        "spi-no-clock",
        _E,
        "the driver does not know, or does not take, the crystal of the chip at {}",
        "oscillator= has to be the frequency on the crystal in Hz, 8000000 say: a zero too few?",
        "# correct oscillator= in config.txt, and reboot",
    ),
    _Meaning(
        r"Controller failed to enter mode|stays in Configuration Mode",
        "spi-stuck",
        _E,
        "the controller at {} does not get onto the bus",
        "It waits for a quiet bus, and sees none: " + _NOISE,
        "# check the transceiver's supply and wires; then: sudo canbus restart, or down and up",
    ),
    _Meaning(
        r"Timeout waiting for Oscillator|Failed to read Oscillator",
        "spi-no-oscillation",
        _E,
        "the crystal of the chip at {} does not oscillate",
        "A crystal that is broken or loose, or SPI that reads nonsense.",
        _CHECK_SPI,
    ),
    _Meaning(
        r"CRC read error",
        "spi-crc",
        _W,
        "SPI to the chip at {} is disturbed",
        "Bits are read wrong: SPI too fast for these wires, long wires, or a poor ground.",
        "# a slower SPI (speed=, spimaxfrequency=), shorter wires",
    ),
    _Meaning(
        r"Transmit Event FIFO",
        "spi-events-lost",
        _W,
        "the driver and the chip at {} do not agree on what was sent",
        _ERRATUM,
        "# a newer kernel; a slower SPI (speed=)",
    ),
)
_UNNAMED = _Meaning(
    r"[Pp]robe failed|failed with error",
    "spi-probe-failed",
    _E,
    "the driver does not take the chip at {}",
    _NO_ANSWER,
    _CHECK_SPI,
)


def look(system: System) -> Iterator[Finding]:
    """Each chip, and what is wrong with it."""
    said: dict[str, list[str]] = {}
    for line in system.kernel_log or ():
        found = _CHIP.search(line)
        if found:
            if _GOOD in line:
                said[found[2]] = []
            elif any(re.search(one.pattern, line) for one in (*_TABLE, _UNNAMED)):
                said.setdefault(found[2], []).append(line)
    asked = {link.device.path for link in system.asked_links if link.device}
    for at, lines in said.items():
        if lines and (system.channel is None or not asked or at in asked):
            yield _finding(system, at, lines)


def _finding(system: System, at: str, lines: list[str]) -> Finding:
    text = "\n".join(lines)
    row = next((one for one in _TABLE if re.search(one.pattern, text)), _UNNAMED)
    links = [link for link in system.links if link.device and link.device.path == at]
    return Finding(
        name=row.name,
        severity=row.severity,
        what=row.what.format(at),
        evidence=(*lines[:_SEEN],),
        meaning=row.meaning,
        commands=(row.command,),
        likelihood=Likelihood.LIKELY if links else Likelihood.CERTAIN,
        channel=links[0].name if links else None,
    )
