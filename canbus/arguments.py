"""Checks of single values that a user gave. Which options a bus has is options.py's."""

from __future__ import annotations

from canbus.errors import CanConfigError


def check_number(what: str, value: object, low: int, high: int | None, hint: str) -> None:
    """Raise CanConfigError unless `value` is an int from `low` to `high`.

    Args:
        what: the argument's name, for the message.
        value: what was given.
        low: the least that will do.
        high: the most that will do; None for no limit.
        hint: what the user can do about it.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise CanConfigError(f"{what} must be an int, not {value!r}", hint=hint)
    if value < low or (high is not None and value > high):
        bound = f"at least {low}" if high is None else f"from {low} to {high}"
        raise CanConfigError(f"{what} must be {bound}, not {value}", hint=hint)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    """Return the value.

    Raises:
        CanConfigError: a ValueError; it is none of the choices.
    """
    if value not in choices:
        raise CanConfigError(f"{name}={value!r} is none of {', '.join(choices)}")
    return value
