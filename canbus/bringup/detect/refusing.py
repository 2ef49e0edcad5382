"""Where no bit rate is detected at all: said before anything is touched. Changes nothing."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from canbus.errors import CanError, CanLinkError, CanLinkPermissionError, CanUnsupportedError
from canbus.link_info import LinkInfo
from canbus.links.plan import VIRTUAL
from canbus.links.refusals import ROOT_HINT
from canbus.links.rights import has_capability

NO_LISTENING = (
    "trying bit rates without it would disturb the bus: read the rate from the manual of a device "
    "on it, or use another adapter (most for USB have it)"
)


def refuse(link: LinkInfo) -> None:
    """See that a link can listen, and that it may be taken for that.

    Raises:
        CanUnsupportedError: it has no bit rate, none that the kernel sets, or no listen-only mode.
        CanLinkError: a process of ours keeps it up.
        CanLinkPermissionError: a PermissionError; no CAP_NET_ADMIN.
    """
    _refuse_kind(link)
    if link.supported_modes is not None and "listen_only" not in link.supported_modes:
        raise no_listening(link)
    _refuse_kept(link)
    if not has_capability("CAP_NET_ADMIN"):
        raise CanLinkPermissionError(
            f"cannot detect the bit rate of {link.name}: setting it needs CAP_NET_ADMIN",
            errno.EPERM,
            hint=ROOT_HINT,
        )


def no_listening(link: LinkInfo, cause: CanError | None = None) -> CanUnsupportedError:
    """The error for a driver without listen-only mode."""
    driver = link.device.driver if link.device is not None else None
    return CanUnsupportedError(
        f"cannot detect the bit rate of {link.name}: its driver{f' {driver}' if driver else ''} "
        "has no listen-only mode",
        errno.EOPNOTSUPP if cause is None else cause.error_code,
        hint=NO_LISTENING,
    )


def _refuse_kind(link: LinkInfo) -> None:
    if link.kind in VIRTUAL:
        raise CanUnsupportedError(
            f"{link.name} is a {link.kind} link: it has no bit rate",
            hint="`canbus list` shows which links are controllers",
        )
    if link.bit_timing_limits is None and not link.bitrate_choices:
        raise CanUnsupportedError(
            f"cannot detect the bit rate of {link.name}: the kernel does not set it; a serial "
            "adapter has its own from the program that brought it up",
            hint=f"canbus show {link.name}",
        )
    if link.bitrate is None and (link.is_up or link.bit_timing_limits is None):
        # One under slcand, say: it would be up at the last rate that was tried, and talk (slc_open,
        # drivers/net/can/slcan/slcan-core.c, of Linux 6.0 on).
        raise CanUnsupportedError(
            f"cannot detect the bit rate of {link.name}: the kernel does not know the one it has, "
            "so that it could not be put back",
            hint="a serial adapter has it from the program that brought it up: end that one, and "
            "try rates with it (canbus up slcan --bitrate 250k)",
        )


def _refuse_kept(link: LinkInfo) -> None:
    from canbus.bringup import keepers

    keeper = keepers.find(link.name)
    if keeper is not None:
        raise CanLinkError(
            f"cannot detect the bit rate of {link.name}: process {keeper.pid} keeps it up as it "
            f"was asked for ({keeper.what})",
            hint=f"stop that first: canbus down {link.name}",
        )


@contextmanager
def alone(link: LinkInfo) -> Iterator[int]:
    """Be the only one who detects on a link; yields the descriptor that says so.

    It is a name of unix(7) that no file has: such names are of one network namespace, as links
    are, and gone with the last who holds the descriptor.

    Raises:
        CanLinkError: somebody else does.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as lock:
        try:
            lock.bind(f"\0canbus detect {link.index}")
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE:
                raise CanLinkError(f"cannot lock {link.name}: {exc.strerror}", exc.errno) from exc
            raise CanLinkError(
                f"another process is detecting the bit rate of {link.name}, or is putting it back",
                exc.errno,
                hint="wait for it, or end it",
            ) from exc
        yield lock.fileno()
