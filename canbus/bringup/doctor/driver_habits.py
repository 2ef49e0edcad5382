"""What some drivers do otherwise than the rest, and a link does not tell. Facts, no judgement."""

from __future__ import annotations

from canbus.link_info import LinkInfo

NO_RESTART = frozenset({"gs_usb", "slcan"})
"""Drivers without `do_set_mode`: no other of drivers/net/can lacks it (Linux 6.12)."""

_COUNTS_ERROR_FRAMES = frozenset({"gs_usb"})
"""A report of an error counts as a frame received (gs_usb_receive_bulk_callback,
drivers/net/can/usb/gs_usb.c; seen on Linux 6.1)."""


def driver_of(link: LinkInfo) -> str | None:
    """The driver, where sysfs shows one."""
    return link.device.driver if link.device is not None else None


def can_restart(link: LinkInfo) -> bool:
    """Whether its driver can bring the controller back from bus-off without down and up."""
    return driver_of(link) not in NO_RESTART


def counts_error_frames(link: LinkInfo) -> bool:
    """Whether what counts as received may have been errors only."""
    return driver_of(link) in _COUNTS_ERROR_FRAMES
