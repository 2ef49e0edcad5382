"""XlMessage: one CAN XL frame as a value.

Its bytes are codecs/canxl_frame.py, its text is xl_notation.py, its rules are xl_rules.py.
"""

from __future__ import annotations

from typing import Any

from canbus.detailed_message import DetailedMessage
from canbus.frame_flags import NOT_RX, XLF
from canbus.message import DataInput, Message

SEC = 0x01  # CANXL_SEC of <linux/can.h>
RRS = 0x02  # CANXL_RRS, of Linux newer than 6.12


class XlMessage(DetailedMessage):
    """One CAN XL frame (CiA 610-1): up to 2048 bytes, an 11-bit priority, and a type.

    Everything is given by name; what also a `Message` has means the same. A bus takes it only
    if it was opened with ``xl=True``. Nothing is validated here unless `check` is true.

    Args:
        timestamp: seconds since the epoch; see also `timestamp_ns`.
        arbitration_id: priority 0..0x7FF. Unlike an identifier it does not say what is inside.
        data: the payload of 1..2048 bytes; a copy is taken.
        sdt: service data unit type 0..255: what kind of payload it is (CiA 611-1).
        af: acceptance field 0..0xFFFFFFFF: address or identifier, as `sdt` has it.
        vcid: virtual network 0..255. Kernels that do not know it carry it in the priority
            word as it is; those that do clear it unless the socket asks for it.
        sec: simple extended content: the payload is segmented or secured.
        rrs: remote request substitution bit, where the controller gives access to it.
        channel: the channel it came through, or shall go out through.
        dlc: number of data bytes, by default `len(data)`.
        is_rx: received from another machine, rather than sent from this one.
        check: validate at once.
        timestamp_ns: integer nanoseconds since the epoch, instead of `timestamp`.

    Raises:
        CanMessageError: a ValueError; with `check`, if no such frame can exist.
        TypeError: `data` is not a row of bytes.
    """

    __slots__ = ("af", "sdt", "vcid", "xl_flags")

    af: int
    sdt: int
    vcid: int
    xl_flags: int
    """The flags of struct canxl_frame without the mark of CAN XL itself; see `sec`, `rrs`."""

    def __init__(
        self,
        *,
        timestamp: float = 0.0,
        arbitration_id: int = 0,
        data: DataInput | None = None,
        sdt: int = 0,
        af: int = 0,
        vcid: int = 0,
        sec: bool = False,
        rrs: bool = False,
        channel: Any = None,
        dlc: int | None = None,
        is_rx: bool = True,
        check: bool = False,
        timestamp_ns: int | None = None,
    ) -> None:
        super().__init__(
            timestamp,
            arbitration_id,
            is_extended_id=False,
            channel=channel,
            dlc=dlc,
            data=data,
            timestamp_ns=timestamp_ns,
        )
        self._flags = XLF if is_rx else XLF | NOT_RX
        self.sdt = sdt
        self.af = af
        self.vcid = vcid
        self.xl_flags = (SEC if sec else 0) | (RRS if rrs else 0)
        self.lost_before = 0
        self.hardware_timestamp_ns = None
        if check:
            self.validate()

    @property
    def sec(self) -> bool:
        """Simple extended content: the payload is segmented or secured."""
        return self.xl_flags & SEC != 0

    @sec.setter
    def sec(self, value: bool) -> None:
        self.xl_flags = self.xl_flags | SEC if value else self.xl_flags & ~SEC

    @property
    def rrs(self) -> bool:
        """The remote request substitution bit."""
        return self.xl_flags & RRS != 0

    @rrs.setter
    def rrs(self, value: bool) -> None:
        self.xl_flags = self.xl_flags | RRS if value else self.xl_flags & ~RRS

    def equals(
        self,
        other: Message,
        timestamp_delta: float | None = 1.0e-6,
        check_channel: bool = True,
        check_direction: bool = True,
    ) -> bool:
        """Compare two frames field by field, as `Message.equals`; only a CAN XL frame is equal."""
        return (
            isinstance(other, XlMessage)
            and super().equals(other, timestamp_delta, check_channel, check_direction)
            and (self.sdt, self.af, self.vcid, self.xl_flags)
            == (other.sdt, other.af, other.vcid, other.xl_flags)
        )

    def __str__(self) -> str:
        from canbus.xl_notation import describe

        return describe(self)

    def __repr__(self) -> str:
        from canbus.xl_notation import represent

        return represent(self)


def received_xl(
    arbitration_id: int,
    xl_flags: int,
    sdt: int,
    af: int,
    vcid: int,
    data: bytes | bytearray,
    timestamp_ns: int,
    channel: Any,
    origin: int,
) -> XlMessage:
    """Build an XlMessage from facts that the library itself decoded; nothing is checked or copied.

    Args:
        arbitration_id: priority.
        xl_flags: as the attribute.
        sdt: service data unit type.
        af: acceptance field.
        vcid: virtual network.
        data: payload; turned into the user's bytearray when first asked for.
        timestamp_ns: nanoseconds since the epoch.
        channel: where it came through.
        origin: flag bits of canbus.frame_flags: 0, NOT_RX or NOT_RX | OWN, and a stamp's source.
    """
    msg: XlMessage = object.__new__(XlMessage)
    msg.arbitration_id = arbitration_id
    msg._flags = XLF | origin
    msg._data = data
    msg.dlc = len(data)
    msg.timestamp_ns = timestamp_ns
    msg.channel = channel
    msg.xl_flags = xl_flags
    msg.sdt = sdt
    msg.af = af
    msg.vcid = vcid
    msg.lost_before = 0
    msg.hardware_timestamp_ns = None
    return msg
