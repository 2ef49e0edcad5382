"""What every part of the conformance suite stands on: the spec, opening buses, skipping.

No rule stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from canbus.interface import open_spec
from canbus.plugin import BackendSpec, BusABC, Capability

OpenBus = Callable[..., BusABC]


class ConformanceBase:
    """The spec of a backend and how to open its buses; see `BusConformance`."""

    spec: ClassVar[BackendSpec]

    @pytest.fixture
    def channel(self) -> Any:
        """A channel that nobody else uses; all buses opened on it hear each other. Override."""
        pytest.fail("the test class must override the fixture `channel`")

    def connect(self, channel: Any, **options: Any) -> BusABC:
        """Open one more bus that hears those opened before; as `canbus.Bus()` would.

        Override it where two buses that hear each other have different channels.
        """
        return open_spec(self.spec, channel, options)

    @pytest.fixture
    def open_bus(self, channel: Any) -> Iterator[OpenBus]:
        """A function `open_bus(**options)`; every bus it opens is closed after the test."""
        opened: list[BusABC] = []

        def open_bus(**options: Any) -> BusABC:
            bus = self.connect(channel, **options)
            opened.append(bus)
            return bus

        yield open_bus
        for bus in opened:
            bus.shutdown()

    @pytest.fixture
    def bus_pair(self, open_bus: OpenBus) -> tuple[BusABC, BusABC]:
        """Two open buses that hear each other."""
        return open_bus(), open_bus()

    def declares(self, capability: Capability) -> bool:
        """Whether the spec declares this capability."""
        return capability in self.spec.capabilities

    def needs(self, capability: Capability) -> None:
        """Skip the test unless the spec declares this capability."""
        if not self.declares(capability):
            pytest.skip(f"{self.spec.name} does not declare {capability.name}")
