"""From a plugged-in adapter to an interface that is up: what to load, start, set and wait for.

    from canbus.bringup import Request, bring_up
    bring_up(Request(target="pcan", config=LinkConfig(bitrate=500_000, up=True)))

A request becomes steps (families/), which can be shown as commands (`commands_for`), explained,
done, and undone. Only the steps that change something need rights: CAP_NET_ADMIN for links,
CAP_SYS_MODULE for modules. Nothing runs through a shell.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canbus.bringup.bringing_up import FAMILIES as FAMILIES
    from canbus.bringup.bringing_up import bring_up as bring_up
    from canbus.bringup.bringing_up import commands_for as commands_for
    from canbus.bringup.execution import Outcome as Outcome
    from canbus.bringup.machine import Machine as Machine
    from canbus.bringup.request import Request as Request
    from canbus.bringup.steps import Step as Step
    from canbus.bringup.taking_down import TakenDown as TakenDown
    from canbus.bringup.taking_down import take_down as take_down

_PLACES = {  # loaded on first use: detecting a bit rate, say, needs none of them
    "FAMILIES": "bringing_up",
    "Machine": "machine",
    "Outcome": "execution",
    "Request": "request",
    "Step": "steps",
    "TakenDown": "taking_down",
    "bring_up": "bringing_up",
    "commands_for": "bringing_up",
    "take_down": "taking_down",
}

__all__ = [
    "FAMILIES",
    "Machine",
    "Outcome",
    "Request",
    "Step",
    "TakenDown",
    "bring_up",
    "commands_for",
    "take_down",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
