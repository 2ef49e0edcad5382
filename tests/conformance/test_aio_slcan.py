"""The conformance suite over the asyncio face of `slcan`: whatever is awaited there."""

from __future__ import annotations

from typing import Any

import pytest

from canbus.bus import BusABC
from canbus.testing.aio_face import AioFace
from tests.aio_rules import AS_EVER, leave_out, without_fileno
from tests.conformance.test_slcan import SlcanConformance

# Half a minute; `virtual`, and in the guest socketcan and vcan, go through this face each time.
pytestmark = pytest.mark.soak


class TestAioSlcan(SlcanConformance):
    firmware = "canable2.5"
    spec = without_fileno(SlcanConformance.spec)

    def connect(self, channel: Any, **options: Any) -> BusABC:
        made: Any = AioFace(super().connect(channel, **options))
        bus: BusABC = made
        return bus


leave_out(TestAioSlcan, *AS_EVER)
