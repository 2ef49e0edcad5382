"""Care: what a keeper looks after: a daemon, the adapter that it needs, and the links it makes.

A value, which also travels as JSON to the keeper's process. Nothing is started or asked here.
"""

from __future__ import annotations

import signal
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from canbus.bringup.serial_port import SerialPort
from canbus.link_config import LinkConfig, without
from canbus.link_info import LinkInfo

PORT = "{port}"
"""A word of `Care.program` that stands for where the adapter is now."""


@dataclass(frozen=True, kw_only=True)
class WantedLink:
    """A link that the daemon makes, and how it shall be.

    Attributes:
        config: set up so, whenever it appears.
        name: of the link, if the daemon gives it that.
        alias: a pattern for its alias (`hscan_*`), if that is how it is known.
    """

    config: LinkConfig
    name: str | None = None
    alias: str | None = None

    def is_it(self, link: LinkInfo) -> bool:
        """Whether a link is this one."""
        if self.name is not None and link.name != self.name:
            return False
        return self.alias is None or fnmatchcase(link.alias or "", self.alias)

    def config_for(self, link: LinkInfo) -> LinkConfig:
        """What can be asked of it: slcan before Linux 6.0 is no controller to netlink."""
        if link.kind is not None:
            return self.config
        kept = {"txqueuelen", "up"}
        return without(self.config, *(name for name, _ in self.config.given() if name not in kept))

    def includes(self, other: WantedLink) -> bool:
        """Whether this one is all that the other asks for."""
        given = dict(self.config.given())
        return (self.name, self.alias) == (other.name, other.alias) and all(
            given.get(name) == value for name, value in other.config.given()
        )


@dataclass(frozen=True, kw_only=True)
class Question:
    """How a serial adapter is asked whether it works, before its daemon is started.

    Attributes:
        bitrate: bit/s on the bus.
        tty_baudrate: bit/s on the serial line.
        listen_only: never sending anything on the bus.
    """

    bitrate: int
    tty_baudrate: int
    listen_only: bool


@dataclass(frozen=True, kw_only=True)
class Care:
    """What a keeper looks after.

    Attributes:
        key: names the keeper; of a link as a rule. There is one keeper for a key.
        what: for people: "serial adapter /dev/ttyACM0".
        program: the daemon's argv, which stays in the foreground; the word PORT is replaced.
        links: that it makes.
        port: of the adapter without which the daemon makes no sense: it is ended when that
            is unplugged, and started anew when it is back. None: it sees to that itself.
        question: to ask the adapter; None: it is not asked.
        environment: more of it, for the daemon.
        stop_signal: that ends the daemon in order.
        patience: seconds until its links must be there.
        facts: of the request, for whoever shows the keeper.
    """

    key: str
    what: str
    program: tuple[str, ...]
    links: tuple[WantedLink, ...]
    port: SerialPort | None = None
    question: Question | None = None
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    patience: float = 10.0
    facts: dict[str, object] = field(default_factory=dict)

    def program_at(self, port: str | None) -> tuple[str, ...]:
        """The daemon's argv for an adapter that is there now."""
        return tuple(port or "" if word == PORT else word for word in self.program)

    def with_program(self, path: str) -> Care:
        """The same with another first word of the program: where it was found."""
        return replace(self, program=(path, *self.program[1:]))

    def renamed(self, name: str) -> Care:
        """The same for a link of another name than that of its only one."""
        return replace(
            self,
            key=name,
            program=tuple(name if word == self.key else word for word in self.program),
            links=tuple(replace(link, name=name) for link in self.links),
        )

    def includes(self, other: Care) -> bool:
        """Whether who keeps this one has nothing to change to keep the other."""
        if (self.port is None) != (other.port is None):
            return False
        if self.port and other.port and not self.port.is_same_adapter(other.port):
            return False
        return (
            (self.key, self.program, self.environment)
            == (other.key, other.program, other.environment)
            and len(self.links) == len(other.links)
            and all(mine.includes(its) for mine, its in zip(self.links, other.links, strict=True))
        )


def pack_care(care: Care) -> dict[str, Any]:
    """As what JSON can say."""
    packed = asdict(replace(care, links=()))
    packed["links"] = [
        {"config": dict(link.config.given()), "name": link.name, "alias": link.alias}
        for link in care.links
    ]
    return packed


def unpack_care(packed: dict[str, Any]) -> Care:
    """What `pack_care` has packed.

    Raises:
        TypeError, KeyError, ValueError: it has not.
    """
    links = tuple(
        WantedLink(config=LinkConfig(**one["config"]), name=one["name"], alias=one["alias"])
        for one in packed["links"]
    )
    port, question = packed["port"], packed["question"]
    given = {
        **packed,
        "program": tuple(packed["program"]),
        "links": links,
        "port": None if port is None else SerialPort(**port),
        "question": None if question is None else Question(**question),
    }
    return Care(**given)
