"""How a keeper tells its starter what went wrong: an error as JSON, and back. No I/O."""

from __future__ import annotations

from typing import Any

from canbus import errors
from canbus.bringup.daemon import DaemonEndedError, DaemonIdleError
from canbus.errors import CanError

_KINDS: dict[str, type[CanError]] = {
    **{
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, CanError)
    },
    **{kind.__name__: kind for kind in (DaemonEndedError, DaemonIdleError)},
}


def describe_error(exc: CanError) -> dict[str, Any]:
    """An error as JSON can say it."""
    kind = next(each.__name__ for each in type(exc).__mro__ if each.__name__ in _KINDS)
    facts: dict[str, Any] = {
        "error": kind,
        "text": str(exc).removesuffix(f" [Error Code {exc.error_code}]"),
        "error_code": exc.error_code,
        "hint": exc.hint,
    }
    if isinstance(exc, DaemonEndedError):
        facts["status"] = exc.status
    if isinstance(exc, (DaemonEndedError, DaemonIdleError)):
        facts["output"] = exc.output
    return facts


def error_from(facts: dict[str, Any]) -> CanError:
    """The error that `describe_error` has described."""
    kind = _KINDS.get(str(facts.get("error")), CanError)
    exc = kind(str(facts.get("text")), facts.get("error_code"), hint=facts.get("hint"))
    if isinstance(exc, DaemonEndedError):
        exc.status = int(facts.get("status", 0))
    if isinstance(exc, (DaemonEndedError, DaemonIdleError)):
        exc.output = str(facts.get("output", ""))
    return exc
