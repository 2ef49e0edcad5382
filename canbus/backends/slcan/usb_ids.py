"""Which serial CAN adapter is behind a USB id: a table of facts, with sources. No I/O.

An id belongs to the chip or its maker's stock, not to a firmware: so a row may also ask for
words in what the device calls itself, and the first row that fits is the one.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import NamedTuple

from canbus.backends.slcan import dialects as d


class Likelihood(IntEnum):
    """How sure it is that a port is a CAN adapter; the higher the surer."""

    OTHER = 0
    """Nothing speaks for it."""
    MAYBE = 1
    """A converter from USB to a serial line: anything may be behind it, adapters too."""
    NAMED = 2
    """It calls itself something with CAN."""
    KNOWN = 3
    """The table knows it by its USB id, and by its name where the id alone is not enough."""


class KnownDevice(NamedTuple):
    """One row.

    Attributes:
        usb_id: vendor and product; None for any product, or (with vendor None) any device.
        words: expression that is found in manufacturer and product; "" for any.
        adapter: what it is, for people.
        dialect: name of the dialect that it speaks, if that much is clear.
        likelihood: that it is a CAN adapter.
        source: where this stands.
    """

    usb_id: tuple[int | None, int | None]
    words: str
    adapter: str
    dialect: str | None
    likelihood: Likelihood
    source: str

    def fits(self, vid: int | None, pid: int | None, text: str) -> bool:
        """Whether a device with this id and these texts is of this row."""
        return (
            self.usb_id[0] in {None, vid}
            and self.usb_id[1] in {None, pid}
            and re.search(self.words, text, re.IGNORECASE) is not None
        )


_FTDI = "drivers/usb/serial/ftdi_sio_ids.h of Linux"
_CANABLE2 = "normaldotcom/canable2-fw, src/usbd_desc.c"
_CANTACT = "linklayer/cantact-fw, Src/usbd_desc.c"
_WEACT = "WeActStudio USB2CANFDV1, usbd_desc.c"
_UCCB = "UsbCANConverter UCCBEmbedded, usbd_desc.c"
_USBTIN = "USBtin firmware, main.c; fischl.de/usbtin"
_NAMES = "its own words"
_STOCK = "stock id of the chip's maker; usb.ids"

_CANABLE_2_ID = (0x16D0, 0x117E)
_CANTACT_ID = (0xAD50, 0x60C4)
_ST_ID = (0x0483, 0x5740)
_MICROCHIP_ID = (0x04D8, 0x000A)
_ANY: tuple[None, None] = (None, None)

_CAN_WORDS = (
    r"(?<![a-z])(slcan|usb[ _-]?(2|to)?[ _-]?can(fd)?(v\d)?|can[ _-]?(fd|usb|bus|232|analy[sz]er)"
    r"|can)(?![a-z])|canhacker|candlelight|canable|cantact"
)

_K, _N, _M = Likelihood.KNOWN, Likelihood.NAMED, Likelihood.MAYBE

TABLE = (
    KnownDevice((0x0403, 0xFFA8), "", "LAWICEL CANUSB", d.LAWICEL.name, _K, _FTDI),
    KnownDevice((0x0403, 0x9F80), "", "Ewert CANdapter", d.CANDAPTER.name, _K, _FTDI),
    KnownDevice(
        (0x0403, 0xFAC6), "", "EasySync USB2-F-7x01", d.LAWICEL.name, _K, "D2XX of FTDI for Android"
    ),
    # The firmware's version, with its repository, is the product's name.
    KnownDevice(_CANABLE_2_ID, "nakakiyo", "CANable 2", d.NAKAKIYO.name, _K, _CANABLE2),
    KnownDevice(_CANABLE_2_ID, r"slcan|2\.5", "CANable 2.5", None, _K, "Elmue/CANable-2.5"),
    KnownDevice(_CANABLE_2_ID, "canable2", "CANable 2", d.CANABLE2.name, _K, _CANABLE2),
    KnownDevice(_CANABLE_2_ID, "", "CANable 2, or a clone", None, _K, _CANABLE2),
    KnownDevice(_CANTACT_ID, "canable", "CANable", d.CANABLE1.name, _K, _CANTACT),
    KnownDevice(_CANTACT_ID, "cantact", "CANtact", d.CANTACT.name, _K, _CANTACT),
    KnownDevice(_CANTACT_ID, "", "CANtact, or a clone", None, _K, _CANTACT),
    KnownDevice(_MICROCHIP_ID, "usbtin", "USBtin", d.USBTIN.name, _K, _USBTIN),
    KnownDevice(_ST_ID, "weact|usb2can(fd)?v", "WeAct USB2CANFD", d.WEACT.name, _K, _WEACT),
    KnownDevice(_ST_ID, "candevices|can_usb_conv", "CANDevices UCCB", None, _K, _UCCB),
    KnownDevice(_ANY, "usbtin", "USBtin", d.USBTIN.name, _N, _NAMES),
    KnownDevice(_ANY, "canable2", "CANable 2", d.CANABLE2.name, _N, _NAMES),
    KnownDevice(_ANY, "candapter", "CANdapter", d.CANDAPTER.name, _N, _NAMES),
    KnownDevice(_ANY, "lawicel", "LAWICEL", d.LAWICEL.name, _N, _NAMES),
    KnownDevice(_ANY, _CAN_WORDS, "CAN adapter", None, _N, _NAMES),
    KnownDevice(_ST_ID, "", "STM32 with a virtual serial port", None, _M, _STOCK),
    KnownDevice(_MICROCHIP_ID, "", "Microchip with a virtual serial port", None, _M, _STOCK),
    KnownDevice((0x0403, None), "", "FTDI converter", None, _M, _STOCK),
    KnownDevice((0x10C4, 0xEA60), "", "CP210x converter", None, _M, _STOCK),
    KnownDevice((0x10C4, 0xEA70), "", "CP2105 converter", None, _M, _STOCK),
    KnownDevice((0x1A86, 0x7523), "", "CH340 converter", None, _M, _STOCK),
    KnownDevice((0x1A86, 0x5523), "", "CH341 converter", None, _M, _STOCK),
    KnownDevice((0x1A86, None), "", "WCH converter", None, _M, _STOCK),
    KnownDevice((0x067B, 0x2303), "", "PL2303 converter", None, _M, _STOCK),
    KnownDevice((0x303A, None), "", "Espressif board", None, _M, _STOCK),
)
"""First row that fits. Adapters with candleLight firmware (1d50:606f) have no serial port."""


def look_up(vid: int | None, pid: int | None, text: str) -> KnownDevice | None:
    """The row for a device.

    Args:
        vid: USB vendor, or None for what is not on USB.
        pid: USB product.
        text: what it calls itself: manufacturer, product, interface.
    """
    if vid is None:
        return None
    return next((row for row in TABLE if row.fits(vid, pid, text)), None)
