"""The backend keeps the contract; a delayed bus does, too."""

from itertools import count
from typing import Any

import pytest
from canbus_loop import canbus_backend

from canbus.plugin import BusABC
from canbus.testing import BusConformance

_numbers = count()


class TestLoop(BusConformance):
    """The suite as it is."""

    spec = canbus_backend()

    @pytest.fixture
    def channel(self) -> str:
        """A name that no other test uses."""
        return f"loop-{next(_numbers)}"


class TestDelayedLoop(TestLoop):
    """The suite on buses whose frames come late."""

    def connect(self, channel: Any, **options: Any) -> BusABC:
        """Open a bus with a delay."""
        return super().connect(channel, delay_ms=2, **options)
