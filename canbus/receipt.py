"""SendReceipt: what is known about a frame that was sent. A value; nobody is asked here."""

from enum import Enum
from typing import NamedTuple

from canbus.state import TimestampSource


class ConfirmedBy(Enum):
    """Who says that a frame was sent; only `BUS` proves that another node took it."""

    BUS = "bus"
    """The CAN controller: the frame was acknowledged on the wire, unless it is in a mode
    that asks nobody (loopback, presume-ack)."""
    ADAPTER = "adapter"
    """The adapter's firmware, which reports the frame when it has been sent."""
    BUFFER = "buffer"
    """The adapter, when it took the frame into its buffer: it may never reach the wire."""
    DRIVER = "driver"
    """The driver, when it handed the frame over: it may never reach the wire."""


class SendReceipt(NamedTuple):
    """What `send(confirm=True)` returns.

    Attributes:
        timestamp_ns: when the frame was reported as sent; nanoseconds since the epoch.
        timestamp_source: what took that stamp.
        confirmed_by: who says so, and hence what it proves.
    """

    timestamp_ns: int
    timestamp_source: TimestampSource
    confirmed_by: ConfirmedBy
