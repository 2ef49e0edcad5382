"""The host's side of USB/IP, as vhci-hcd speaks it: a fake whose twin is the kernel itself
(tests/hardware/test_usb_adapters.py)."""

from __future__ import annotations

from itertools import count
from struct import pack, unpack_from
from typing import NamedTuple

from canbus.testing.usb.device import UsbDevice

SUBMIT, UNLINK, RET_SUBMIT, RET_UNLINK = 1, 2, 3, 4


class Answer(NamedTuple):
    command: int
    status: int
    length: int
    data: bytes


def submit(seqnum, endpoint, *, is_in, length, setup=bytes(8), data=b""):
    head = pack(">5I", SUBMIT, seqnum, 0x10001, is_in, endpoint)
    return head + pack(">IiiiI8s", 0, length, 0, -1, 0, setup) + data


def unlink(seqnum, victim):
    return (pack(">5I", UNLINK, seqnum, 0x10001, 0, 0) + pack(">I", victim)).ljust(48, b"\0")


class Host:
    """Sends transfers to a device, and keeps its answers by number."""

    def __init__(self, device: UsbDevice) -> None:
        self.device = device
        self.answers: dict[int, Answer] = {}
        self._numbers = count(1)
        self._ins: set[int] = set()

    def control_in(self, request, value=0, where=0, length=256, kind=0xC1):
        number = next(self._numbers)
        setup = pack("<BBHHH", kind, request, value, where, length)
        return self._do(number, submit(number, 0, is_in=True, length=length, setup=setup), True)

    def control_out(self, request, value=0, data=b"", kind=0x41):
        number = next(self._numbers)
        setup = pack("<BBHHH", kind, request, value, 0, len(data))
        message = submit(number, 0, is_in=False, length=len(data), setup=setup, data=data)
        return self._do(number, message, False)

    def out(self, endpoint, data):
        """Send; the answer, or None while the device has no room."""
        number = next(self._numbers)
        message = submit(number, endpoint, is_in=False, length=len(data), data=data)
        return self._do(number, message, False)

    def read(self, endpoint):
        """Ask for data; the bytes, or None if there are none yet."""
        number = self.ask(endpoint)
        if number in self.answers:
            return self.answers[number].data
        self.unlink(number)
        return None

    def ask(self, endpoint, length=512):
        """Ask for data, and go on asking; the number by which `answers` will have it."""
        number = next(self._numbers)
        self._do(number, submit(number, endpoint, is_in=True, length=length), True)
        return number

    def read_all(self, endpoint):
        return list(iter(lambda: self.read(endpoint), None))

    def unlink(self, victim):
        number = next(self._numbers)
        return self._do(number, unlink(number, victim), False)

    def last_number(self):
        return next(self._numbers) - 1

    def _do(self, number, message, is_in):
        if is_in:
            self._ins.add(number)
        self.device.receive(message)
        self.collect()
        return self.answers.get(number)

    def collect(self):
        """Take what the device has answered."""
        raw = bytes(self.device.outgoing)
        self.device.outgoing.clear()
        while raw:
            command, number = unpack_from(">II", raw)
            status, length = unpack_from(">ii", raw, 20)
            end = 48 + (length if command == RET_SUBMIT and number in self._ins else 0)
            self.answers[number] = Answer(command, status, length, raw[48:end])
            raw = raw[end:]
