"""Which serial ports may be CAN adapters, for `detect_available_configs`. None is opened."""

from __future__ import annotations

from canbus.backends.slcan.discovery import candidates
from canbus.backends.slcan.usb_ids import Likelihood
from canbus.detected import DetectedChannel


def detect() -> list[DetectedChannel]:
    """Each that calls itself an adapter, or has the USB id of one."""
    return [
        DetectedChannel(
            "slcan",
            one.path,
            {
                "adapter": one.adapter,
                "dialect": one.dialect,
                "serial_number": one.serial_number,
                "usb_id": one.usb_id,
                "why": one.why,
                "is_allowed": one.is_allowed,
            },
            f"usb:{one.serial_number}" if one.serial_number else one.by_id,
        )
        for one in candidates()
        if one.likelihood > Likelihood.MAYBE
    ]
