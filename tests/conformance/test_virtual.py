"""The conformance suite on the backend `virtual`."""

from __future__ import annotations

from itertools import count

import pytest

from canbus.backends.virtual import canbus_backend
from canbus.testing import BusConformance

_numbers = count()


class TestVirtual(BusConformance):
    spec = canbus_backend()

    @pytest.fixture
    def channel(self) -> str:
        return f"conformance-{next(_numbers)}"
