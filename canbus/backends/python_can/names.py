"""Which backends an installed python-can has, by name, without importing it.

Its own are a table here, those of its plugins are entry points. Nothing is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

PREFIX = "python-can:"
PACKAGE = "python-can"
GROUP = "can.interface"

SHIPPED = frozenset(
    {
        *("canalystii", "cantact", "etas", "gs_usb", "iscan", "ixxat", "kvaser", "neousys"),
        *("neovi", "nican", "nixnet", "pcan", "robotell", "seeedstudio", "serial", "slcan"),
        *("socketcan", "socketcand", "systec", "udp_multicast", "usb2can", "vector", "virtual"),
    }
)
"""What comes with python-can 4.6."""


@cache
def version() -> str | None:
    """Of the python-can that is installed; None if there is none."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of(PACKAGE)
    except PackageNotFoundError:
        return None


def sources() -> Mapping[str, str]:
    """The distribution that each backend comes with, by name; empty without python-can."""
    found = version()
    if found is None:
        return {}
    from importlib.metadata import entry_points

    by_name = dict.fromkeys(sorted(SHIPPED), f"{PACKAGE} {found}")
    for point in entry_points(group=GROUP):
        if point.dist is not None and point.dist.name != "canbus":
            by_name[point.name] = f"{point.dist.name} {point.dist.version}"
    return by_name
