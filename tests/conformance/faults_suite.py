"""The conformance suite on each faulty backend; it fails, and test_faults.py looks where.

Not collected with the others: its name does not begin with `test_`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from itertools import count
from typing import Any

import pytest

from canbus.backends.virtual import canbus_backend
from canbus.bus import BusABC
from canbus.plugin import Capability
from canbus.testing import BusConformance, full_queue
from tests.conformance import faulty_plugin
from tests.conformance.faulty_plugin import SoundBus

_numbers = count()
_SPEC = canbus_backend()._replace(capabilities=canbus_backend().capabilities | Capability.TX_QUEUE)
_CLAIMS: dict[str, dict[str, Any]] = {
    "FiltersAreForgotten": {"capabilities": _SPEC.capabilities | Capability.FILTERS},
    "OptionsAreSwallowed": {"takes_any_option": True},
}


class Suite(BusConformance):
    __test__ = False

    @pytest.fixture(autouse=True)
    def _impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(full_queue, "PATIENCE", 0.5)

    @pytest.fixture
    def channel(self) -> str:
        return f"faulty-{next(_numbers)}"

    def jammed(self, bus: BusABC) -> AbstractContextManager[None]:
        assert isinstance(bus, SoundBus)
        return bus.jam()


for _name, _bus in vars(faulty_plugin).items():
    if isinstance(_bus, type) and issubclass(_bus, SoundBus):
        _spec = _SPEC._replace(bus=f"{faulty_plugin.__name__}:{_name}", **_CLAIMS.get(_name, {}))
        globals()[f"Test{_name}"] = type(
            f"Test{_name}", (Suite,), {"spec": _spec, "__test__": True}
        )
