"""The conformance suite over fresh vcan links, for every way to open them. No test here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from canbus.backends.socketcan import canbus_backend
from canbus.bus import BusABC
from canbus.links import temporary_vcan
from canbus.testing import BusConformance
from tests.kernel.jam import jammed


class SocketcanConformance(BusConformance):
    """What the suite needs of a kernel: links, and one whose queue stands still."""

    spec = canbus_backend()

    @pytest.fixture
    def channel(self, vcan: str) -> str:
        return vcan

    @pytest.fixture
    def other_channel(self) -> Iterator[str]:
        with temporary_vcan() as link:
            yield link.name

    def jammed(self, bus: BusABC) -> AbstractContextManager[None]:
        return jammed(bus.channel)
