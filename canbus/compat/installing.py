"""install(): `import can` means canbus from now on. Which module is which is a table here.

The module `can` itself is facade.py; what python-can has and canbus has not under that name is
in modules/.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from canbus.errors import CanConfigError

NAME = "can"
OURS = {
    name: f"canbus.{name}" for name in ("bit_timing", "bus", "interface", "message", "notifier")
}
"""Modules that have the same name here."""
ONLY_THERE = {
    name: f"canbus.compat.modules.{name}"
    for name in (
        *("broadcastmanager", "cli", "exceptions", "interfaces", "listener", "thread_safe_bus"),
        *("typechecking", "util", "interfaces.slcan", "interfaces.socketcan", "interfaces.virtual"),
    )
}
"""Modules that only software for python-can asks for."""


def install() -> ModuleType:
    """Make `import can` mean canbus, in this process. May be called any number of times.

    Returns:
        The module that `import can` gives from now on.

    Raises:
        CanConfigError: a ValueError; python-can is imported already, and who did so holds its
            classes, which are strangers to ours.
    """
    from canbus.compat.facade import facade

    there = sys.modules.get(NAME)
    if there is facade:
        return facade
    if there is not None:
        raise CanConfigError(
            f"python-can is imported already, from {getattr(there, '__file__', 'somewhere')}: "
            "who did that has its classes, which are not ours",
            hint="call canbus.compat.install() before anything that imports can; or open a bus of "
            'ours in python-can: can.Bus(interface="canbus")',
        )
    sys.modules[NAME] = facade
    sys.meta_path.insert(0, _Finder())
    return facade


class _Finder(MetaPathFinder):
    """Finds `can.message` and so on."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        home = {**OURS, **ONLY_THERE}.get(name) if package == NAME else None
        return None if home is None else ModuleSpec(fullname, _Loader(home))


class _Loader(Loader):
    """Gives the module that is meant, which has a home of its own."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._home)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # which the import system has replaced by the one for `can`
