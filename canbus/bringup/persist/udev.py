"""udev rules: a name for a link, a name for a serial port. Text alone; udev(7).

They sort before 80-net-setup-link.rules and 99-systemd.rules of systemd: names have to be there
by then. What a device is told by says identity.py.
"""

from __future__ import annotations

from canbus.bringup.persist.escaping import check_plain
from canbus.bringup.persist.networkd import LINK_FACT

Match = tuple[str, str]
"""A key of udev's and the value that it is compared with: ("ATTRS{serial}", "0031")."""

PORTS = "/dev/canbus"
"""The folder of the names that our rules give serial ports."""

_ARPHRD_CAN = "280"  # <linux/if_arp.h>


def link_rule(name: str, matches: tuple[Match, ...]) -> str:
    """A rule that names a link.

    Raises:
        CanConfigError: a ValueError; a value is such that udev would not compare it as it is.
    """
    return _rule(
        (("SUBSYSTEM", "net"), ("ACTION", "add"), ("ATTR{type}", _ARPHRD_CAN), *matches),
        (f'NAME="{name}"', f'ENV{{{LINK_FACT}}}="{name}"'),
    )


def port_rule(name: str, matches: tuple[Match, ...]) -> str:
    """A rule that names a serial port, and keeps ModemManager away from its adapter.

    ModemManager looks at the adapter as well as at the port, so that it is told of both: by the
    second rule, which is for whatever there is of it.

    Raises:
        CanConfigError: a ValueError; a value is such that udev would not compare it as it is.
    """
    is_there = '!="remove"'
    named = _rule(
        (("SUBSYSTEM", "tty"), *matches),
        (f'SYMLINK+="canbus/{name}"', 'TAG+="systemd"'),
        first=f"ACTION{is_there}",
    )
    of_adapter = tuple(match for match in matches if not match[0].startswith("ENV"))
    return named + _rule(of_adapter, ('ENV{ID_MM_DEVICE_IGNORE}="1"',), first=f"ACTION{is_there}")


def _rule(matches: tuple[Match, ...], actions: tuple[str, ...], first: str = "") -> str:
    compared = [f'{key}=="{check_plain(value)}"' for key, value in matches]
    words = [*([first] if first else []), *compared, *actions]
    return ", \\\n  ".join(words) + "\n"
