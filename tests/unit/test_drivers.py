"""What the echo of a driver proves: never more than is known."""

from __future__ import annotations

import pytest

from canbus import ConfirmedBy
from canbus.backends.socketcan.drivers import confirmed_by


@pytest.mark.parametrize(
    ("driver", "proof"),
    [
        ("kvaser_pci", ConfirmedBy.BUS),
        ("mcp251xfd", ConfirmedBy.BUS),
        ("gs_usb", ConfirmedBy.ADAPTER),
        ("peak_usb", ConfirmedBy.DRIVER),
        ("slcan", ConfirmedBy.DRIVER),
        ("vcan", ConfirmedBy.DRIVER),
        ("of the year 2040", ConfirmedBy.DRIVER),
        ("", ConfirmedBy.DRIVER),
    ],
)
def test_the_proof_of_a_driver(driver: str, proof: ConfirmedBy) -> None:
    assert confirmed_by(driver) is proof
