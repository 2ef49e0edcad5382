"""The conformance suite over the asyncio face of `virtual`."""

from __future__ import annotations

from typing import Any

from canbus.backends.virtual import canbus_backend
from canbus.bus import BusABC
from canbus.plugin import Capability
from canbus.testing.aio_face import AioFace
from tests.conformance.test_virtual import TestVirtual as Virtual

_SPEC = canbus_backend()


class TestAioVirtual(Virtual):
    # The descriptor is the loop's: who waits for it elsewhere does not see what was read here.
    spec = _SPEC._replace(capabilities=_SPEC.capabilities & ~Capability.FILENO)

    def connect(self, channel: Any, **options: Any) -> BusABC:
        bus: BusABC = super().connect(channel, **options)
        face: Any = AioFace(bus)
        made: BusABC = face
        return made
