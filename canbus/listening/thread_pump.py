"""ThreadPump: calls the listeners of a Notifier from a thread of its own, one for all its buses."""

from __future__ import annotations

import threading
from types import CoroutineType
from typing import Any

from canbus import thread_ends, thread_errors
from canbus.errors import CanConfigError
from canbus.listener import MessageRecipient
from canbus.listening.audience import NEEDS_LOOP
from canbus.listening.pump import Pump


class ThreadPump(Pump):
    """A thread from the first bus on, until `close()`."""

    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, unless it runs.

        Raises:
            RuntimeError: there is none to be had.
        """
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=str(self._owner), daemon=True)
            thread.start()
            self._thread = thread

    def wait(self, timeout: float) -> bool:
        """See Pump."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread_ends.join(thread, min(max(timeout, 0), threading.TIMEOUT_MAX))
        return not thread_ends.is_alive(thread)

    def take_result(self, listener: MessageRecipient, result: Any) -> None:
        """See Pump; a coroutine cannot be awaited here.

        Raises:
            CanConfigError: a ValueError; it is one.
        """
        if isinstance(result, CoroutineType):
            result.close()
            raise CanConfigError(
                f"{listener!r} returned a coroutine, which nobody awaits", hint=NEEDS_LOOP
            )

    def _came(self) -> None:
        """The inbox has woken the thread already."""

    def _run(self) -> None:
        is_last = False
        while not is_last:
            try:
                is_last = self._is_closing  # asked first: what came before is handed out
                if self._turn():
                    is_last = False
                elif not is_last:
                    self.inbox.wait(None, self._has_to_end)
            except BaseException:  # noqa: BLE001 - a fence: reported, and the next frame is handed out
                thread_errors.report()
        self._end()

    def _has_to_end(self) -> bool:
        return self._is_closing
