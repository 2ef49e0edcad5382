"""CAN overlays of the Raspberry Pi kernel: which chips they are for, and where. Facts only.

As in arch/arm/boot/dts/overlays/README and the overlays beside it
(https://github.com/raspberrypi/linux). All of them switch their SPI bus on themselves, but for
spi1 and spi2, whose pins want an overlay of their own first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canbus.bringup.doctor.checks.pi_config_txt import ConfigTxt, Overlay

_INTERRUPT = 25  # GPIO
_PLACE = re.compile(r"spi(\d)-(\d)")


class Chip(NamedTuple):
    """A chip that an overlay tells the kernel of.

    Attributes:
        at: as sysfs calls it: "spi0.0".
        kind: "mcp2515", "mcp251xfd".
        oscillator: Hz; None if it cannot be told.
        interrupt: the GPIO.
        overlay: that it is from.
    """

    at: str
    kind: str
    oscillator: int | None
    interrupt: int | None
    overlay: Overlay

    @property
    def clock(self) -> int | None:
        """The controller's, which netlink shows.

        Half the crystal of an MCP2515 (mcp251x.c); of the others the crystal, or ten times a slow
        one, by their PLL (mcp251xfd-core.c).
        """
        if self.oscillator is None:
            return None
        if self.kind == "mcp2515":
            return self.oscillator // 2
        return self.oscillator * (10 if self.oscillator <= 4_000_000 else 1)


_MCP2515 = frozenset({"oscillator", "spimaxfrequency", "interrupt"})
_ANYWHERE = frozenset({"oscillator", "speed", "interrupt"})
_PARAMETERS = {
    "mcp2515-can0": _MCP2515,
    "mcp2515-can1": _MCP2515,
    "mcp2515": _ANYWHERE,
    "mcp251xfd": _ANYWHERE | {"rx_interrupt", "xceiver_enable", "xceiver_active_high"},
}
_FIXED = {"mcp2515-can0": "spi0.0", "mcp2515-can1": "spi0.1"}
_HATS = {
    "seeed-can-fd-hat-v1": (("spi0.0", 25), ("spi1.0", 24)),
    "seeed-can-fd-hat-v2": (("spi0.0", 25), ("spi0.1", 24)),
    "waveshare-can-fd-hat-mode-a": (("spi0.0", 25), ("spi1.0", 24)),
    "waveshare-can-fd-hat-mode-b": (("spi0.0", 25), ("spi0.1", 16)),
}
_LOOKS_LIKE_CAN = re.compile(r"can|mcp25", re.IGNORECASE)


def is_can(overlay: Overlay) -> bool:
    """Whether it is one for CAN, known here or not."""
    return _LOOKS_LIKE_CAN.search(overlay.name) is not None


def is_known(overlay: Overlay) -> bool:
    """Whether it is one of the kernel's."""
    return overlay.name in _PARAMETERS or overlay.name in _HATS


def unknown_parameters(overlay: Overlay) -> list[str]:
    """Those that the overlay has not, which the firmware leaves out."""
    known = _PARAMETERS.get(overlay.name)
    if known is None:
        return []
    is_placed = overlay.name not in _FIXED
    return [
        name
        for name in overlay.parameters
        if name not in known and not (is_placed and _PLACE.fullmatch(name))
    ]


def chips(config: ConfigTxt) -> list[Chip]:
    """All that the overlays that count tell the kernel of."""
    return [chip for one in config.overlays if one.counts for chip in _chips(one)]


def _chips(overlay: Overlay) -> Iterator[Chip]:
    for at, gpio in _HATS.get(overlay.name, ()):
        yield Chip(at, "mcp251xfd", 40_000_000, gpio, overlay)
    place = next(filter(None, map(_PLACE.fullmatch, overlay.parameters)), None)
    where = _FIXED.get(overlay.name) or (f"spi{place[1]}.{place[2]}" if place else None)
    if overlay.name in _PARAMETERS and where is not None:
        kind = "mcp251xfd" if overlay.name == "mcp251xfd" else "mcp2515"
        usual = 40_000_000 if kind == "mcp251xfd" else 16_000_000
        given = overlay.parameters
        oscillator = _number(given.get("oscillator"), usual)
        yield Chip(where, kind, oscillator, _number(given.get("interrupt"), _INTERRUPT), overlay)


def _number(text: str | None, usual: int) -> int | None:
    if text is None:
        return usual
    try:
        return int(text, 0)
    except ValueError:
        return None
