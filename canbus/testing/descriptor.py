"""Rules for `fileno()`: readable exactly while a frame waits, or honestly absent."""

from __future__ import annotations

import select

import pytest

from canbus.plugin import (
    BusABC,
    CanClosedError,
    CanFilter,
    CanUnsupportedError,
    Capability,
    Message,
)
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    MARKER_ID,
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
    wait_until_blocked,
)


def _is_readable(fd: int, timeout: float = 0.0) -> bool:
    return bool(select.select([fd], [], [], timeout)[0])


class DescriptorRules(ConformanceBase):
    """Rules for the file descriptor."""

    def test_fileno_is_there_exactly_where_it_is_declared(self, open_bus: OpenBus) -> None:
        """A backend without a descriptor says so, rather than return -1."""
        bus = open_bus()
        if self.declares(Capability.FILENO):
            assert bus.fileno() >= 0
        else:
            with pytest.raises(CanUnsupportedError):
                bus.fileno()

    def test_fileno_is_readable_exactly_while_a_frame_waits(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Not before a frame came, until the last one is taken, and again for the next."""
        self.needs(Capability.FILENO)
        sender, receiver = bus_pair
        fd = receiver.fileno()
        for _ in range(2):
            assert not _is_readable(fd)
            sender.send(numbered(1))
            sender.send(numbered(2))
            assert _is_readable(fd, PATIENCE)
            receive(receiver)
            assert _is_readable(fd, PATIENCE)
            receive(receiver)
            assert not _is_readable(fd)

    def test_fileno_is_readable_when_first_asked_for_while_a_frame_waits(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Frames that came before the question count."""
        self.needs(Capability.FILENO)
        sender, receiver = bus_pair
        for number in range(3):
            sender.send(numbered(number))
        receive(receiver)
        assert _is_readable(receiver.fileno(), PATIENCE)

    def test_a_frame_wakes_who_waits_on_fileno(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """In another thread, which then has it at once."""
        self.needs(Capability.FILENO)
        sender, receiver = bus_pair
        fd = receiver.fileno()
        waiting = Worker(lambda: _is_readable(fd, PATIENCE) and receiver.recv(0))
        wait_until_blocked(waiting)
        sender.send(numbered(5))
        msg = waiting.result()
        assert isinstance(msg, Message)
        assert number_of(msg) == 5

    @pytest.mark.parametrize("limit", [1, 3, 64])
    def test_fileno_is_not_readable_when_recv_many_has_taken_all(
        self, bus_pair: tuple[BusABC, BusABC], limit: int
    ) -> None:
        """And readable as long as it has not, however many were asked for."""
        self.needs(Capability.FILENO)
        sender, receiver = bus_pair
        fd = receiver.fileno()
        for number in range(10):
            sender.send(numbered(number))
        taken = 0
        while taken < 10:
            assert _is_readable(fd, PATIENCE)
            taken += len(receiver.recv_many(limit, 0))
        assert not _is_readable(fd)

    def test_frames_that_are_filtered_out_do_not_keep_fileno_readable(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """One look, which finds nothing, and it is quiet; with FILTERS not even that is needed."""
        self.needs(Capability.FILENO)
        sender, receiver = bus_pair
        receiver.set_filters([CanFilter(MARKER_ID, 0x7FF, extended=False)])
        fd = receiver.fileno()
        for number in range(10):
            sender.send(numbered(number))
        if self.declares(Capability.FILTERS):
            assert not _is_readable(fd)
        send_marker(sender)
        assert receive_until_marker(receiver) == []
        sender.send(numbered(10))
        if not self.declares(Capability.FILTERS):
            assert _is_readable(fd, PATIENCE)
            assert receiver.recv(0) is None
        assert not _is_readable(fd)

    def test_fileno_stays_the_same(self, open_bus: OpenBus) -> None:
        """A selector registers it once."""
        self.needs(Capability.FILENO)
        bus = open_bus()
        assert bus.fileno() == bus.fileno()

    def test_fileno_after_shutdown_is_refused(self, open_bus: OpenBus) -> None:
        """A closed bus has no descriptor."""
        self.needs(Capability.FILENO)
        bus = open_bus()
        bus.shutdown()
        with pytest.raises(CanClosedError):
            bus.fileno()
