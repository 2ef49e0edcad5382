"""PythonCanBus: a bus that a backend of python-can opened, behind our contract.

What python-can's buses cannot do by themselves is done here: wake who waits when the bus is
shut down, serve several threads, and filter as the kernel does. Which names there are is in
names.py.
"""

from __future__ import annotations

import threading
from typing import Any

from canbus.backends.python_can.errors import RAISED, opening_error, operation_error
from canbus.backends.python_can.frames import option_for_theirs, to_ours, to_theirs
from canbus.backends.python_can.names import PACKAGE
from canbus.plugin import (
    BusABC,
    BusState,
    CanInitializationError,
    CanOperationError,
    CanProtocol,
    CanUnsupportedError,
    Filters,
    Message,
)
from canbus.waiting import Deadline

_SLICE = 0.1
"""Seconds that a backend is asked to wait at once: none of them can be woken."""
_LEAST = 0.001
"""The least when receiving: for 0 s, some do not even look (waveshare, damiao; 0.1.0).

For sending it is a slice: for 0 s, cannelloni 0.1.0 does not try, and what pyserial is given a
little time for it calls late, and has written.
"""
_GRACE = 1.0
"""Seconds that `shutdown` leaves to a call in the backend; some know no timeout (coe 0.1.2)."""
_NAMELESS = "unknown"
"""python-can's `channel_info` of a backend that sets none."""


class PythonCanBus(BusABC):
    """A bus of python-can.

    Its `recv` cannot be woken: `shutdown` returns up to a tenth of a second later. `send` gives it
    that time at least, `recv` a millisecond. Filters are applied here. `fileno()` is refused: what
    python-can's backends hand out does not tell of frames that they have read already. Cyclic
    frames are timed by a thread.

    Args:
        channel: what the backend takes.
        can_filters: which frames to receive.
        interface_name: the backend's name in python-can.
        **options: handed to the backend as they are.
    """

    def __init__(
        self,
        channel: Any = None,
        can_filters: Filters | None = None,
        *,
        interface_name: str,
        **options: Any,
    ) -> None:
        can = python_can()
        self._can = can
        asked = {name: option_for_theirs(value, can) for name, value in options.items()}
        try:
            self._theirs = can.Bus(channel, interface=interface_name, ignore_config=True, **asked)
        except RAISED as exc:
            raise opening_error(exc, interface_name, channel) from exc
        try:
            self._take_over(channel, can_filters, interface_name, bool(options.get("fd")))
        except BaseException:
            self._theirs.shutdown()
            raise

    def _take_over(
        self, channel: Any, can_filters: Filters | None, interface_name: str, fd: bool
    ) -> None:
        self._receiving, self._sending = threading.RLock(), threading.RLock()
        told = str(self._theirs.channel_info)
        self.channel_info = f"{interface_name} {channel}" if told == _NAMELESS else told
        protocol = CanProtocol[self._theirs.protocol.name]
        if fd and protocol is CanProtocol.CAN_20:
            protocol = CanProtocol.CAN_FD  # plugins that do not say so
        super().__init__(channel, can_filters, protocol=protocol)

    def _recv_frame(self, timeout: float | None) -> Message | None:
        deadline = Deadline(timeout)
        while True:
            left = deadline.remaining()
            found = self._ask(_SLICE if left is None else max(_LEAST, min(left, _SLICE)))
            if found is not None:
                return to_ours(found)
            if deadline.remaining() == 0:
                return None

    def _ask(self, seconds: float) -> Any:
        with self._receiving:
            if self._is_shutdown:
                raise self._closed()
            try:
                found = self._theirs.recv(seconds)
            except RAISED as exc:
                if self._is_shutdown:
                    raise self._closed() from exc
                raise operation_error(exc, f"{self.channel_info}: receiving failed") from exc
            if found is None and self._theirs._is_shutdown and not self._is_shutdown:
                # It would say so again and again, at once.
                raise CanOperationError(
                    f"{self.channel_info}: python-can's backend closed itself: the other end went",
                    hint="shut this bus down and open a new one",
                )
            return found

    def _send_frame(self, msg: Message, timeout: float | None) -> None:
        theirs = to_theirs(msg, self._can)
        with self._sending:
            if self._is_shutdown:
                raise self._closed()
            try:
                self._theirs.send(theirs, None if timeout is None else max(_SLICE, timeout))
            except RAISED as exc:
                if self._is_shutdown:
                    raise self._closed() from exc
                raise operation_error(exc, f"{self.channel_info}: sending failed") from exc

    @property
    def state(self) -> BusState:
        """As python-can's backend tells it; many always say ACTIVE."""
        return BusState[self._theirs.state.name]

    @state.setter
    def state(self, new_state: BusState) -> None:
        try:
            self._theirs.state = option_for_theirs(new_state, self._can)
        except NotImplementedError as exc:
            raise CanUnsupportedError(f"{self.channel_info}: the state cannot be set") from exc
        except RAISED as exc:
            raise operation_error(exc, f"{self.channel_info}: the state cannot be set") from exc

    def flush_tx_buffer(self) -> None:
        """Discard frames that wait to be sent, where the backend can."""
        self._check_open()
        try:
            self._theirs.flush_tx_buffer()
        except NotImplementedError as exc:
            raise CanUnsupportedError(
                f"{self.channel_info}: queued frames cannot be taken back"
            ) from exc
        except RAISED as exc:
            raise operation_error(
                exc, f"{self.channel_info}: queued frames were not taken back"
            ) from exc

    def _close(self) -> None:
        # In this order, as everywhere; who waits in the backend leaves it within a slice. One that
        # knows no timeout is closed under who waits: better than to hang with him.
        held = [lock for lock in (self._receiving, self._sending) if lock.acquire(timeout=_GRACE)]
        try:
            self._theirs.shutdown()
        except RAISED as exc:
            raise operation_error(exc, f"{self.channel_info}: closing failed") from exc
        finally:
            self._theirs._is_shutdown = True  # not all say so, and would be closed once more
            for lock in held:
                lock.release()


def python_can() -> Any:
    """python-can itself, imported now.

    Raises:
        CanInitializationError: it does not import, or `can` is canbus in this process.
    """
    try:
        import can
    except ImportError as exc:
        raise CanInitializationError(
            f"{PACKAGE} does not import: {exc}", hint=f"pip install {PACKAGE}"
        ) from exc
    if hasattr(can, "__canbus__"):
        raise CanInitializationError(
            "`can` is canbus in this process, so python-can's backends cannot be reached",
            hint="leave canbus.compat out, or use a backend of ours",
        )
    return can
