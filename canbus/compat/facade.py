"""The module that `import can` gives after install(): canbus, and a few names of python-can's."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

import canbus
from canbus.compat.installing import NAME, ONLY_THERE, OURS


class _Facade(ModuleType):
    """Looks names up in canbus; what is set is set there, so that `can.rc = {...}` counts."""

    def __getattr__(self, name: str) -> Any:
        if name in OURS or name in ONLY_THERE:
            return import_module(f"{NAME}.{name}")
        if name == "VALID_INTERFACES":
            return import_module(f"{NAME}.interfaces").VALID_INTERFACES
        if name == "log":
            from canbus.logs import logger

            return logger()
        return getattr(canbus, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("__") or isinstance(value, ModuleType):
            super().__setattr__(name, value)
        else:
            setattr(canbus, name, value)

    def __dir__(self) -> list[str]:
        return sorted({*dir(canbus), *OURS, *(name for name in ONLY_THERE if "." not in name)})


facade = _Facade(NAME, canbus.__doc__)
facade.__path__ = []  # a package: can.message is a module
facade.__canbus__ = canbus  # by which its own backends know that python-can is not here
