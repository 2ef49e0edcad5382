"""The conformance suite on the backend `socketcan`, over a fresh vcan link for each test."""

from __future__ import annotations

import pytest

from canbus.backends.socketcan import canbus_backend
from canbus.testing import BusConformance


class TestSocketcan(BusConformance):
    spec = canbus_backend()

    @pytest.fixture
    def channel(self, vcan: str) -> str:
        return vcan
