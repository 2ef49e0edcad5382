"""For tests: the conformance suite that every backend passes, and a bus made of a list.

    from canbus.testing import BusConformance, FakeBus

`BusConformance` needs pytest and says so when it is missing; `FakeBus` does not. Emulated
adapters are in `canbus.testing.usb` and `canbus.testing.slcan`. Of the rest of the library, only
the command line imports this package.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from canbus.testing.conformance import BusConformance as BusConformance
    from canbus.testing.fakes import FakeBus as FakeBus

__all__ = ["BusConformance", "FakeBus"]

# Every module with an `assert` in it: pytest then shows the values of a failed one.
_ASSERTING = (
    "abilities",
    "accounts",
    "apart",
    "base",
    "closing",
    "concurrency",
    "conformance",
    "consumers",
    "cyclic_options",
    "cyclic_running",
    "cyclic_tasks",
    "declaration",
    "descriptor",
    "filtering",
    "frame_kinds",
    "full_queue",
    "many_frames",
    "receiving",
    "sending",
    "support",
    "torture",
    "watching",
)
_pytest = sys.modules.get("pytest")  # there in every test run, before anything is imported here
if _pytest is not None:
    _pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _ASSERTING))


def __getattr__(name: str) -> object:
    value: object
    if name == "BusConformance":
        try:
            import pytest  # noqa: F401 - whether it is there
        except ImportError as exc:
            raise ImportError(
                "canbus.testing.BusConformance needs pytest, which is not installed "
                "(pip install pytest); canbus itself does not need it"
            ) from exc
        from canbus.testing.conformance import BusConformance

        value = BusConformance
    elif name == "FakeBus":
        from canbus.testing.fakes import FakeBus

        value = FakeBus
    else:
        raise AttributeError(f"module 'canbus.testing' has no attribute {name!r}")
    globals()[name] = value
    return value
