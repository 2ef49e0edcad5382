"""What a bus and its controller can be in, as plain values. Reading them is a backend's work.

Sources: `enum can_state` of <linux/can/netlink.h>; BusState and CanProtocol are python-can's.
"""

from enum import Enum, IntEnum


class BusState(Enum):
    """python-can's three states of a bus."""

    ACTIVE = "active"
    PASSIVE = "passive"
    ERROR = "error"


class CanProtocol(Enum):
    """What kind of frames a bus was opened for."""

    CAN_20 = "can_20"
    CAN_FD = "can_fd"
    CAN_FD_NON_ISO = "can_fd_non_iso"
    CAN_XL = "can_xl"


class CanState(IntEnum):
    """The kernel's six controller states; the numbers are those of <linux/can/netlink.h>."""

    ERROR_ACTIVE = 0
    ERROR_WARNING = 1
    ERROR_PASSIVE = 2
    BUS_OFF = 3
    STOPPED = 4
    SLEEPING = 5


class FrameOrigin(Enum):
    """Where a received frame came from."""

    WIRE = "wire"
    """From another node on the bus."""
    LOCAL = "local"
    """From another socket or bus object on this machine."""
    OWN = "own"
    """Sent by the very bus that received it (receive_own_messages)."""


class TimestampSource(Enum):
    """What took the time stamp of a received frame."""

    NONE = "none"
    """Nobody: the frame was made in this process."""
    KERNEL = "kernel"
    """The kernel, when it was handed the frame: wall time (CLOCK_REALTIME)."""
    HARDWARE = "hardware"
    """The device, on a clock that the driver keeps at wall time."""
    ADAPTER = "adapter"
    """A serial adapter, on its own clock, brought to wall time here."""
    HOST = "host"
    """This process, when it read the frame: wall time."""


TIMESTAMP_SOURCES = tuple(TimestampSource)
"""By the number that frame_flags keeps."""


def bus_state(can_state: CanState | None) -> BusState:
    """Name a controller state as python-can does; None (a channel without one) is ACTIVE."""
    if can_state is None or can_state <= CanState.ERROR_WARNING:
        return BusState.ACTIVE
    return BusState.PASSIVE if can_state is CanState.ERROR_PASSIVE else BusState.ERROR


class BusStatistics:
    """The ledger of one bus: every loss has a number.

    Attributes:
        rx_dropped: frames lost before `recv()` could see them; None where the
            backend cannot know.
        tx_expired: frames dropped because their `ttl` passed before they could be handed over.
        tx_late: frames that had been handed over in time, but left after their `ttl`.
        rx_malformed: lines of a serial adapter that were neither frame nor answer.
        tx_refused: frames that a serial adapter refused, and refusals of it that nothing tells
            what they were for.
        tx_unanswered: frames that it should have answered, and did not.
    """

    __slots__ = (
        "rx_dropped",
        "rx_malformed",
        "tx_expired",
        "tx_late",
        "tx_refused",
        "tx_unanswered",
    )

    def __init__(
        self,
        rx_dropped: int | None = None,
        tx_expired: int = 0,
        tx_late: int = 0,
        *,
        rx_malformed: int = 0,
        tx_refused: int = 0,
        tx_unanswered: int = 0,
    ) -> None:
        self.rx_dropped = rx_dropped
        self.tx_expired = tx_expired
        self.tx_late = tx_late
        self.rx_malformed = rx_malformed
        self.tx_refused = tx_refused
        self.tx_unanswered = tx_unanswered

    def __repr__(self) -> str:
        facts = ", ".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"BusStatistics({facts})"
