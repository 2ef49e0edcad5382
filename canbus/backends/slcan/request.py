"""How a channel shall be opened, the commands for that, and what is known of an open one.

Values only; who sends the commands and awaits the answers is handshake.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from canbus.backends.slcan.adapter_filter import filter_command
from canbus.backends.slcan.bit_rate import BitRate
from canbus.backends.slcan.dialects import Dialect
from canbus.plugin import CanConfigError, CanFilter, CanUnsupportedError

HANDSHAKES = ("auto", "require", "off")


class Request(NamedTuple):
    """How the channel shall be opened.

    Attributes:
        dialect: of the adapter; None asks it.
        handshake: "auto", "require" or "off".
        rate: the bitrate.
        fd: for CAN FD.
        listen_only: never send anything, acknowledgements included.
        loopback: receive what is sent.
        stamps: with the adapter's own time stamps.
        filters: what to receive, for an adapter that can filter.
    """

    dialect: Dialect | None
    handshake: str
    rate: BitRate
    fd: bool = False
    listen_only: bool = False
    loopback: bool = False
    stamps: bool = False
    filters: Sequence[CanFilter] | None = None


class Adapter(NamedTuple):
    """What is known of an adapter whose channel is open.

    Attributes:
        dialect: the one it was told, or concluded.
        version: its answer to `V`; "" if there was none.
        serial_number: its answer to `N`; "" if there was none.
        answered: first letters of the commands that it answered.
        open_command: what opened the channel.
    """

    dialect: Dialect
    version: str
    serial_number: str
    answered: frozenset[str]
    open_command: str

    @property
    def answers_frames(self) -> bool:
        """It answers each frame, as it does the command that opens the channel."""
        return self.open_command[0] in self.answered


def commands_for(request: Request, dialect: Dialect) -> list[str]:
    """The commands that set the adapter up; the last one opens its channel.

    Raises:
        CanConfigError: the dialect has no such bitrate.
        CanUnsupportedError: it cannot do something else that was asked for.
    """
    commands: list[str | None] = [*dialect.preparation]
    if request.fd and not dialect.has_fd:
        raise CanUnsupportedError(f"dialect {dialect.name} has no CAN FD", hint="leave fd out")
    commands += [request.rate.command(dialect), request.rate.data_command(dialect)]
    if request.fd and commands[-1] is None:
        raise CanConfigError("fd=True needs a data_bitrate", hint="give data_bitrate=")
    commands.append(filter_command(dialect, request.filters))
    if request.stamps:
        commands.append(_stamp_switch(dialect))
    if request.listen_only:
        commands += _mode("listen-only", dialect.listen_only, dialect)
    elif request.loopback:
        commands += _mode("loopback", dialect.loopback, dialect)
    else:
        commands.append(dialect.open_normal)
    return [word for word in commands if word is not None]


def _stamp_switch(dialect: Dialect) -> str:
    if dialect.stamp is None:
        raise CanUnsupportedError(
            f"dialect {dialect.name} has no time stamps of its own",
            hint='leave timestamping out, or say "host"',
        )
    return dialect.stamp.switch


def _mode(name: str, commands: tuple[str, ...], dialect: Dialect) -> tuple[str, ...]:
    if not commands:
        raise CanUnsupportedError(
            f"dialect {dialect.name} has no {name} mode, or one that has no effect"
        )
    return commands
