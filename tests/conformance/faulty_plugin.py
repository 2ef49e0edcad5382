"""A sound backend, and the same with one fault each: what the suite has to find. No test here.

Each class breaks one rule of the contract, in a way that somebody's backend
has been seen, or is likely, to break it.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep, time_ns

from canbus.backends.virtual import bus as virtual
from canbus.backends.virtual.bus import VirtualBus
from canbus.plugin import CanTxQueueFullError, Filters, Message

QUEUE = 20


def _buses() -> list[VirtualBus]:
    """All that are open, whatever their channel."""
    return [bus for wire in virtual._wires.values() for each in wire if (bus := each())]


class SoundBus(VirtualBus):
    """The reference, with a transmit queue that can stand still and be full."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        self._room = threading.Condition()
        self._is_jammed = False
        self._waiting: list[Message] = []
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    @contextmanager
    def jam(self) -> Iterator[None]:
        self._is_jammed = True
        try:
            yield
        finally:
            with self._room:
                self._is_jammed = False
                for msg in self._waiting:
                    self._put_on_the_wire(msg)
                self._waiting.clear()
                self._room.notify_all()

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        with self._room:
            if not self._is_jammed:
                self._put_on_the_wire(msg)
            elif len(self._waiting) < QUEUE:
                self._waiting.append(msg)
            else:
                self._wait_for_room(msg, timeout)

    def _wait_for_room(self, msg: Message, timeout: float | None) -> None:
        if not self._room.wait_for(lambda: not self._is_jammed or self._is_shutdown, timeout):
            raise CanTxQueueFullError(f"{self.channel_info}: no room in time", hint="wait longer")
        if self._is_shutdown:
            raise self._closed()
        self._put_on_the_wire(msg)

    def _put_on_the_wire(self, msg: Message) -> None:
        super()._send_frame(msg, None)

    def _close(self) -> None:
        with self._room:
            self._room.notify_all()
        super()._close()


class RecvZeroWaits(SoundBus):
    """A serial port with a read timeout, which is always waited for."""

    def _recv_frame(self, timeout: float | None) -> Message | None:
        return super()._recv_frame(0.02 if timeout == 0 else timeout)


class RecvIsEarly(SoundBus):
    """A driver that waits at most 10 ms at a time, whatever it is told."""

    def _recv_frame(self, timeout: float | None) -> Message | None:
        return super()._recv_frame(timeout if timeout is None else min(timeout, 0.01))


class RecvIsLate(SoundBus):
    """Seconds are taken for something ten times as long."""

    def _recv_frame(self, timeout: float | None) -> Message | None:
        return super()._recv_frame(timeout and 30 * timeout)


class ShutdownWakesNobody(SoundBus):
    """Whoever waits goes on waiting, on a channel that is not there any more."""

    def _recv_frame(self, timeout: float | None) -> Message | None:
        if timeout == 0:
            return super()._recv_frame(0)
        end = monotonic() + (0.5 if timeout is None else min(timeout, 0.5))
        while monotonic() < end:
            with self._arrival:
                if self._queue:
                    return self._queue.popleft()
            sleep(0.001)
        return None


class FiltersAreForgotten(SoundBus):
    """The backend says that the adapter filters; it does not."""

    def _apply_filters(self, filters: object) -> bool:
        return True


class QueueFullWaitsForEver(SoundBus):
    """The deadline of a send is not looked at."""

    def _wait_for_room(self, msg: Message, timeout: float | None) -> None:
        super()._wait_for_room(msg, 0.7)


class QueueFullAtOnce(SoundBus):
    """The error of the system call is raised as it comes."""

    def _wait_for_room(self, msg: Message, timeout: float | None) -> None:
        super()._wait_for_room(msg, 0)


class QueueFullIsSilent(SoundBus):
    """A frame that finds no room is dropped."""

    def _wait_for_room(self, msg: Message, timeout: float | None) -> None:
        return


class OrderIsLost(SoundBus):
    """Frames that wait are taken from the wrong end."""

    def _recv_frame(self, timeout: float | None) -> Message | None:
        with self._arrival:
            self._queue.reverse()
        return super()._recv_frame(timeout)


class ExtendedIsForgotten(SoundBus):
    """Short identifiers are taken for standard ones."""

    def _put_on_the_wire(self, msg: Message) -> None:
        if msg.arbitration_id <= 0x7FF and msg.is_extended_id:
            msg = Message(
                arbitration_id=msg.arbitration_id, is_extended_id=False, data=bytes(msg.data)
            )
        super()._put_on_the_wire(msg)


class OwnFramesComeBack(SoundBus):
    """Everything that is sent is received by who has sent it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{**kwargs, "receive_own_messages": True})


class ClassicGetsFd(SoundBus):
    """A bus that was not opened for CAN FD is given 64 bytes."""

    def _put_on_the_wire(self, msg: Message) -> None:
        for bus in _buses():
            if msg.is_fd and not bus._fd_frames:
                bus._deliver(msg, time_ns(), 0)
        super()._put_on_the_wire(msg)


class StampsJump(SoundBus):
    """Every other frame is stamped by another clock."""

    def _deliver(self, msg: Message, stamp: int, origin: int) -> None:
        super()._deliver(msg, stamp - random.choice((0, 10**9)), origin)


class AllOnOneWire(SoundBus):
    """The channel is not looked at."""

    def _put_on_the_wire(self, msg: Message) -> None:
        for bus in _buses():
            if bus is not self:
                bus._deliver(msg, time_ns(), 0)


class LossesAreSilent(SoundBus):
    """A receive queue that overflows, and nobody counts."""

    def _deliver(self, msg: Message, stamp: int, origin: int) -> None:
        if len(self._queue) < 50:
            super()._deliver(msg, stamp, origin)


class DescriptorStaysReadable(SoundBus):
    """What makes it readable is never taken back."""

    def _show(self) -> None:
        if self._readiness is not None and self._queue:
            self._readiness.set()


class DescriptorIsLeft(SoundBus):
    """Something is opened, and never closed."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._pipe = os.pipe()


class ThreadIsLeft(SoundBus):
    """A thread is started, and never ends."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        threading.Thread(target=sleep, args=(2.0,), daemon=True).start()


class ClosedIsAnOsError(SoundBus):
    """What the system raises of a closed descriptor comes out."""

    def _closed(self) -> OSError:  # type: ignore[override]
        return OSError(9, "Bad file descriptor")


class FramesAreShared(SoundBus):
    """All who receive a frame get the same object."""

    def _deliver(self, msg: Message, stamp: int, origin: int) -> None:
        with self._arrival:
            msg.timestamp_ns = stamp
            self._queue.append(msg)
            self._arrival.notify_all()


class OptionsAreSwallowed(SoundBus):
    """Whatever is asked for is fine."""

    def __init__(self, channel: object, can_filters: Filters | None = None, **_: object) -> None:
        super().__init__(channel, can_filters)


class OpeningFiltersAreForgotten(SoundBus):
    """Filters that are given when it is opened are not installed."""

    def __init__(self, channel: object, can_filters: object = None, **kwargs: object) -> None:
        super().__init__(channel, None, **kwargs)
