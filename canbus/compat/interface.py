"""CanbusBus: a bus of ours as a bus of python-can's, which finds it by its entry point.

The policy is that of `canbus.BusABC`, whose methods are called here; nothing is opened or
decided in this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import can

from canbus.backends.python_can.frames import to_theirs
from canbus.bit_timing import BitTiming, BitTimingFd
from canbus.compat.errors import as_python_can
from canbus.compat.tasks import CanbusTask
from canbus.errors import CanError, CanUnsupportedError
from canbus.foreign_message import own_message
from canbus.interface import Bus
from canbus.state import BusState


class CanbusBus(can.BusABC):
    """`can.Bus(interface="canbus", channel="can0")`.

    Args:
        channel: what to open, in the backend's words.
        can_filters: python-can's filters; in force before the first frame.
        backend: of ours.
        **options: the backend's (`canbus backends -v` lists them); an unknown one is refused.

    Raises:
        can.CanInitializationError: it could not be opened, or an option is refused.
        can.CanInterfaceNotImplementedError: there is no such backend.
    """

    def __init__(
        self,
        channel: Any = None,
        can_filters: can.typechecking.CanFilters | None = None,
        backend: str = "socketcan",
        **options: Any,
    ) -> None:
        asked = {name: _option_of_ours(value) for name, value in options.items()}
        try:
            # What is configured, python-can has looked up: in its files, by its rules.
            self._ours = Bus(
                channel, interface=backend, can_filters=can_filters, ignore_config=True, **asked
            )
        except CanError as exc:
            raise as_python_can(exc, can.CanInitializationError) from exc
        self.channel = self._ours.channel
        self.channel_info = self._ours.channel_info
        super().__init__(channel, can_filters)
        self._can_protocol = can.CanProtocol[self._ours.protocol.name]

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        try:
            msg = self._ours.recv(timeout)
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc
        return (None if msg is None else to_theirs(msg, can)), True

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """See `canbus.BusABC.send`: a deadline is kept, None waits as long as it takes."""
        try:
            self._ours.send(own_message(msg), timeout)
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc

    def _send_periodic_internal(
        self,
        msgs: Sequence[can.Message] | can.Message,
        period: float,
        duration: float | None = None,
        autostart: bool = True,
        modifier_callback: Callable[[can.Message], None] | None = None,
    ) -> CanbusTask:
        frames = [msgs] if isinstance(msgs, can.Message) else list(msgs)
        callback: Any = modifier_callback  # is given a frame of ours, which is shaped alike
        try:
            task = self._ours.send_periodic(
                [own_message(msg) for msg in frames],
                period,
                duration,
                autostart=autostart,
                modifier_callback=callback,
            )
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc
        return CanbusTask(frames, period, duration, task)

    def _apply_filters(self, filters: can.typechecking.CanFilters | None) -> None:
        try:
            self._ours.set_filters(filters)
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc

    def fileno(self) -> int:
        """See `canbus.BusABC.fileno`; -1 where the backend has none."""
        try:
            return self._ours.fileno()
        except CanUnsupportedError:
            return -1
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc

    def flush_tx_buffer(self) -> None:
        """Discard frames that wait to be sent.

        Raises:
            NotImplementedError: they cannot be taken back.
        """
        try:
            self._ours.flush_tx_buffer()
        except CanUnsupportedError as exc:
            raise NotImplementedError(str(exc)) from exc
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc

    @property
    def state(self) -> can.BusState:
        """The controller's, as far as the backend can tell."""
        try:
            return can.BusState[self._ours.state.name]
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc

    @state.setter
    def state(self, new_state: can.BusState) -> None:
        try:
            self._ours.state = BusState[new_state.name]
        except CanUnsupportedError as exc:
            raise NotImplementedError(str(exc)) from exc
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc

    def shutdown(self) -> None:
        """Stop all cyclic tasks and close the channel. May be called any number of times."""
        super().shutdown()
        try:
            self._ours.shutdown()
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc


def _option_of_ours(value: Any) -> Any:
    """A value that a user of python-can gave, in our own types."""
    if isinstance(value, can.BitTiming):
        return BitTiming(**dict(value))  # type: ignore[arg-type] # its arguments, by name
    if isinstance(value, can.BitTimingFd):
        return BitTimingFd(**dict(value))  # type: ignore[arg-type]
    if isinstance(value, can.BusState):
        return BusState[value.name]
    return value
