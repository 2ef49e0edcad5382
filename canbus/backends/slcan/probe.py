"""Probe: ask what is at a serial port, and change nothing. Only on the user's word.

`V` is sent: it is the one command that no known firmware takes for anything else; and `v` to
those that answer it as LAWICEL's do, which either answer or refuse it.
"""

from __future__ import annotations

from threading import RLock
from typing import NamedTuple

from canbus.backends.slcan.channel import parse_channel
from canbus.backends.slcan.conversation import Conversation
from canbus.backends.slcan.dialects import LAWICEL, UNKNOWN
from canbus.backends.slcan.identify import dialect_of
from canbus.backends.slcan.line import Line
from canbus.backends.slcan.port import open_port
from canbus.plugin import Waiter

_PATIENCE = 0.4
"""Seconds, twice: half a line of an earlier program may be in front of the first question."""


class Found(NamedTuple):
    """What answered.

    Attributes:
        version: its answer to `V`; "" if nothing answered.
        dialect: name of its dialect; None if it did not say one that is known.
    """

    version: str
    dialect: str | None


def probe(channel: str) -> Found:
    """Ask an adapter for its version. It takes up to 0.8 s where nothing answers.

    An adapter that never answers (CANtact) is not found by this; and opening a port restarts
    some boards.

    Args:
        channel: the port, as `Bus()` takes it.

    Raises:
        CanError: the port cannot be opened; see `open_port`.
    """
    url, baudrate = parse_channel(channel)
    port = open_port(url, baudrate)
    try:
        port.drain_input()
        waiter = Waiter(port.fileno(), port.close)
    except BaseException:
        port.close()
        raise
    try:
        line = Line(port, channel, lambda _: None, fd=True)
        talk = Conversation(line, RLock(), waiter)
        version = _version(talk)
        dialect = dialect_of(version, "")
        if dialect is LAWICEL:
            dialect = dialect_of(version, talk.ask("v", _PATIENCE / 4).text)
    finally:
        waiter.close()
    return Found(version, None if dialect is UNKNOWN else dialect.name)


def _version(talk: Conversation) -> str:
    for _ in range(2):
        answer = talk.ask("V", _PATIENCE).text
        if answer:
            return answer
    return ""
