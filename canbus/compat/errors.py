"""Errors of ours as python-can's, so that programs that catch those still do. One table."""

from __future__ import annotations

import can

from canbus.errors import (
    CanError,
    CanInitializationError,
    CanInterfaceNotImplementedError,
    CanTimeoutError,
)

_KINDS: tuple[tuple[type[CanError], type[can.CanError]], ...] = (
    (CanInterfaceNotImplementedError, can.CanInterfaceNotImplementedError),
    (CanTimeoutError, can.CanTimeoutError),
    (CanInitializationError, can.CanInitializationError),
)


def as_python_can(exc: CanError, otherwise: type[can.CanError]) -> can.CanError:
    """The same as an error of python-can's; its message has the hint, too.

    Args:
        exc: an error of ours, which becomes its cause where it is raised `from` it.
        otherwise: what it is where python-can has no nearer kind.
    """
    kind = next((theirs for ours, theirs in _KINDS if isinstance(exc, ours)), otherwise)
    words = exc.args[0] if exc.args else str(exc)
    return kind(f"{words} ({exc.hint})" if exc.hint else str(words), exc.error_code)
