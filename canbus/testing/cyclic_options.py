"""Rules for what cyclic tasks can be told beyond a period: counts, counters, checksums, errors.

Every backend keeps them, whoever times its frames.
"""

from __future__ import annotations

from typing import Any

import pytest

from canbus.plugin import BusABC, CanConfigError, CanUnsupportedError, Message
from canbus.rolling import Checksum, Counter
from canbus.testing.base import ConformanceBase, OpenBus
from canbus.testing.support import (
    PATIENCE,
    number_of,
    numbered,
    receive,
    receive_until_marker,
    send_marker,
)

_BYTES = Message(arbitration_id=0x123, is_extended_id=False, data=bytes(4))
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"count": 3, "duration": 0.1}, "count and duration"),
    ({"count": 0}, "count 0"),
    ({"count": -1}, "count -1"),
    ({"count": 2.5}, "count 2.5"),
    ({"subsequent_period": 0.1}, "subsequent_period"),
    ({"count": 1, "subsequent_period": 0}, "subsequent_period"),
    ({"counters": Counter(28, 8)}, "does not lie within"),
    ({"counters": (Counter(0, 4), Counter(2, 4))}, "overlap"),
    ({"checksum": Checksum("xor8", byte=4)}, "does not lie within"),
    ({"checksum": Checksum("xor8", byte=0), "counters": Counter(4, 4)}, "overlap"),
    ({"engine": "steam"}, "engine 'steam'"),
]


def _sent(sender: BusABC, receiver: BusABC) -> list[Message]:
    """All that was sent until now."""
    send_marker(sender)
    return receive_until_marker(receiver)


def _xor(data: bytes) -> int:
    """The checksum, counted by hand."""
    total = 0
    for byte in data:
        total ^= byte
    return total


class CyclicOptionRules(ConformanceBase):
    """Rules for the keywords of `send_periodic`."""

    @pytest.mark.parametrize("count", [1, 2, 7, 40])
    def test_a_count_is_exact(self, bus_pair: tuple[BusABC, BusABC], count: int) -> None:
        """So many frames, then the task has ended; when it is started again, so many again."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.002, count=count)
        assert task.wait(PATIENCE)
        assert len(_sent(sender, receiver)) == count
        task.start()
        assert task.wait(PATIENCE)
        assert len(_sent(sender, receiver)) == count
        assert task.error is None

    def test_a_count_of_frames_sent_in_turn(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """It counts frames, not rounds."""
        sender, receiver = bus_pair
        task = sender.send_periodic([numbered(n) for n in range(3)], 0.002, count=5)
        assert task.wait(PATIENCE)
        assert [number_of(msg) for msg in _sent(sender, receiver)] == [0, 1, 2, 0, 1]

    @pytest.mark.parametrize(("given", "text"), REFUSED)
    def test_what_makes_no_sense_is_refused(
        self, bus_pair: tuple[BusABC, BusABC], given: dict[str, Any], text: str
    ) -> None:
        """CanConfigError at the call, and nothing is sent."""
        sender, receiver = bus_pair
        with pytest.raises(CanConfigError, match=text):
            sender.send_periodic(_BYTES, 0.01, **given)
        assert _sent(sender, receiver) == []

    def test_after_the_count_comes_the_subsequent_period(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """Such a task does not end."""
        sender, receiver = bus_pair
        task = sender.send_periodic(numbered(1), 0.002, count=3, subsequent_period=0.05)
        stamps = [receive(receiver).timestamp_ns for _ in range(6)]
        assert not task.wait(0)
        task.stop()
        # Late ones may be close to those before them; all together they take their time.
        assert stamps[5] - stamps[2] >= 100_000_000

    def test_after_a_count_of_one_comes_the_subsequent_period_at_once(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """There is no first period then."""
        sender, receiver = bus_pair
        sender.send_periodic(numbered(1), 100 * PATIENCE, count=1, subsequent_period=0.002)
        assert [number_of(receive(receiver)) for _ in range(3)] == [1, 1, 1]

    def test_counters_count_in_each_frame(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """From frame to frame, and round and round; other bits stay."""
        sender, receiver = bus_pair
        msg = Message(arbitration_id=0x123, is_extended_id=False, data=b"\xff\xff\xff\xff")
        counters = (Counter(0, 4), Counter(8, 8, modulo=3))
        task = sender.send_periodic(msg, 0.002, count=20, counters=counters)
        assert task.wait(PATIENCE)
        frames = [bytes(frame.data) for frame in _sent(sender, receiver)]
        assert [data[0] & 0x0F for data in frames] == [n % 16 for n in range(20)]
        assert [data[1] for data in frames] == [n % 3 for n in range(20)]
        assert {(data[0] & 0xF0, data[2:]) for data in frames} == {(0xF0, b"\xff\xff")}
        assert bytes(msg.data) == b"\xff\xff\xff\xff"

    def test_a_checksum_is_right_in_each_frame(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """The counters are in it, and so is what `modify_data` gives."""
        sender, receiver = bus_pair
        task = sender.send_periodic(
            numbered(0x11223344),
            0.002,
            counters=Counter(8, 8),
            checksum=Checksum("xor8", byte=0),
        )
        frames = [bytes(receive(receiver).data) for _ in range(5)]
        task.modify_data(numbered(0x55667788))
        while not frames[-1].endswith(b"\x77\x88"):
            frames.append(bytes(receive(receiver).data))
        task.stop()
        frames += [bytes(frame.data) for frame in _sent(sender, receiver)]
        assert [data[0] for data in frames] == [_xor(data[1:]) for data in frames]
        assert [data[1] for data in frames] == [n % 256 for n in range(len(frames))]

    def test_an_error_is_told_by_a_call(self, bus_pair: tuple[BusABC, BusABC]) -> None:
        """What would have ended the task; where the call returns true, it goes on."""

        def fail_twice(msg: Message) -> None:
            msg.data[0] += 1
            if msg.data[0] in {1, 2}:
                raise LookupError(f"no value {msg.data[0]}")

        sender, receiver = bus_pair
        errors: list[str] = []

        def go_on(error: Exception) -> bool:
            errors.append(str(error))
            return True

        task = sender.send_periodic(_BYTES, 0.002, modifier_callback=fail_twice, on_error=go_on)
        first = receive(receiver)
        task.stop()
        assert errors == ["no value 1", "no value 2"]
        assert first.data[0] == 3
        assert task.error is None

    def test_where_the_call_says_no_the_task_ends_with_the_error(
        self, bus_pair: tuple[BusABC, BusABC]
    ) -> None:
        """It stands in `task.error`."""

        def fail(msg: Message) -> None:
            raise LookupError("no value")

        sender, receiver = bus_pair
        errors: list[Exception] = []
        task = sender.send_periodic(_BYTES, 0.002, modifier_callback=fail, on_error=errors.append)
        assert task.wait(PATIENCE)
        assert [task.error] == errors
        assert isinstance(task.error, LookupError)
        assert _sent(sender, receiver) == []

    def test_the_engine_that_was_asked_for_times_the_task(self, open_bus: OpenBus) -> None:
        """Any backend has the thread; the kernel's is refused by who has none."""
        bus = open_bus()
        assert bus.send_periodic(numbered(1), 1, engine="thread").engine == "thread"
        hint = None
        try:
            engine = bus.send_periodic(numbered(1), 1, engine="bcm").engine
        except CanUnsupportedError as exc:
            engine, hint = "none", exc.hint
        assert engine == "bcm" or hint
