"""A USB device: standard requests, and endpoints whose two sides need not come together."""

from __future__ import annotations

import pytest

from canbus.testing.usb.descriptors import Identity
from canbus.testing.usb.device import UsbDevice
from tests.unit.testing_usb.host import RET_UNLINK, Host, submit

IDENTITY = Identity(0x1234, 0x5678, 0x0102, "maker", "thing", "7", (0x81, 0x02))
GET_DESCRIPTOR, STANDARD_IN, STANDARD_OUT = 6, 0x80, 0x00


class Device(UsbDevice):
    def __init__(self):
        super().__init__(IDENTITY)
        self.room = 10
        self.got = []

    def bulk_out(self, endpoint, data):
        if len(self.got) >= self.room:
            return False
        self.got.append(data)
        return True

    def vendor_request(self, request):
        return None


@pytest.fixture
def host():
    return Host(Device())


def descriptor(host, kind, index=0, length=256):
    return host.control_in(GET_DESCRIPTOR, kind << 8 | index, length=length, kind=STANDARD_IN)


def test_the_device_descriptor(host):
    expected = "1201000200000040 3412 7856 0201 01020301"
    assert descriptor(host, 1).data == bytes.fromhex(expected)
    assert descriptor(host, 1, length=8).data == bytes.fromhex(expected)[:8]


def test_the_configuration_lists_the_endpoints(host):
    data = descriptor(host, 2).data
    assert int.from_bytes(data[2:4], "little") == len(data) == 9 + 9 + 2 * 7
    assert [data[20], data[27]] == [0x81, 0x02]


def test_strings(host):
    assert descriptor(host, 3).data == bytes([4, 3, 9, 4])
    assert descriptor(host, 3, 2).data == bytes([12, 3]) + "thing".encode("utf-16-le")


def test_what_it_does_not_have_stalls(host):
    assert descriptor(host, 3, 4).status == -32
    assert descriptor(host, 6).status == -32
    assert host.control_in(1).status == -32  # a vendor's request


def test_the_other_standard_requests_succeed(host):
    assert host.control_out(9, 1, kind=STANDARD_OUT).status == 0  # SET_CONFIGURATION
    assert host.control_in(8, length=1, kind=STANDARD_IN).data == b"\1"


def test_data_waits_for_the_host_and_the_host_for_data(host):
    host.device.bulk_in(1, b"first")
    assert host.read(1) == b"first"
    host.device.receive(submit(77, 1, is_in=True, length=64))
    host.device.bulk_in(1, b"second")
    assert host.device.outgoing.endswith(b"second")


def test_data_that_is_refused_is_offered_again_in_order(host):
    device = host.device
    device.room = 1
    assert [host.out(2, data) is None for data in (b"a", b"b", b"c")] == [False, True, True]
    device.room = 3
    device.retry_out(2)
    host.collect()
    assert device.got == [b"a", b"b", b"c"]
    assert [answer.length for answer in host.answers.values()] == [1, 1, 1]


def test_a_transfer_that_waits_can_be_taken_back(host):
    host.device.room = 0
    assert host.out(2, b"never") is None
    assert host.unlink(host.last_number())[:2] == (RET_UNLINK, -104)
    host.device.room = 1
    host.device.retry_out(2)
    assert host.device.got == []


def test_one_that_is_done_cannot(host):
    host.out(2, b"x")
    assert host.unlink(host.last_number())[:2] == (RET_UNLINK, 0)
