"""A keeper that takes another's place, and whose place is not taken: one that a service has."""

from __future__ import annotations

import os
from collections.abc import Callable

from canbus.bringup import keepers
from canbus.bringup.keepers import Keeper
from canbus.bringup.machine import Machine
from canbus.bringup.steps import Undo
from canbus.errors import CanError, CanLinkError

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


def take_place(before: Keeper | None, start: Callable[[], Keeper]) -> Undo:
    """End one keeper and start another; if that fails, the first one is started again.

    Args:
        before: the one that is to go; None if there is none.
        start: starts the new one.

    Returns:
        What ends the new one and starts the first one again.

    Raises:
        CanError: as `start`; that the first one could not be started again is noted in it.
    """
    if before is not None:
        before.stop()
    try:
        keeper = start()
    except BaseException as exc:  # Ctrl-C, too
        if before is not None:
            try:
                keepers.start(before.care, foreground=stays(before))
            except CanError as failure:
                exc.add_note(f"{before.care.key} could not be put back as it was: {failure}")
        raise

    def undo() -> None:
        keeper.stop()
        if before is not None:
            keepers.start(before.care, foreground=stays(before))

    return undo


def _is_child(keeper: Keeper, machine: Machine) -> bool:
    return machine.parent_of(keeper.pid) == os.getpid()
