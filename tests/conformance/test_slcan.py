"""The conformance suite on the backend `slcan`: emulated adapters that hang on one wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from time import monotonic
from typing import Any

import pytest

import canbus as can
from canbus.backends.slcan import canbus_backend
from canbus.plugin import Capability
from canbus.testing import BusConformance
from canbus.testing.base import OpenBus
from canbus.testing.slcan import SlcanEmulator
from canbus.testing.support import PATIENCE

_numbers = count()


class _Adapters:
    """One adapter for each open bus; all of them hang on a wire in this process."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._wire = f"slcan-conformance-{next(_numbers)}"
        self._users: dict[str, can.BusABC | None] = {}
        self._adapters: list[SlcanEmulator] = []

    def free_port(self, firmware: str) -> str:
        for port, user in self._users.items():
            if user is not None and user._is_shutdown:
                return port
        node = self._stack.enter_context(can.Bus(self._wire, interface="virtual", fd=True))
        adapter = self._stack.enter_context(SlcanEmulator(firmware, bus=node))
        self._adapters.append(adapter)
        self._users[adapter.port] = None
        return adapter.port

    def user_of(self, bus: can.BusABC) -> SlcanEmulator:
        return next(one for one in self._adapters if one.port == bus.channel)

    def settle(self) -> None:
        """Until they have noticed that nobody has their ports: they open them themselves then."""
        for adapter in self._adapters:
            before, deadline = adapter.counters.discarded_bytes, monotonic() + PATIENCE
            while adapter.counters.discarded_bytes == before:
                assert monotonic() < deadline
                adapter.write(b"\r")
                adapter.wait_until_written()

    def is_used_by(self, port: str, bus: can.BusABC) -> None:
        self._users[port] = bus


class SlcanConformance(BusConformance):
    spec = canbus_backend()
    firmware: str
    adapters: _Adapters

    @pytest.fixture
    def channel(self) -> Iterator[_Adapters]:
        with ExitStack() as stack:
            self.adapters = _Adapters(stack)
            yield self.adapters

    @pytest.fixture
    def other_channel(self) -> Iterator[_Adapters]:
        with ExitStack() as stack:
            yield _Adapters(stack)

    @contextmanager
    def jammed(self, bus: can.BusABC) -> Iterator[None]:
        """The adapter stands still, and however long that is, no answer is overdue."""
        with pytest.MonkeyPatch.context() as patch, self.adapters.user_of(bus)._changed:
            patch.setattr("canbus.backends.slcan.sender.ANSWER_NS", 10**9 * 10 * PATIENCE)
            yield

    def _use_and_close(self, open_bus: OpenBus) -> None:
        super()._use_and_close(open_bus)
        self.adapters.settle()

    def connect(self, channel: Any, **options: Any) -> can.BusABC:
        options.setdefault("bitrate", 500_000)
        options.setdefault("dialect", self.firmware)
        if options.get("fd") is True:
            options.setdefault("data_bitrate", 2_000_000)
        port = channel.free_port(self.firmware)
        bus = super().connect(port, **options)
        channel.is_used_by(port, bus)
        return bus


class TestLawicel(SlcanConformance):
    """The oldest: it answers everything, and has no CAN FD."""

    firmware = "lawicel"
    spec = canbus_backend()._replace(capabilities=canbus_backend().capabilities & ~Capability.FD)


class TestCanable25(SlcanConformance):
    """It answers everything but that it was closed, in a way of its own."""

    firmware = "canable2.5"


@pytest.mark.soak  # half a minute; tests/unit/slcan has this adapter each time
class TestCanable2(SlcanConformance):
    """It answers nothing but `V`, so that nothing can be confirmed; and cannot only listen."""

    firmware = "canable2"
    spec = canbus_backend()._replace(
        capabilities=canbus_backend().capabilities & ~Capability.CONFIRM & ~Capability.LISTEN_ONLY
    )
