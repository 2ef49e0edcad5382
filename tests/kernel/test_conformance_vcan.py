"""The conformance suite on the backend `vcan`, over an interface that each test has made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import count

import pytest

from canbus.backends.vcan import canbus_backend
from canbus.bus import BusABC
from canbus.testing import BusConformance
from tests.kernel.jam import jammed
from tests.kernel.vcan_users import link, lock_files

_numbers = count()


class TestVcan(BusConformance):
    spec = canbus_backend()

    @pytest.fixture
    def channel(self) -> Iterator[str]:
        name = f"conf{next(_numbers)}"
        yield name
        assert link(name) is None
        assert lock_files(name) == []

    def jammed(self, bus: BusABC) -> AbstractContextManager[None]:
        return jammed(bus.channel)
