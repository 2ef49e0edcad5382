"""ask_adapter(): does a serial adapter answer, and take a bit rate? A dead one is found out here.

Neither slcand nor the kernel's slcan driver reads an answer: with an adapter that is silent, or
refuses everything, they make a link that is up and swallows every frame. So our own slcan
backend opens the channel first, and closes it again.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from canbus.bringup.care import Question
from canbus.errors import CanConfigError, CanError, CanInitializationError, CanUnsupportedError

if TYPE_CHECKING:
    from canbus.backends.slcan.bus import SlcanBus

BITRATES = {
    10_000: 0,
    20_000: 1,
    50_000: 2,
    100_000: 3,
    125_000: 4,
    250_000: 5,
    500_000: 6,
    800_000: 7,
    1_000_000: 8,
}
"""The number behind `S`: LAWICEL's, and slcan_bitrate_const of the kernel's slcan-core.c."""

BAUDRATES = (
    9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000,
    1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
)  # fmt: skip
"""What slcand takes for `-S` (slcand.c of can-utils 2020.11 and 2023.03)."""

_N_SLCAN = 17
"""<linux/tty.h>"""

_NO_PROBE = "for an adapter that never answers: --no-probe"


def ask_adapter(port: str, question: Question) -> None:
    """Open its channel at that bit rate, and close it again. Takes up to a second.

    Raises:
        CanInitializationError: nothing answers, it refuses, or somebody else has the port.
        CanPermissionError: a PermissionError; this user may not open the port.
        CanConfigError: a ValueError; the adapter has no such bit rate.
        CanChannelNotFoundError: there is no such port, or it was unplugged meanwhile.
        CanUnsupportedError: it cannot listen without sending.
    """
    bus_class = prepare()
    try:
        with warnings.catch_warnings(action="ignore"):  # of the farewell: not ours to judge
            bus = bus_class(
                port,
                tty_baudrate=question.tty_baudrate,
                bitrate=question.bitrate,
                listen_only=question.listen_only,
            )
            try:
                dialect = bus.dialect
            finally:
                bus.shutdown()
    except CanInitializationError as exc:
        raise _with_our_hint(exc) from exc
    expected = f"S{BITRATES[question.bitrate]}"
    if dialect.bitrates.get(question.bitrate) != expected:
        raise CanConfigError(
            f"{port}: the adapter, of dialect {dialect.name}, has another command for "
            f"{question.bitrate} bit/s than {expected}, which is all that slcand knows",
            hint=f"Bus('{port}', interface='slcan', bitrate={question.bitrate}) speaks its dialect",
        )
    if question.listen_only and dialect.listen_only != ("L",):
        raise CanUnsupportedError(
            f"{port}: the adapter, of dialect {dialect.name}, does not listen only at `L`, which "
            "is all that slcand knows",
            hint=f"Bus('{port}', interface='slcan', listen_only=True) speaks its dialect",
        )


def prepare() -> type[SlcanBus]:
    """Import what asking takes, which is time that is short when an adapter comes back."""
    from canbus.backends.slcan.bus import SlcanBus

    return SlcanBus


def is_attached(port: str) -> bool:
    """Whether a serial port still feeds a network interface, be it in another namespace."""
    from canbus.backends.slcan.tty_line import line_discipline

    try:
        fd = os.open(port, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return line_discipline(fd) == _N_SLCAN
    finally:
        os.close(fd)


def _with_our_hint(exc: CanError) -> CanError:
    """A bus has options that a network interface has not."""
    hint = exc.hint
    if hint and "handshake=" in hint:
        hint = f"is this the adapter's port, and --tty-baudrate right? {_NO_PROBE}"
    elif hint and "dialect=" in hint:
        hint = f"switch the adapter off and on; {_NO_PROBE}"
    text = str(exc).removesuffix(f" [Error Code {exc.error_code}]")
    return type(exc)(text.removeprefix("slcan "), exc.error_code, hint=hint)
