"""Faults as text, for command lines: NAME or NAME:VALUE. Only the reading of it."""

from __future__ import annotations

from collections.abc import Callable

from canbus.errors import CanConfigError
from canbus.testing.slcan.faults import (
    Echo,
    Fault,
    FirstOnly,
    Garbage,
    LoseAnswers,
    NoAck,
    Refuse,
    Silent,
    Slow,
    Split,
    UnplugAfter,
)


def _garbage(value: str) -> Fault:
    if value in {"", "before", "after", "inside"}:
        return Garbage(where=value or "before")  # type: ignore[arg-type]
    return Garbage(bytes.fromhex(value))


def _commands(value: str) -> list[str]:
    return value.split(",") if value else []


_READERS: dict[str, tuple[Callable[[str], Fault], str]] = {
    "silent": (lambda v: Silent(*_commands(v)), "answers nothing; silent:V,N only these commands"),
    "refuse": (lambda v: Refuse(*_commands(v)), "refuses everything; refuse:S7 what begins so"),
    "lose-answers": (
        lambda v: LoseAnswers(int(v or 1)),
        "every answer is lost; lose-answers:3 every third",
    ),
    "garbage": (_garbage, "noise before each line; garbage:after, garbage:inside, garbage:FF00"),
    "split": (lambda v: Split(int(v or 1)), "single bytes; split:5 pieces of 5"),
    "slow": (lambda v: Slow(bytes_per_second=float(v)), "slow:960 bytes per second"),
    "delay": (lambda v: Slow(delay=float(v)), "delay:0.2 seconds before each answer"),
    "unplug-after": (lambda v: UnplugAfter(int(v)), "unplug-after:100 bytes to the host"),
    "first-only": (lambda _: FirstOnly(), "hears one command of each write only"),
    "no-ack": (lambda _: NoAck(), "nobody on the wire acknowledges: frames wait, or are lost"),
    "echo": (lambda _: Echo(), "sends back everything that it hears"),
}
FAULTS = {name: text for name, (_, text) in _READERS.items()}
"""What each does, by name."""


def parse_fault(text: str) -> Fault:
    """Read a fault: "silent", "refuse:S,O", "split:3".

    Raises:
        CanConfigError: a ValueError; there is no such fault, or its value makes no sense.
    """
    name, _, value = text.partition(":")
    if name not in _READERS:
        raise CanConfigError(
            f"there is no fault {name!r}", hint=f"use one of {', '.join(_READERS)}"
        )
    read, help_text = _READERS[name]
    try:
        return read(value)
    except ValueError as exc:
        raise CanConfigError(f"{text} makes no sense", hint=help_text) from exc
