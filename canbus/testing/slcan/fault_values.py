"""Faults as values that JSON can carry, and back: for an adapter that runs in another process.

No reading of command lines; that is in fault_text.py.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, cast

from canbus.errors import CanConfigError
from canbus.testing.slcan.faults import (
    Echo,
    Fault,
    FirstOnly,
    Garbage,
    LoseAnswers,
    NoAck,
    OfCommands,
    Refuse,
    Say,
    Silent,
    Slow,
    Split,
    UnplugAfter,
)

KINDS: dict[str, type[Fault]] = {
    kind.__name__: kind
    for kind in (
        Echo,
        FirstOnly,
        Garbage,
        LoseAnswers,
        NoAck,
        Refuse,
        Say,
        Silent,
        Slow,
        Split,
        UnplugAfter,
    )
}
"""All faults, by name."""

_BYTES = {"answer", "data"}  # fields that hold bytes; JSON has them as hexadecimal text


def pack_fault(fault: Fault) -> dict[str, Any]:
    """Turn a fault into what JSON can carry."""
    packed = {"fault": type(fault).__name__}
    for field in fields(cast("Any", fault)):
        value = getattr(fault, field.name)
        packed[field.name] = value.hex() if isinstance(value, bytes) else value
    return packed


def unpack_fault(packed: dict[str, Any]) -> Fault:
    """Turn it back.

    Raises:
        CanConfigError: a ValueError; there is no such fault, or its values make no sense.
    """
    values = dict(packed)
    name = values.pop("fault", None)
    kind = KINDS.get(name)
    if kind is None:
        raise CanConfigError(f"there is no fault {name!r}", hint=f"use one of {', '.join(KINDS)}")
    try:
        if issubclass(kind, OfCommands):
            return kind(*values.pop("commands", ()), **values)
        for field in _BYTES & values.keys():
            values[field] = None if values[field] is None else bytes.fromhex(values[field])
        return kind(**values)
    except TypeError as exc:
        raise CanConfigError(f"the fault {name} is not made of {packed}: {exc}") from exc
