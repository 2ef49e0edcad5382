"""Numbers of a Raspberry Pi's CAN overlays: chip select, interrupt, crystal. Do they fit?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from canbus.bringup.doctor.checks.pi_config_txt import ConfigTxt, live_path, read_config
from canbus.bringup.doctor.checks.pi_overlays import Chip, chips
from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo
from canbus.state import CanState

_REBOOT = "sudo reboot"
_SICK = {CanState.ERROR_PASSIVE, CanState.BUS_OFF}
_SPI_DRIVERS = {"mcp251x", "mcp251xfd"}


def look(system: System) -> Iterator[Finding]:
    """What does not fit."""
    path = live_path(system)
    config = ConfigTxt("", (), None) if path is None else read_config(system, path)
    wanted = chips(config)
    yield from _doubled(config, wanted)
    yield from _without_bus(config, wanted)
    for link in system.asked_links:
        if link.device is not None and link.device.driver in _SPI_DRIVERS:
            at = link.device.path
            yield from _clock(config, link, next((one for one in wanted if one.at == at), None))
            yield from _interrupts(system, link)


def _doubled(config: ConfigTxt, wanted: list[Chip]) -> Iterator[Finding]:
    for number, chip in enumerate(wanted):
        for other in wanted[:number]:
            lines = tuple(f"{config.path}: {one.overlay.line}" for one in (other, chip))
            if chip.at == other.at:
                yield Finding(
                    name="pi-chip-select-shared",
                    severity=Severity.ERROR,
                    what=f"two overlays want the same chip select, {chip.at}",
                    evidence=lines,
                    meaning="Only one chip can be there. Two boards have to differ in their chip "
                    "select, by jumper or solder bridge; or one line is left over.",
                    commands=("# correct one of the lines, then:", _REBOOT),
                )
            elif chip.interrupt is not None and chip.interrupt == other.interrupt:
                yield Finding(
                    name="pi-interrupt-shared",
                    severity=Severity.ERROR,
                    what=f"two overlays want the same interrupt, GPIO {chip.interrupt}",
                    evidence=lines,
                    meaning="Each chip has an INT of its own, wired to a GPIO of its own; the "
                    "second one gets none of its interrupts.",
                    commands=("# correct interrupt= in one of the lines, then:", _REBOOT),
                )


def _without_bus(config: ConfigTxt, wanted: list[Chip]) -> Iterator[Finding]:
    for chip in wanted:
        bus = chip.at.partition(".")[0]
        before = config.overlays[: config.overlays.index(chip.overlay)]
        has_pins = any(one.counts and one.name.startswith(f"{bus}-") for one in before)
        if bus != "spi0" and chip.overlay.name.startswith("mcp25") and not has_pins:
            yield Finding(
                name="pi-spi-pins",
                severity=Severity.ERROR,
                what=f"no overlay switches {bus} on for {chip.overlay.name}",
                evidence=(f"{config.path}: {chip.overlay.line}",),
                meaning=f"{bus} has no pins until an overlay of its own gives it some, which has "
                "to stand before the chip's.",
                commands=(f"# before that line: dtoverlay={bus}-1cs (or 2cs, 3cs)", _REBOOT),
            )


def _clock(config: ConfigTxt, link: LinkInfo, chip: Chip | None) -> Iterator[Finding]:
    if chip is not None and link.clock and chip.clock and link.clock != chip.clock:
        yield Finding(
            name="pi-oscillator-not-in-force",
            severity=Severity.ERROR if link.state in _SICK else Severity.WARNING,
            what=f"{link.name} does not reckon with the crystal that config.txt names",
            evidence=(
                f"{config.path}: {chip.overlay.line}",
                f"clock {link.clock} Hz (netlink); {chip.clock} would be of that line",
            ),
            meaning="The line was changed after the machine was started, or it is not the line "
            "that made this interface. Every bit rate is wrong by that ratio, or will be.",
            commands=("# see that it is the number on the crystal, then:", _REBOOT),
            channel=link.name,
        )
    elif link.state in _SICK and link.clock and not link.statistics.rx_packets:
        crystal = link.clock * (2 if link.device and link.device.driver == "mcp251x" else 1)
        line = (f"{config.path}: {chip.overlay.line}",) if chip else ()
        yield Finding(
            name="pi-wrong-oscillator",
            severity=Severity.ERROR,
            what=f"{link.name} reckons with a crystal of {crystal / 1e6:g} MHz: see whether it is",
            evidence=(f"clock {link.clock} Hz (netlink)", "nothing was ever received", *line),
            meaning="Boards of one name have been sold with 8, 12 and 16 MHz. With another crystal "
            "all seems well, but every bit rate is wrong, and nobody understands the other.",
            commands=(
                "# read the number on the crystal; if it differs, correct oscillator=, then:",
                _REBOOT,
            ),
            likelihood=Likelihood.LIKELY,
            channel=link.name,
        )


def _interrupts(system: System, link: LinkInfo) -> Iterator[Finding]:
    at = link.device.path if link.device else None
    moved = link.statistics.rx_packets or link.statistics.tx_packets
    if at and link.is_up and not moved and _count(system, at) == 0:
        yield Finding(
            name="pi-no-interrupts",
            severity=Severity.WARNING,
            what=f"no interrupt has ever come from the chip of {link.name}",
            evidence=(f"/proc/interrupts: 0 for {at}", "nothing received, nothing sent"),
            meaning="If somebody sends, the chip's INT is wired to another GPIO than interrupt= "
            "says. (GPIO number, not pin number.) On a bus where nobody sends, it is as it should.",
            commands=(
                f"canbus send {link.name} 123#00",
                f"grep {at} /proc/interrupts  # a count that has moved: the GPIO is right",
            ),
            likelihood=Likelihood.LIKELY,
            channel=link.name,
        )


def _count(system: System, at: str) -> int | None:
    """The interrupts of a chip, of all processors; None if its line is not there.

    The drivers name theirs by the device (request_threaded_irq in mcp251x.c, mcp251xfd-core.c).
    """
    for line in system.lines("/proc/interrupts"):
        words = line.split()
        if len(words) > 2 and words[-1] == at:
            counts = takewhile(lambda word: word.isdecimal() and len(word) < 20, words[1:])
            return sum(map(int, counts))
    return None
