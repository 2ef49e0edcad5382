"""Check: one question to the system. Its shape only; the checks are in checks/."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from canbus.bringup.doctor.finding import Finding
from canbus.bringup.doctor.system import System


class Check(NamedTuple):
    """One question to the system.

    Attributes:
        name: "pi-overlays".
        title: what it looks at: "overlays in config.txt".
        look: yields what is to be said; nothing if all is well. Raises nothing, however strange
            the system is: what cannot be read is "" (System).
    """

    name: str
    title: str
    look: Callable[[System], Iterator[Finding]]
