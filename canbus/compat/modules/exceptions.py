"""`can.exceptions`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from canbus.errors import (
    CanError,
    CanInitializationError,
    CanInterfaceNotImplementedError,
    CanOperationError,
    CanTimeoutError,
)

__all__ = [
    "CanError",
    "CanInitializationError",
    "CanInterfaceNotImplementedError",
    "CanOperationError",
    "CanTimeoutError",
    "error_check",
]


@contextmanager
def error_check(
    error_message: str | None = None, exception_type: type[CanError] = CanOperationError
) -> Iterator[None]:
    """Raise any error of the block as an error of the library's.

    Args:
        error_message: of the new error; None for that of the old one.
        exception_type: of the new error.
    """
    try:
        yield
    except Exception as exc:  # what it is for: python-can's plugins put foreign calls in it
        raise exception_type(str(exc) if error_message is None else error_message) from exc
