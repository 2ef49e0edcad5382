"""The name of a serial adapter's link: as asked for, as it is already, or the first free slcanN."""

from __future__ import annotations

from canbus.bringup import keepers
from canbus.bringup.keeper_files import KeeperFiles, all_keys, folders
from canbus.bringup.machine import Machine
from canbus.bringup.request import Request
from canbus.bringup.serial_port import SerialPort
from canbus.errors import CanLinkError
from canbus.links.names import check_name


def choose_name(request: Request, machine: Machine, port: SerialPort) -> str:
    """Which name it gets. Nothing is changed.

    Raises:
        CanLinkError: it cannot be a link's, or another link or adapter has it.
    """
    mine = [
        keeper.care
        for keeper in keepers.find_all()
        if keeper.care.port is not None and keeper.care.port.is_same_adapter(port)
    ]
    kept = mine[0].key if mine else None
    if request.name is None:
        return kept or free_name(machine)
    name = check_name(request.name)
    if kept not in {None, name}:
        raise CanLinkError(
            f"{port.path} is kept up as {kept} already", hint=f"canbus down {kept}, then again"
        )
    if kept is None:
        keeper = keepers.find(name)
        if keeper is not None or name in _taken(machine):
            whose = "it was not made by canbus" if keeper is None else f"it is the {keeper.what}'s"
            raise CanLinkError(
                f"there is an interface {name} already, and {whose}",
                hint="choose another --name, or leave it out",
            )
    return name


def free_name(machine: Machine) -> str:
    """The first that no link has, and that nobody is just giving to one."""
    taken = _taken(machine) | keys(is_locked=True)
    names = (f"slcan{number}" for number in range(len(taken) + 1))
    return next(name for name in names if name not in taken and keepers.find(name) is None)


def keys(*, is_locked: bool) -> frozenset[str]:
    """The keys of all keepers that run, or come; or of those that were killed."""
    return frozenset(
        key
        for folder in folders()
        for key in all_keys(folder)
        if KeeperFiles(folder, key).is_locked() == is_locked
    )


def _taken(machine: Machine) -> frozenset[str]:
    """A link that has lost its keeper is about to go, with its daemon."""
    return machine.interface_names() - keys(is_locked=False)
