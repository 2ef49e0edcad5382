"""A serial line at the other end of a TCP connection: `socket://host:port`. Nothing of ttys here.

pyserial knows this kind of URL, too, but its port sleeps 0.3 s when it is closed, keeps back
small commands (Nagle's algorithm) and hides the errno. Its URLs are understood here.
"""

from __future__ import annotations

import socket
from collections.abc import Set as AbstractSet
from urllib.parse import parse_qs, urlsplit

from canbus.backends.slcan.port_errors import open_error
from canbus.errors import CanConfigError

PREFIX = "socket://"

_CONNECT_TIMEOUT = 5.0  # seconds, as pyserial has it


def connect(url: str) -> int:
    """Connect to a serial server.

    Returns:
        A descriptor that does not block and that the caller owns.

    Raises:
        CanConfigError: the URL is not socket://HOST:PORT.
        CanChannelNotFoundError: no such host, or nobody listens there.
        CanInitializationError: anything else.
    """
    address = address_in(url, options={"logging"})
    try:
        connection = socket.create_connection(address, _CONNECT_TIMEOUT)
    except OSError as exc:
        raise open_error(exc, url) from exc
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # An adapter may be silent for hours: let the kernel find out whether it is still there.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setblocking(False)
    return connection.detach()


def address_in(url: str, options: AbstractSet[str] | None = None) -> tuple[str, int]:
    """The host and the port number in a URL of the network.

    Args:
        url: PROTOCOL://HOST:PORT[?OPTIONS]
        options: the names it may have; None for any.

    Raises:
        CanConfigError: it has no host or no port number, or another option.
    """
    protocol = url.partition("://")[0]
    problem = f"it must be {protocol}://HOST:PORT"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        problem = str(exc)
        host = port = None
    else:
        given = parse_qs(parts.query, keep_blank_values=True).keys()
        unknown = [] if options is None else sorted(given - options)
        if unknown:
            problem = f"unknown option {unknown[0]!r}"
            host = None
    if not host or port is None:
        raise CanConfigError(
            f"channel {url!r}: {problem}", hint=f'for example "{protocol}://192.168.0.10:23"'
        )
    return host, port
