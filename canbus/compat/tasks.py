"""CanbusTask: a cyclic task of ours as python-can's. Who times it is decided below."""

from __future__ import annotations

from collections.abc import Sequence

import can
from can.broadcastmanager import (
    LimitedDurationCyclicSendTaskABC,
    ModifiableCyclicTaskABC,
    RestartableCyclicTaskABC,
)

from canbus.compat.errors import as_python_can
from canbus.errors import CanError
from canbus.foreign_message import own_message
from canbus.periodic import CyclicSendTask


class CanbusTask(
    LimitedDurationCyclicSendTaskABC, ModifiableCyclicTaskABC, RestartableCyclicTaskABC
):
    """A task that python-can's users hold.

    Args:
        messages: what it sends.
        period: seconds between frames.
        duration: seconds to send for; None until stopped.
        task: ours.
    """

    def __init__(
        self,
        messages: Sequence[can.Message],
        period: float,
        duration: float | None,
        task: CyclicSendTask,
    ) -> None:
        super().__init__(messages, period, duration)
        self._task = task

    def stop(self) -> None:
        """End it. May be called any number of times."""
        self._task.stop()

    def start(self) -> None:
        """Begin again after `stop`.

        Raises:
            can.CanError: nothing can be sent now.
        """
        try:
            self._task.start()
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc

    def modify_data(self, messages: Sequence[can.Message] | can.Message) -> None:
        """Send other data from now on, in the same rhythm.

        Raises:
            ValueError: other ids, or another number of frames.
            can.CanError: the task or its bus is closed.
        """
        checked = self._check_and_convert_messages(messages)
        self._check_modified_messages(checked)
        self.messages = checked
        try:
            self._task.modify_data([own_message(msg) for msg in checked])
        except CanError as exc:
            raise as_python_can(exc, can.CanOperationError) from exc
