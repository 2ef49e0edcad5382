"""What a backend of python-can raises, as errors of ours. One table; nothing is caught here."""

from __future__ import annotations

from typing import Any

from canbus.errors import CanInterfaceNotImplementedError
from canbus.plugin import (
    CanConfigError,
    CanError,
    CanInitializationError,
    CanOperationError,
    CanTimeoutError,
)

RAISED = (Exception,)
"""What backends raise: anything. Strangers' code; can_remote 0.3.0, say, has kinds of its own."""

_BY_NAME: dict[str, type[CanError]] = {
    "CanInterfaceNotImplementedError": CanInterfaceNotImplementedError,
    "CanInitializationError": CanInitializationError,
    "CanTimeoutError": CanTimeoutError,
    "CanOperationError": CanOperationError,
}
_OPENING: tuple[tuple[type[Exception], type[CanError]], ...] = (
    (NotImplementedError, CanInterfaceNotImplementedError),
    (ImportError, CanInterfaceNotImplementedError),
    (TypeError, CanConfigError),
    (ValueError, CanConfigError),
)


def opening_error(exc: Exception, name: str, channel: Any) -> CanError:
    """The error of ours for a channel that did not open."""
    kind = _named(exc) or next(
        (ours for theirs, ours in _OPENING if isinstance(exc, theirs)), CanInitializationError
    )
    return _made(kind, f"python-can's {name} cannot open {channel!r}: {_words(exc)}", exc)


def operation_error(exc: Exception, what: str) -> CanError:
    """The error of ours for a call that failed."""
    kind = CanTimeoutError if isinstance(exc.__cause__, TimeoutError) else CanOperationError
    return _made(_named(exc) or kind, f"{what}: {_words(exc)}", exc)


def _named(exc: Exception) -> type[CanError] | None:
    names = [one.__name__ for one in type(exc).__mro__]
    return next((ours for name, ours in _BY_NAME.items() if name in names), None)


def _words(exc: Exception) -> str:
    return str(exc) or type(exc).__name__


def _made(kind: type[CanError], message: str, exc: Exception) -> CanError:
    code = getattr(exc, "error_code", None) or getattr(exc, "errno", None)
    return kind(message, code if isinstance(code, int) else None)
