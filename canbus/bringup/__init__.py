"""From a plugged-in adapter to an interface that is up: what to load, start, set and wait for.

    from canbus.bringup import Request, bring_up
    bring_up(Request(target="pcan", config=LinkConfig(bitrate=500_000, up=True)))

A request becomes steps (families/), which can be shown as commands (`commands_for`), explained,
done, and undone. Only the steps that change something need rights: CAP_NET_ADMIN for links,
CAP_SYS_MODULE for modules. Nothing runs through a shell.
"""

from __future__ import annotations

from canbus.bringup.bringing_up import FAMILIES, bring_up, commands_for
from canbus.bringup.execution import Outcome
from canbus.bringup.machine import Machine
from canbus.bringup.request import Request
from canbus.bringup.steps import Step
from canbus.bringup.taking_down import TakenDown, take_down

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
