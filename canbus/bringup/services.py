"""Keepers in the foreground: children of a service's process, which are not replaced behind it."""

from __future__ import annotations

import os

from canbus.bringup.keepers import Keeper
from canbus.bringup.machine import Machine
from canbus.errors import CanLinkError

FOREGROUND = "foreground"
"""The fact of a care (`Care.facts`) that says so."""


def stays(keeper: Keeper) -> bool:
    """Whether it is in the foreground."""
    return bool(keeper.care.facts.get(FOREGROUND))


def is_placed(keeper: Keeper, machine: Machine, *, foreground: bool) -> bool:
    """Whether it is where it is wanted: in the foreground means a child of this process."""
    return not foreground or (stays(keeper) and _is_child(keeper, machine))


def refuse_service(keeper: Keeper | None, machine: Machine) -> None:
    """See that it may be replaced.

    Raises:
        CanLinkError: another process has it in the foreground, a service's as a rule.
    """
    if keeper is not None and stays(keeper) and not _is_child(keeper, machine):
        raise CanLinkError(
            f"a service (process {keeper.pid}) keeps {keeper.care.key} up, otherwise than asked",
            hint=f"change and restart that: `systemctl status {keeper.pid}` names it; one of a "
            f"terminal ends with Ctrl-C there, or `canbus down {keeper.care.key}`",
        )


def _is_child(keeper: Keeper, machine: Machine) -> bool:
    return machine.parent_of(keeper.pid) == os.getpid()
