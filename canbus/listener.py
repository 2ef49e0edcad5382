"""Listener: what a Notifier calls with each frame. What is done with it is for subclasses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from canbus.message import Message

MessageRecipient = Callable[[Message], Any]
"""What a Notifier calls: a Listener, or anything that takes a frame; with `loop=` what it returns
may be awaitable."""


class Listener(ABC):
    """Base of what a Notifier tells of frames. Write `on_message_received`."""

    @abstractmethod
    def on_message_received(self, msg: Message) -> Any:
        """Do something with a frame.

        Args:
            msg: the frame; the other listeners of the Notifier get the same object.
        """

    def __call__(self, msg: Message) -> Any:
        """The same as `on_message_received`."""
        return self.on_message_received(msg)

    def on_error(self, exc: Exception) -> None:
        """Hear of an error: what this listener raised, or what reading the bus met.

        Args:
            exc: the error. A CanError where it is the bus: CanLinkDownError, for one, of a
                link that is down; frames come again when it is up. CanClosedError: the bus was
                shut down.

        Raises:
            NotImplementedError: here, as in python-can: it is not for this listener. What no
                listener takes is logged.
        """
        raise NotImplementedError

    def stop(self) -> None:  # noqa: B027 - few have anything to finish
        """Finish: no frame comes any more. A Notifier calls it when it is stopped."""
