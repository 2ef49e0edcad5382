"""`can.interfaces`: which backends there are."""

from __future__ import annotations

from canbus.registry import list_backends

BACKENDS: dict[str, tuple[str, str]] = {
    row.name: (row.spec.bus.partition(":")[0], row.spec.bus.partition(":")[2])
    for row in list_backends()
    if row.spec is not None and not row.name.startswith("python-can:")
}
"""Module and class by name."""
VALID_INTERFACES = frozenset(BACKENDS)
