"""Rules for watched frames and answered remote frames, and for backends that have neither."""

from __future__ import annotations

import pytest

from canbus.plugin import BusABC, CanClosedError, CanUnsupportedError, Capability, Message
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    PATIENCE,
    Worker,
    number_of,
    numbered,
    receive_until_marker,
    send_marker,
    wait_until_blocked,
)
from canbus.watch import Watch, WatchEvent, WatchKind

_ID = 0x123
_ASKING = Message(arbitration_id=_ID, is_extended_id=False, is_remote_frame=True)


def _event(watch: Watch) -> WatchEvent:
    """The next event, which must come."""
    event = watch.get(PATIENCE)
    assert event is not None, f"nothing was told of {watch} within {PATIENCE} s"
    return event


def _told(event: WatchEvent) -> tuple[WatchKind, int | None]:
    """What happened, and the number in the frame."""
    return event.kind, None if event.message is None else number_of(event.message)


def _answers(asker: BusABC, listener: BusABC, expected: int) -> list[int]:
    """Numbers in data frames until so many have come, and in what came with them.

    Who answers may do so a little after `send` has returned, so a marker alone is too early.
    """
    came: list[Message] = []
    while len(came) < expected and (msg := listener.recv(PATIENCE)) is not None:
        if not msg.is_remote_frame:
            came.append(msg)
    send_marker(asker)
    came += [msg for msg in receive_until_marker(listener) if not msg.is_remote_frame]
    return [number_of(msg) for msg in came]


class WatchRules(ConformanceBase):
    """Rules for `watch` and `reply_to_remote`."""

    def test_who_does_not_declare_that_it_watches_refuses_it(self, open_bus: OpenBus) -> None:
        """By name, rather than tell nothing."""
        bus = open_bus()
        refused = []
        for ask in (lambda: bus.watch(_ID), lambda: bus.reply_to_remote(numbered(1, _ID))):
            try:
                ask().stop()
            except CanUnsupportedError:
                refused.append(ask)
        assert len(refused) == (0 if self.declares(Capability.WATCH) else 2)

    def test_the_first_frame_and_each_change_are_told(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Once each, in order; other ids are not told."""
        self.needs(Capability.WATCH)
        bus, sender = bus_pair
        with bus.watch(_ID) as watch:
            for number in (1, 1, 2, 2, 1):
                sender.send(numbered(number, _ID))
                sender.send(numbered(9, _ID + 1))
            events = [_told(_event(watch)) for _ in range(3)]
            first, changed = WatchKind.FIRST, WatchKind.CHANGED
            assert events == [(first, 1), (changed, 2), (changed, 1)]
            sender.send(numbered(3, _ID))
            assert _told(_event(watch)) == (changed, 3)

    def test_only_the_bits_of_the_mask_count(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """What changes elsewhere is not told."""
        self.needs(Capability.WATCH)
        bus, sender = bus_pair
        with bus.watch(_ID, mask=b"\0\0\0\x0f") as watch:
            for number in (0x01, 0x11, 0x101, 0x02, 0xFF02, 0x13):
                sender.send(numbered(number, _ID))
            assert [_told(_event(watch))[1] for _ in range(3)] == [0x01, 0x02, 0x13]

    def test_a_frame_that_stops_is_missing_and_then_back(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Not before the time, and it is told since when."""
        self.needs(Capability.WATCH)
        bus, sender = bus_pair
        with bus.watch(_ID, period=0.05, missing_after=2) as watch:
            sender.send(numbered(1, _ID))
            first = _event(watch)
            missing = _event(watch)
            assert (_told(first), _told(missing)) == (
                (WatchKind.FIRST, 1),
                (WatchKind.MISSING, None),
            )
            assert missing.timestamp_ns - first.timestamp_ns >= 100_000_000
            assert missing.since_ns == missing.timestamp_ns - 100_000_000
            assert watch.is_missing
            sender.send(numbered(1, _ID))
            back = _event(watch)
            assert (_told(back), back.since_ns) == ((WatchKind.BACK, 1), missing.since_ns)

    def test_what_never_comes_is_missing_too(self, open_bus: OpenBus) -> None:
        """From the beginning of the watch on."""
        self.needs(Capability.WATCH)
        with open_bus().watch(_ID, period=0.02) as watch:
            assert _event(watch).kind is WatchKind.MISSING

    def test_a_callback_is_called_with_the_events(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """By a thread of the bus; it may stop the watch."""
        self.needs(Capability.WATCH)
        bus, sender = bus_pair
        told: list[WatchEvent] = []

        def note(event: WatchEvent) -> None:
            told.append(event)
            event.watch.stop()

        watch = bus.watch(_ID, on_event=note)
        sender.send(numbered(1, _ID))
        with pytest.raises(CanClosedError):
            watch.get(PATIENCE)
        sender.send(numbered(2, _ID))
        assert [_told(event) for event in told] == [(WatchKind.FIRST, 1)]

    def test_after_stop_nothing_is_told(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """What was told before can be taken; the next watch on the id begins anew."""
        self.needs(Capability.WATCH)
        bus, sender = bus_pair
        watch = bus.watch(_ID)
        sender.send(numbered(1, _ID))
        assert _told(_event(watch)) == (WatchKind.FIRST, 1)
        watch.stop()
        sender.send(numbered(2, _ID))
        assert list(watch) == []
        with pytest.raises(CanClosedError):
            watch.get(0)
        with bus.watch(_ID) as again:
            sender.send(numbered(3, _ID))
            assert _told(_event(again)) == (WatchKind.FIRST, 3)

    def test_shutdown_ends_those_who_wait_for_events(self, open_bus: OpenBus) -> None:
        """Iteration ends, `get` raises CanClosedError."""
        self.needs(Capability.WATCH)
        bus = open_bus()
        watch = bus.watch(_ID)
        iterating, getting = Worker(lambda: list(watch)), Worker(watch.get)
        wait_until_blocked(iterating, getting)
        bus.shutdown()
        assert iterating.result() == []
        assert isinstance(getting.error(), CanClosedError)
        assert watch.done
        with pytest.raises(CanClosedError):
            bus.watch(_ID)

    def test_remote_frames_are_answered_until_stop(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """Once each, with what was given last."""
        self.needs(Capability.WATCH)
        bus, asker = bus_pair
        reply = bus.reply_to_remote(numbered(1, _ID))
        asker.send(_ASKING)
        asker.send(_ASKING)
        assert _answers(bus, asker, 2) == [1, 1]
        reply.modify_data(numbered(2, _ID))
        asker.send(_ASKING)
        assert _answers(bus, asker, 1) == [2]
        reply.stop()
        asker.send(_ASKING)
        assert _answers(bus, asker, 0) == []
        with pytest.raises(CanClosedError):
            reply.modify_data(numbered(3, _ID))
