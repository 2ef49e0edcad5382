"""tune(): a link at one bit rate, listening only, and up. Never up otherwise."""

from __future__ import annotations

import errno
from dataclasses import replace

from canbus.bringup.detect.candidates import Impossible, is_near
from canbus.bringup.detect.looking import look
from canbus.bringup.detect.refusing import no_listening
from canbus.errors import CanLinkError
from canbus.link_config import LinkConfig
from canbus.link_info import LinkInfo
from canbus.links import netlink
from canbus.links.plan import plan
from canbus.links.steps import LinkStep

_NO_SUCH_RATE = frozenset({errno.EDOM, errno.EINVAL, errno.ERANGE})
_NO_SUCH_MODE = frozenset({errno.EOPNOTSUPP, errno.EINVAL})


def tune(link: LinkInfo, bitrate: int) -> LinkInfo | Impossible:
    """Take a link down, set it up, see that it is so, and bring it up.

    Args:
        link: which; how it is by now is asked.
        bitrate: bit/s.

    Returns:
        The link as it is then, with what it had counted at the start; or why its controller
        cannot do this rate.

    Raises:
        CanLinkNotFoundError: a LookupError; it is gone.
        CanUnsupportedError: its driver has no listen-only mode.
        CanLinkError: the kernel refuses, or has not done what it was told.
    """
    now = look(link)
    for step in plan(now, _wanted(now, bitrate)):
        try:
            netlink.take_step(now, step)
        except CanLinkError as exc:
            if step.action == "timing" and exc.error_code in _NO_SUCH_RATE:
                return Impossible(bitrate, str(exc).split(" [Error Code")[0])
            if step.action == "listen_only" and exc.error_code in _NO_SUCH_MODE:
                raise no_listening(link, exc) from exc
            if step.action != "berr_reporting" or exc.error_code not in _NO_SUCH_MODE:
                raise
    now = look(link)
    real = now.bitrate
    if real is not None and not is_near(real, bitrate):
        return Impossible(bitrate, f"the controller comes no nearer than {real} bit/s")
    _require_silence(now, bitrate)
    before = now
    netlink.take_step(now, LinkStep(now.name, "up"))
    now = look(link)
    if before.rx_errors is not None and now.rx_errors is not None:
        # A driver may have told an old count; or this one has risen already.
        now = replace(now, rx_errors=min(before.rx_errors, now.rx_errors))
    return now


def _wanted(link: LinkInfo, bitrate: int) -> LinkConfig:
    """Down; of other modes those that would hide what is on the wire are switched off."""
    known = link.supported_modes
    return LinkConfig(
        bitrate=bitrate,
        listen_only=True,
        berr_reporting=True if known is None or "berr_reporting" in known else None,
        loopback=False if "loopback" in link.modes else None,
        fd=False if "fd" in link.modes else None,
        up=False,
    )


def _require_silence(link: LinkInfo, bitrate: int) -> None:
    """The last look before it is brought up: what the kernel says, not what it was told."""
    found = []
    if "listen_only" not in link.modes:
        found.append("listen-only mode is off")
    if "loopback" in link.modes:
        found.append("loopback is on")
    if link.bitrate is None:
        found.append(f"its bit rate is unknown, and should be {bitrate}")
    if link.is_up:
        found.append("somebody has brought it up")
    if found:
        raise CanLinkError(
            f"{link.name} is not as it was told to be ({', '.join(found)}), so it does not listen",
            hint="does another program set it up, too?  `canbus watch` shows when it is changed",
        )
