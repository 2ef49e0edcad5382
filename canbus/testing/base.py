"""What every part of the conformance suite stands on: the spec, opening buses, skipping.

No rule stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
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
        pytest.fail("the test class must override the fixture `channel`, or `channels`")

    @pytest.fixture
    def channels(self, channel: Any) -> tuple[Any, ...]:
        """Override it, instead of `channel`, where each bus needs an adapter of its own.

        Returns:
            Two or more channels on one wire, that nobody else uses. Each takes one bus at a time.
        """
        return (channel,)

    @pytest.fixture
    def other_channel(self, channels: tuple[Any, ...]) -> Any:
        """A channel whose buses do not hear those on `channel`. Override if that is no text."""
        if len(channels) > 1:
            pytest.skip("`channels` are all on one wire; override `other_channel` if there is more")
        if not isinstance(channels[0], str):
            pytest.fail("the test class must override the fixture `other_channel`")
        return f"{channels[0]}-other"

    def connect(self, channel: Any, **options: Any) -> BusABC:
        """Open one more bus, as `canbus.Bus()` would. Override it to give options."""
        return open_spec(self.spec, channel, options)

    def jammed(self, bus: BusABC) -> AbstractContextManager[object]:
        """Within the block nothing that `bus` sends leaves its transmit queue.

        Override it where the spec declares Capability.TX_QUEUE.
        """
        pytest.fail(f"{self.spec.name} declares TX_QUEUE: the test class must override `jammed`")

    @pytest.fixture
    def open_bus(self, channels: tuple[Any, ...]) -> Iterator[OpenBus]:
        """A function `open_bus(**options)`; every bus it opens is closed after the test."""
        opened: list[tuple[Any, BusABC]] = []

        def open_bus(**options: Any) -> BusABC:
            channel = _free(channels, [place for place, bus in opened if not bus._is_shutdown])
            bus = self.connect(channel, **options)
            opened.append((channel, bus))
            return bus

        yield open_bus
        for _, bus in opened:
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


def _free(channels: tuple[Any, ...], in_use: list[Any]) -> Any:
    """Where the next bus is opened."""
    if len(channels) == 1:
        return channels[0]
    for channel in channels:
        if channel not in in_use:
            return channel
    pytest.skip(f"needs more than the {len(channels)} `channels` that there are")
