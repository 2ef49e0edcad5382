"""Old: how a link was, as a value that another process can be given; and putting it back.

What is put back is all that canbus.links can set. Who does it and when is decided elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from canbus.bringup.detect.looking import find
from canbus.errors import CanError
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo
from canbus.links import netlink
from canbus.links.plan import plan, settings_of

_ATTEMPTS = 4  # the last one to succeed only sees that nothing is left to do


@dataclass(frozen=True)
class Old:
    """A link as it was.

    Attributes:
        name: of the link.
        index: the kernel's number for it, which no other link ever gets.
        settings: all of them.
    """

    name: str
    index: int
    settings: LinkConfig

    @classmethod
    def of(cls, link: LinkInfo) -> Old:
        """How it is now."""
        return cls(link.name, link.index, settings_of(link))

    def pack(self) -> str:
        """As one line of JSON."""
        settings: dict[str, Any] = dict(self.settings.given())
        return json.dumps({"name": self.name, "index": self.index, "settings": settings})

    @classmethod
    def unpack(cls, line: str) -> Old:
        """What `pack` has made."""
        facts = json.loads(line)
        return cls(facts["name"], facts["index"], LinkConfig(**facts["settings"]))


def put_back(old: Old) -> str | None:
    """Make a link as it was; what fails is tried again.

    It is not brought up unless all else is as it was: otherwise it could talk at a wrong bit rate.
    A bit rate stays, if there was none before: the kernel takes none back (can_get_bittiming,
    drivers/net/can/dev/bittiming.c, refuses zeros).

    Returns:
        What is not as it was, in words; None if all is.
    """
    why = ""
    for _ in range(_ATTEMPTS):
        try:
            now = find(old.index)
            if now is None:
                return f"{old.name} is gone: there is nothing to put back"
            steps = plan(now, old.settings)
            for step in steps:  # "up" is the last one
                netlink.take_step(now, step)
        except CanError as exc:
            why = str(exc).split(" [Error Code")[0]
            continue
        if not steps:
            return None
        why = f"it would not {steps[0].explain()}"
    return f"{old.name} could not be put back as it was: {why}"
