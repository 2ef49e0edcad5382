"""struct canxl_frame of <linux/can.h>, and struct can_raw_vcid_options. Bytes only.

    canid_t prio     11-bit priority; the virtual network (VCID) in bits 16 to 23
    __u8    flags    XLF 0x80 always, SEC 1, RRS 2; where other frames have their length
    __u8    sdt      service data unit type
    __u16   len      data length in bytes, 1 to 2048
    __u32   af       acceptance field
    __u8    data[]   len bytes: a frame is as long as it must be (`can_is_canxl_skb`)

Frames are not validated here: `canbus.frame_rules.prepare` has seen all that is encoded.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

from canbus.errors import CanMessageError, CanProtocolError
from canbus.frame_flags import MAX_DLC_XL, SFF_MASK, XLF
from canbus.xl_message import XlMessage, received_xl

_HEADER = Struct("=IBBHI")
CANXL_HDR_SIZE = _HEADER.size
CANXL_MTU = CANXL_HDR_SIZE + MAX_DLC_XL
FLAGS_AT = 4
_VCID_SHIFT = 16
_VCID_MASK = 0xFF

# CAN_RAW_XL_VCID_* of <linux/can/raw.h>
_TX_SET, _TX_PASS, _RX_FILTER = 1, 2, 4


def encode_canxl_frame(msg: XlMessage) -> bytes:
    """Encode a frame that `prepare` returned: 12 bytes and its data."""
    prio = msg.arbitration_id | msg.vcid << _VCID_SHIFT
    return _HEADER.pack(prio, msg.xl_flags | XLF, msg.sdt, msg.dlc, msg.af) + msg._data


def is_canxl_frame(frame: bytes | bytearray | memoryview) -> bool:
    """Whether the bytes of some CAN frame say that it is CAN XL."""
    return len(frame) > FLAGS_AT and frame[FLAGS_AT] & XLF != 0


def decode_canxl_frame(
    frame: bytes | bytearray | memoryview,
    timestamp_ns: int = 0,
    channel: Any = None,
    origin: int = 0,
) -> XlMessage:
    """Decode one frame of exactly the length that it says.

    Flags that this library does not know stay in `xl_flags`. In the priority word only
    priority and VCID have a meaning.

    Args:
        frame: 13 to 2060 bytes.
        timestamp_ns: when it came, nanoseconds since the epoch.
        channel: where it came through.
        origin: flag bits of canbus.frame_flags: 0, NOT_RX or NOT_RX | OWN, and a stamp's source.

    Raises:
        CanProtocolError: a ValueError; it is no CAN XL frame, or longer or shorter than it says.
    """
    size = len(frame)
    if not CANXL_HDR_SIZE < size <= CANXL_MTU or not is_canxl_frame(frame):
        raise CanProtocolError(f"{size} bytes are no CAN XL frame")
    prio, flags, sdt, length, af = _HEADER.unpack_from(frame)
    if size != CANXL_HDR_SIZE + length:
        raise CanProtocolError(
            f"a CAN XL frame of {length} bytes of data has {CANXL_HDR_SIZE + length}, not {size}"
        )
    return received_xl(
        prio & SFF_MASK,
        flags & ~XLF,
        sdt,
        af,
        prio >> _VCID_SHIFT & _VCID_MASK,
        bytes(frame[CANXL_HDR_SIZE:]),
        timestamp_ns,
        channel,
        origin,
    )


def encode_vcid_options(
    *,
    tx_vcid: int | None = None,
    tx_pass: bool = False,
    rx_vcid: int | None = None,
    rx_vcid_mask: int = 0xFF,
) -> bytes:
    """Encode what a socket does with virtual networks (CAN_RAW_XL_VCID_OPTS, net/can/raw.c).

    Without options a kernel that knows them sends every frame into network 0, and receives
    from network 0 only.

    Args:
        tx_vcid: put this into every frame that is sent, whatever it has.
        tx_pass: send frames with the VCID that they have.
        rx_vcid: receive only frames whose VCID is this in the bits of the mask.
        rx_vcid_mask: 0 receives every network.

    Raises:
        CanMessageError: a ValueError; a number is not 0..255.
    """
    numbers = (tx_vcid or 0, rx_vcid or 0, rx_vcid_mask)
    for number in numbers:
        if not 0 <= number <= _VCID_MASK:
            raise CanMessageError(f"VCID or mask {number} is not 0..255")
    flags = _TX_PASS if tx_pass else 0
    flags |= _TX_SET if tx_vcid is not None else 0
    flags |= _RX_FILTER if rx_vcid is not None else 0
    return bytes((flags, *numbers))
