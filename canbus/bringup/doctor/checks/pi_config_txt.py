"""config.txt of a Raspberry Pi: what of it counts on this model. Reading only, no judgement.

The format: https://www.raspberrypi.com/documentation/computers/config_txt.html (filters) and
https://github.com/raspberrypi/documentation, device-tree.adoc (dtoverlay, dtparam).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from canbus.bringup.doctor.system import System

PLACES = ("/boot/firmware/config.txt", "/boot/config.txt")
"""Where the firmware's partition is mounted: since Debian 12 (and on Ubuntu), and before."""

_FILTER = re.compile(r"\[(.*)\]")
_MODELS = {
    "pi1": r"Pi Model|Compute Module Rev",
    "pi2": r"Pi 2",
    "pi3": r"Pi 3|Compute Module 3",
    "pi3+": r"Pi 3 Model . Plus|Compute Module 3 Plus",
    "pi4": r"Pi 4|Compute Module 4",
    "pi5": r"Pi 5|Compute Module 5",
    "pi400": r"Pi 400",
    "pi500": r"Pi 500",
    "pi0": r"Zero|Compute Module 0",
    "pi0w": r"Zero W|Zero 2 W",
    "pi02": r"Zero 2",
    "cm0": r"Compute Module 0",
    "cm1": r"Compute Module Rev",
    "cm3": r"Compute Module 3",
    "cm3+": r"Compute Module 3 Plus",
    "cm4": r"Compute Module 4(?!S)",
    "cm4s": r"Compute Module 4S",
    "cm5": r"Compute Module 5",
}
"""Filters, and how /proc/device-tree/model calls what they are for."""


class Overlay(NamedTuple):
    """A `dtoverlay=` line.

    Attributes:
        line: as it stands there.
        name: of the overlay.
        parameters: what follows; a parameter without a value is "".
        counts: whether it is for this model.
    """

    line: str
    name: str
    parameters: dict[str, str]
    counts: bool


class ConfigTxt(NamedTuple):
    """What a config.txt says, as far as CAN cares.

    Attributes:
        path: of the file.
        overlays: in order.
        spi: what `dtparam=spi` says in the end; None if nothing does.
    """

    path: str
    overlays: tuple[Overlay, ...]
    spi: bool | None


def read_config(system: System, path: str) -> ConfigTxt:
    """One of the files; an empty one if there is none."""
    overlays, spi = [], None
    for line, counts in _lines(system, path):
        name, _, value = line.partition("=")
        if name.strip() == "dtoverlay" and value:
            overlay, *rest = value.split(",")
            pairs = (one.partition("=") for one in rest)
            parameters = {left: right.strip() for left, _, right in pairs}
            overlays.append(Overlay(line, overlay.strip(), parameters, counts))
        elif name.strip() in {"dtparam", "device_tree_param"} and counts:
            for one in value.split(","):
                left, _, right = one.partition("=")
                if left.strip() == "spi":
                    spi = right.strip() in {"", "on", "true", "yes", "1", "okay"}
    return ConfigTxt(path, tuple(overlays), spi)


def live_path(system: System) -> str | None:
    """The file that the firmware reads; None on what is no Raspberry Pi."""
    return next((path for path in PLACES if system.exists(path)), None)


def _lines(system: System, path: str) -> Iterator[tuple[str, bool]]:
    """The lines that say something, and whether they count."""
    model, counts = system.text("/proc/device-tree/model"), True
    for raw in system.lines(path):
        line = raw.partition("#")[0].strip()
        found = _FILTER.fullmatch(line)
        if found:
            counts = _fits(found[1].strip().lower(), model)
        elif line:
            yield line, counts


def _fits(name: str, model: str) -> bool:
    """Whether a filter lets this model through; one that cannot be judged here does."""
    if name == "none":
        return False
    expression = _MODELS.get(name)
    return expression is None or not model or re.search(expression, model) is not None
