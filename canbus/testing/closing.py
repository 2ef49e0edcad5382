"""Rules for the end of a bus: what is refused afterwards, and that nothing stays behind."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import pytest

from canbus.plugin import BusABC, CanClosedError, Capability
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import number_of, numbered, receive

_DESCRIPTORS = Path("/proc/self/fd")


class ClosingRules(ConformanceBase):
    """Rules for shutdown."""

    def test_everything_is_refused_after_shutdown(self, open_bus: OpenBus) -> None:
        """CanClosedError, for whatever touches the channel."""
        bus = open_bus()
        bus.shutdown()
        for use in (
            lambda: bus.recv(0),
            bus.recv,
            lambda: bus.recv(0.01),
            lambda: bus.send(numbered(1)),
            lambda: bus.send(numbered(1), 0),
            lambda: next(iter(bus)),
            lambda: bus.send_periodic(numbered(1), 0.1),
            lambda: bus.set_filters(None),
        ):
            with pytest.raises(CanClosedError):
                use()

    def test_frames_still_queued_are_gone_after_shutdown(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """A closed bus returns nothing, not even what it had received."""
        sender, receiver = bus_pair
        sender.send(numbered(1))
        sender.send(numbered(2))
        receive(receiver)
        receiver.shutdown()
        with pytest.raises(CanClosedError):
            receiver.recv(0)

    def test_shutdown_may_be_called_again(self, open_bus: OpenBus) -> None:
        """The second call does nothing."""
        bus = open_bus()
        bus.shutdown()
        bus.shutdown()
        with pytest.raises(CanClosedError):
            bus.recv(0)

    def test_a_with_block_closes_the_bus(self, open_bus: OpenBus) -> None:
        """`with` gives the bus itself and shuts it down at the end."""
        bus = open_bus()
        with bus as entered:
            assert entered is bus
            assert bus.recv(0) is None
        with pytest.raises(CanClosedError):
            bus.recv(0)

    def test_a_with_block_closes_the_bus_when_it_fails(self, open_bus: OpenBus) -> None:
        """The exception goes on, the bus is closed."""
        bus = open_bus()
        with pytest.raises(ZeroDivisionError), bus:
            _ = 1 // 0
        with pytest.raises(CanClosedError):
            bus.recv(0)

    def test_shutdown_of_one_bus_leaves_the_others_alone(self, open_bus: OpenBus) -> None:
        """Two others on the channel go on as before, and one can be opened anew."""
        first, second, third = open_bus(), open_bus(), open_bus()
        first.shutdown()
        second.send(numbered(1))
        assert number_of(receive(third)) == 1
        fourth = open_bus()
        second.send(numbered(2))
        assert number_of(receive(fourth)) == 2

    def test_nothing_is_left_open_after_shutdown(self, open_bus: OpenBus) -> None:
        """No descriptor and no thread more than before, whatever the bus was used for."""
        self._use_and_close(open_bus)  # what is opened once for the whole process is no leak
        gc.collect()
        descriptors, threads = _descriptors(), threading.enumerate()
        for _ in range(5):
            self._use_and_close(open_bus)
        gc.collect()
        assert _descriptors() == descriptors
        assert threading.enumerate() == threads

    def _use_and_close(self, open_bus: OpenBus) -> None:
        left, right = open_bus(), open_bus()
        left.send_periodic(numbered(1), 0.01)
        receive(right)
        right.set_filters([{"can_id": 1, "can_mask": 1}])
        if self.declares(Capability.FILENO):
            right.fileno()
        left.shutdown()
        right.shutdown()


def _descriptors() -> int:
    """How many descriptors this process has; 0 where the system does not tell."""
    return len(list(_DESCRIPTORS.iterdir())) if _DESCRIPTORS.exists() else 0
