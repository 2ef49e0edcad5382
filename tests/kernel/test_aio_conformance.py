"""The conformance suite over the asyncio face of real interfaces: whatever is awaited there."""

from __future__ import annotations

from typing import Any

from canbus.bus import BusABC
from canbus.testing.aio_face import AioFace
from tests.aio_rules import ALREADY_SHOWN, AS_EVER, leave_out, without_fileno
from tests.kernel.socketcan_conformance import SocketcanConformance
from tests.kernel.test_conformance_vcan import TestVcan as Vcan


class TestAioSocketcan(SocketcanConformance):
    spec = without_fileno(SocketcanConformance.spec)

    def connect(self, channel: Any, **options: Any) -> BusABC:
        made: Any = AioFace(super().connect(channel, **options))
        bus: BusABC = made
        return bus


class TestAioVcan(Vcan):
    spec = without_fileno(Vcan.spec)

    def connect(self, channel: Any, **options: Any) -> BusABC:
        made: Any = AioFace(super().connect(channel, **options))
        bus: BusABC = made
        return bus


leave_out(TestAioSocketcan, *AS_EVER)
leave_out(TestAioVcan, *AS_EVER, *ALREADY_SHOWN)
