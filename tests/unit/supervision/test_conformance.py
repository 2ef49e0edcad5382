"""The conformance suite on supervised buses: a bus in front of another is a bus like any other.

The same over interfaces of a kernel is in tests/kernel.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

import canbus as can
from canbus.backends.virtual import canbus_backend
from canbus.testing import BusConformance

_numbers = count()


class TestSupervisedVirtual(BusConformance):
    spec = canbus_backend()

    @pytest.fixture
    def channel(self) -> str:
        return f"supervised-{next(_numbers)}"

    def connect(self, channel: Any, **options: Any) -> can.BusABC:
        return can.Bus(channel, interface="virtual", auto_reconnect=True, **options)
