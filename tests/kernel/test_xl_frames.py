"""CAN XL frames as the kernel takes and gives them, through plain sockets and our codec."""

from __future__ import annotations

import errno
import socket
import subprocess
from collections.abc import Iterator

import pytest

from canbus.codecs.can_frame import decode_can_frame, encode_can_frame
from canbus.codecs.canxl_frame import CANXL_MTU, decode_canxl_frame, encode_vcid_options
from canbus.xl_message import XlMessage

SOL_CAN_RAW, FD_FRAMES, XL_FRAMES, XL_VCID_OPTS = 101, 5, 7, 8  # <linux/can/raw.h>

FRAMES = [
    XlMessage(arbitration_id=0x123, sdt=3, af=0x12345678, sec=True, data=b"\1"),
    XlMessage(arbitration_id=0, data=bytes(4)),  # as long as a classic frame
    XlMessage(arbitration_id=0x7FF, af=0xFFFFFFFF, data=bytes(60)),  # as long as an FD frame
    XlMessage(arbitration_id=0x100, sdt=0xFF, data=bytes(range(256)) * 8),
]


@pytest.fixture
def pair(vcan: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets that carry CAN XL, on one link."""
    for words in ("down", f"mtu {CANXL_MTU}", "up"):
        subprocess.run(["ip", "link", "set", vcan, *words.split()], check=True)
    with _open(vcan) as one, _open(vcan) as other:
        yield one, other


def _open(name: str) -> socket.socket:
    sock = socket.socket(socket.AF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
    sock.setsockopt(SOL_CAN_RAW, XL_FRAMES, 1)
    sock.bind((name,))
    sock.settimeout(10)
    return sock


@pytest.mark.parametrize("msg", FRAMES, ids=lambda msg: f"{len(msg)} bytes")
def test_a_frame_goes_through_the_kernel_as_it_is(pair, msg):
    one, other = pair
    one.send(encode_can_frame(msg))
    encoded = other.recv(CANXL_MTU)
    assert len(encoded) == 12 + len(msg)
    assert decode_can_frame(encoded).equals(msg)


@pytest.mark.parametrize("size", [0, 2049])
def test_the_kernel_refuses_what_our_rules_refuse(pair, size):
    with pytest.raises(OSError, match="Invalid argument"):
        pair[0].send(encode_can_frame(XlMessage(data=bytes(size))))


def test_virtual_networks_are_sent_and_received_where_the_kernel_knows_them(pair):
    one, other = pair
    options = encode_vcid_options(tx_pass=True, rx_vcid=0x40, rx_vcid_mask=0xF0)
    try:
        for sock in pair:
            sock.setsockopt(SOL_CAN_RAW, XL_VCID_OPTS, options)
    except OSError as exc:
        assert exc.errno == errno.ENOPROTOOPT  # noqa: PT017 - an old kernel: nothing to see
        return
    for vcid in (0x45, 0x55, 0, 0x4F):
        one.send(encode_can_frame(XlMessage(vcid=vcid, data=b"\1")))
    received = [decode_canxl_frame(other.recv(CANXL_MTU)) for _ in range(2)]
    assert [msg.vcid for msg in received] == [0x45, 0x4F]
