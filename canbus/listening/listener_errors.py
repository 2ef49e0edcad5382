"""ListenerErrors: who hears of an error, and what the log says. No thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from canbus import thread_errors
from canbus.errors import CanClosedError, CanError
from canbus.listener import MessageRecipient
from canbus.logs import logger


class ListenerErrors:
    """Tells listeners of errors, and the log of those that nobody takes.

    A listener that fails with every frame is logged the first time, with the traceback, and
    then the tenth, the hundredth, ...: the log must stay readable.

    Args:
        shown: the Notifier, for people.
    """

    def __init__(self, shown: Callable[[], str]) -> None:
        self._shown = shown
        self._counts: dict[tuple[int, type[BaseException]], int] = {}

    def of_listener(self, listener: MessageRecipient, exc: BaseException) -> None:
        """What a listener raised: for its own `on_error`, or else for the log."""
        try:
            if not self._takes(listener, exc):
                self._log(listener, exc)
        except BaseException:  # noqa: BLE001 - a fence: a logging handler of the user's; reported
            thread_errors.report()

    def of_bus(self, listeners: Iterable[MessageRecipient], exc: CanError) -> None:
        """What reading a bus met: for all listeners, or else for the log."""
        taken = [self._takes(listener, exc) for listener in listeners]
        if any(taken) or isinstance(exc, CanClosedError):  # who shut the bus down knows it
            return
        hint = f" (hint: {exc.hint})" if exc.hint else ""
        try:
            logger().error("%s: %s%s", self._shown(), exc, hint)
        except BaseException:  # noqa: BLE001 - a fence: a logging handler of the user's; reported
            thread_errors.report()

    def forget(self, listener: MessageRecipient) -> None:
        """It was removed: where it comes again, what it raises is news."""
        for key in [key for key in self._counts if key[0] == id(listener)]:
            self._counts.pop(key, None)

    def _takes(self, listener: MessageRecipient, exc: BaseException) -> bool:
        try:
            on_error = getattr(listener, "on_error", None)
            if on_error is None or not isinstance(exc, Exception):
                return False
            on_error(exc)
        except NotImplementedError:
            return False
        except BaseException as further:  # noqa: BLE001 - a fence: the user's; reported
            self._log(listener, further)
        return True

    def _log(self, listener: MessageRecipient, exc: BaseException) -> None:
        key = (id(listener), type(exc))
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count == 1:
            logger().error("%s: listener %r failed: %s", self._shown(), listener, exc, exc_info=exc)
        elif str(count).strip("0") == "1":
            logger().error(
                "%s: listener %r has failed %d times: %r", self._shown(), listener, count, exc
            )
