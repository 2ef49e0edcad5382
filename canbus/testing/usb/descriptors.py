"""What a USB device says of itself: the descriptors of chapter 9 of the USB 2.0 specification.

Values to bytes only. One configuration, one vendor-specific interface, bulk endpoints: that
is what both adapters have.
"""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

_DEVICE, _CONFIGURATION, _STRING = 1, 2, 3
_INTERFACE, _ENDPOINT = 4, 5
_BULK = 2
_VENDOR_SPECIFIC = 0xFF
_BUS_POWERED = 0x80
_ENGLISH = 0x0409


class Identity(NamedTuple):
    """Identity and endpoints of a full-speed device.

    Attributes:
        vendor: idVendor.
        product: idProduct.
        revision: bcdDevice.
        manufacturer: first string.
        name: second string.
        serial: third string.
        endpoints: addresses of the bulk endpoints, with the direction bit (0x80 is IN).
    """

    vendor: int
    product: int
    revision: int
    manufacturer: str
    name: str
    serial: str
    endpoints: tuple[int, ...]

    def descriptor(self, kind: int, index: int) -> bytes | None:
        """Answer GET_DESCRIPTOR.

        Args:
            kind: upper byte of wValue.
            index: lower byte of wValue.

        Returns:
            All of the descriptor; None where there is none (the device stalls).
        """
        if kind == _DEVICE:
            head = pack("<BBHBBBB", 18, _DEVICE, 0x0200, 0, 0, 0, 64)
            ids = pack("<HHH", self.vendor, self.product, self.revision)
            return head + ids + bytes([1, 2, 3, 1])  # strings, one configuration
        if kind == _CONFIGURATION:
            return self._configuration()
        if kind == _STRING:
            return self._string(index)
        return None  # a full-speed device has no qualifier and no BOS

    def _configuration(self) -> bytes:
        count = len(self.endpoints)
        vendor = _VENDOR_SPECIFIC
        body = bytes([9, _INTERFACE, 0, 0, count, vendor, vendor, vendor, 0])
        for address in self.endpoints:
            body += pack("<BBBBHB", 7, _ENDPOINT, address, _BULK, 64, 0)
        return pack("<BBHBBBBB", 9, _CONFIGURATION, 9 + len(body), 1, 1, 0, _BUS_POWERED, 50) + body

    def _string(self, index: int) -> bytes | None:
        if index == 0:
            return pack("<BBH", 4, _STRING, _ENGLISH)
        strings = (self.manufacturer, self.name, self.serial)
        if index > len(strings):
            return None
        text = strings[index - 1].encode("utf-16-le")
        return bytes([len(text) + 2, _STRING]) + text
