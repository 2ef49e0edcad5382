"""What a USB device says of itself: the descriptors of chapter 9 of the USB 2.0 specification.

Values to bytes only. One configuration; by default one vendor-specific interface with bulk
endpoints, which is what adapters have that are not of a standard class.
"""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

_DEVICE, _CONFIGURATION, _STRING = 1, 2, 3
_INTERFACE, _ENDPOINT = 4, 5
_BULK, _INTERRUPT = 2, 3
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
        device_class: bDeviceClass; 0: see the interfaces.
        interfaces: the descriptors of each interface, for a device that has others than one of
            the vendor's own with those endpoints.
    """

    vendor: int
    product: int
    revision: int
    manufacturer: str
    name: str
    serial: str
    endpoints: tuple[int, ...]
    device_class: int = 0
    interfaces: tuple[bytes, ...] = ()

    def descriptor(self, kind: int, index: int) -> bytes | None:
        """Answer GET_DESCRIPTOR.

        Args:
            kind: upper byte of wValue.
            index: lower byte of wValue.

        Returns:
            All of the descriptor; None where there is none (the device stalls).
        """
        if kind == _DEVICE:
            head = pack("<BBHBBBB", 18, _DEVICE, 0x0200, self.device_class, 0, 0, 64)
            ids = pack("<HHH", self.vendor, self.product, self.revision)
            return head + ids + bytes([1, 2, 3, 1])  # strings, one configuration
        if kind == _CONFIGURATION:
            return self._configuration()
        if kind == _STRING:
            return self._string(index)
        return None  # a full-speed device has no qualifier and no BOS

    def _configuration(self) -> bytes:
        vendor = (_VENDOR_SPECIFIC,) * 3
        bulk = [bulk_endpoint(address) for address in self.endpoints]
        interfaces = self.interfaces or (interface(0, vendor, bulk),)
        body, count = b"".join(interfaces), len(interfaces)
        length = 9 + len(body)
        head = pack("<BBHBBBBB", 9, _CONFIGURATION, length, count, 1, 0, _BUS_POWERED, 50)
        return head + body

    def _string(self, index: int) -> bytes | None:
        if index == 0:
            return pack("<BBH", 4, _STRING, _ENGLISH)
        strings = (self.manufacturer, self.name, self.serial)
        if index > len(strings):
            return None
        text = strings[index - 1].encode("utf-16-le")
        return bytes([len(text) + 2, _STRING]) + text


def interface(
    number: int, what: tuple[int, int, int], endpoints: list[bytes], functional: bytes = b""
) -> bytes:
    """Describe an interface.

    Args:
        number: bInterfaceNumber.
        what: its class, subclass and protocol.
        endpoints: descriptors of its endpoints.
        functional: descriptors of its class, which come before those.
    """
    head = bytes([9, _INTERFACE, number, 0, len(endpoints), *what, 0])
    return head + functional + b"".join(endpoints)


def bulk_endpoint(address: int) -> bytes:
    """Describe a bulk endpoint of a full-speed device."""
    return pack("<BBBBHB", 7, _ENDPOINT, address, _BULK, 64, 0)


def interrupt_endpoint(address: int, size: int, interval: int) -> bytes:
    """Describe an interrupt endpoint: bytes at once, and milliseconds between two looks at it."""
    return pack("<BBBBHB", 7, _ENDPOINT, address, _INTERRUPT, size, interval)
