"""Lifetime: something that is open until it is shut down, once. No CAN here.

`shutdown()` may be called any number of times, from any thread and from a signal handler.
An object that is forgotten while open says so and is shut down then.
"""

from __future__ import annotations

import threading
import warnings
from abc import ABCMeta, abstractmethod
from types import TracebackType
from typing import Any, Self


class _Complete(ABCMeta):
    """Knows when a constructor has run to its end, in whatever order it called its bases."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__call__(*args, **kwargs)
        made._is_complete = True
        return made


class Lifetime(metaclass=_Complete):
    """Base of what can be shut down; `_is_shutdown` is False from its base's constructor on."""

    _is_shutdown: bool = True
    _is_complete: bool = False

    def __init__(self) -> None:
        self._shutdown_lock = threading.RLock()
        self._is_shutdown = False

    def shutdown(self) -> None:
        """Stop all cyclic tasks and close the channel. May be called any number of times.

        Threads blocked in `recv` or `send` are woken with CanClosedError.
        """
        if not self._is_complete and self._is_shutdown:
            return  # the constructor never got as far as having a lock
        with self._shutdown_lock:
            was_shutdown, self._is_shutdown = self._is_shutdown, True
        if was_shutdown:
            return
        try:
            self._close()  # first: nothing that hangs below can keep the channel open
        finally:
            self._after_close()

    def _after_close(self) -> None:
        """Stop what used the resource."""

    @abstractmethod
    def _close(self) -> None:
        """Release everything, waking whoever waits. Called once."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()

    def __del__(self) -> None:
        # After a constructor that failed there is nothing to tell: it has raised.
        if self._is_complete and not self._is_shutdown:
            try:
                warnings.warn(
                    f"{self!r} was not shut down: use `with` or call shutdown()",
                    ResourceWarning,
                    stacklevel=2,
                    source=self,
                )
            finally:  # the warning may be an error
                self.shutdown()
