"""Audience: the listeners of a Notifier, and calling them so that none costs another a frame.

In which thread they are called is the pumps'; who hears of errors is listener_errors.py's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any

from canbus.errors import CanConfigError, CanError
from canbus.listener import Listener, MessageRecipient
from canbus.listening.listener_errors import ListenerErrors
from canbus.message import Message

NEEDS_LOOP = "Notifier(..., loop=asyncio.get_running_loop()) awaits it"

_CO_COROUTINE = 0x80  # of code.co_flags: defined with `async def`

ResultTaker = Callable[[MessageRecipient, Any], None]


class Audience:
    """Listeners, which may change while they are called, also by one of them.

    Args:
        listeners: the first ones.
        shown: the Notifier, for people.
        has_loop: whether they are called in an event loop: then what they return can be
            awaited, and Ctrl-C may come while one is called.

    Attributes:
        listeners: those that are called.
        exception: the last error, theirs or of a bus.

    Raises:
        CanConfigError: a ValueError; one of them cannot be called.
    """

    def __init__(
        self, listeners: Iterable[MessageRecipient], shown: Callable[[], str], has_loop: bool
    ) -> None:
        if not isinstance(listeners, Iterable):
            raise CanConfigError(
                f"listeners must be a list, not {listeners!r}", hint="write [...] around it"
            )
        self._has_loop = has_loop
        self._errors = ListenerErrors(shown)
        self._removals = 0
        self._lock = threading.RLock()
        self._are_stopped = False
        self.exception: BaseException | None = None
        self.listeners: list[MessageRecipient] = []
        for listener in listeners:
            self.add(listener)

    def add(self, listener: MessageRecipient) -> None:
        """Call this one, too, from the next frame on.

        Raises:
            CanConfigError: a ValueError; it cannot be called.
        """
        if isinstance(listener, type) and issubclass(listener, Listener):
            raise CanConfigError(
                f"{listener!r} is a class, no listener", hint=f"write {listener.__name__}()"
            )
        if not callable(listener):
            raise CanConfigError(
                f"listener {listener!r} cannot be called with a frame",
                hint="a canbus.Listener, or a function of one argument",
            )
        if not self._has_loop and _is_coroutine_function(listener):
            raise CanConfigError(
                f"listener {listener!r} is a coroutine function, which nobody awaits",
                hint=NEEDS_LOOP,
            )
        self.listeners.append(listener)

    def remove(self, listener: MessageRecipient) -> None:
        """Do not call it any more.

        Raises:
            ValueError: it is not there.
        """
        self.listeners.remove(listener)
        self._removals += 1
        self._errors.forget(listener)

    def hand_out(self, msg: Message, take_result: ResultTaker) -> None:
        """Call all with this frame; raises only what shall end the program."""
        removals = self._removals
        for listener in tuple(self.listeners):
            try:
                if removals != self._removals and listener not in self.listeners:
                    continue  # removed by one before it
                result = listener(msg)
                if result is not None:
                    take_result(listener, result)
            except BaseException as exc:
                self.failed(listener, exc)
                if self._has_loop and not isinstance(exc, Exception):
                    raise  # Ctrl-C, which comes where the loop runs

    def failed(self, listener: MessageRecipient, exc: BaseException) -> None:
        """Tell of what this listener raised; raises nothing."""
        self.exception = exc
        self._errors.of_listener(listener, exc)

    def bus_failed(self, error: CanError) -> None:
        """Tell all of an error of a bus; raises nothing."""
        self.exception = error
        self._errors.of_bus(self._each(), error)

    def stop(self) -> None:
        """Tell all that no frame comes any more, once.

        Raises:
            BaseException: the first that this met, when all have been told.
        """
        failed = self._stop_each()
        for listener, exc in failed[1:]:
            self.failed(listener, exc)
        if failed:
            raise failed[0][1]

    def stop_quietly(self) -> None:
        """The same where nobody is there to meet an error: it goes where all errors go."""
        for listener, exc in self._stop_each():
            self.failed(listener, exc)

    def _stop_each(self) -> list[tuple[MessageRecipient, BaseException]]:
        with self._lock:
            if self._are_stopped:
                return []
            self._are_stopped = True
        failed: list[tuple[MessageRecipient, BaseException]] = []
        for listener in self._each():
            try:
                stop = getattr(listener, "stop", None)
                if stop is not None:
                    stop()
            except BaseException as exc:  # noqa: BLE001 - a fence: the user's; told of or raised
                failed.append((listener, exc))
        return failed

    def _each(self) -> list[MessageRecipient]:
        """Each once, though it may be called twice with a frame."""
        return list({id(listener): listener for listener in self.listeners}.values())


def _is_coroutine_function(listener: MessageRecipient) -> bool:
    called = getattr(listener, "on_message_received", listener)
    code = getattr(getattr(called, "__func__", called), "__code__", None)
    # What inspect.iscoroutinefunction asks; to import that would cost as much as a small bus.
    return isinstance(code, CodeType) and bool(code.co_flags & _CO_COROUTINE)
