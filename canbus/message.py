"""Message: one CAN frame as a value. No bytes on any wire, no text notation, no I/O.

`arbitration_id`, `dlc`, `timestamp_ns` and `channel` are stored as they are read. The
yes-or-no facts live in one integer of flag bits, because building that is what a receiver
does for every frame; the properties below are views of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from canbus.errors import CanMessageError
from canbus.frame_flags import (
    BRS,
    EFF,
    ERR,
    ESI,
    FD_FLAGS,
    FDF,
    ID_FLAGS,
    NOT_RX,
    OWN,
    RTR,
    STAMP_MASK,
    STAMP_SHIFT,
    XLF,
)
from canbus.state import TIMESTAMP_SOURCES, FrameOrigin, TimestampSource
from canbus.timestamps import NS, seconds_to_ns, time_stamp
from canbus.warn import warn

DataInput = bytes | bytearray | memoryview | Iterable[int]


def _own_data(data: DataInput | None) -> bytearray:
    if data is None:
        return bytearray()
    kind: Any = type(data)
    if kind is str or (hasattr(kind, "__index__") and not hasattr(kind, "__len__")):
        # bytearray(5) would be five zero bytes, which nobody means.
        raise TypeError(
            f"data must be bytes or numbers 0..255, not {data!r}; "
            "for one byte write data=[5], for hex text data=bytes.fromhex('DE AD')"
        )
    try:
        return bytearray(data)
    except (TypeError, ValueError) as exc:
        raise type(exc)(f"data {data!r} is not a row of bytes: {exc}") from exc


class Message:
    """One CAN, CAN FD or error frame.

    Constructor order and defaults are python-can's. Nothing is validated here unless
    `check` is true; a bus validates every frame that it sends.

    Args:
        timestamp: seconds since the epoch; see also `timestamp_ns`.
        arbitration_id: identifier without flag bits, 0..0x7FF or 0..0x1FFFFFFF.
        is_extended_id: 29 bits rather than 11. True by default, as in python-can.
        is_remote_frame: a request for `dlc` bytes; carries no data.
        is_error_frame: a report of the controller.
        channel: the channel it came through, or shall go out through on a bus that
            serves several.
        dlc: number of data bytes (0..8, FD 0..64), by default `len(data)`; the number
            asked for when this is a remote frame.
        data: the payload; a copy is taken.
        is_fd: CAN FD frame.
        is_rx: received from another machine, rather than sent from this one.
        bitrate_switch: FD: the data phase runs at the data bitrate.
        error_state_indicator: FD: the sender was error-passive.
        check: validate at once.
        timestamp_ns: integer nanoseconds since the epoch, instead of `timestamp`.

    Raises:
        CanMessageError: a ValueError; with `check`, if no such frame can exist.
        TypeError: `data` is not a row of bytes.
    """

    __slots__ = (
        "__weakref__",
        "_data",
        "_flags",
        "arbitration_id",
        "channel",
        "dlc",
        "timestamp_ns",
    )

    arbitration_id: int
    dlc: int
    timestamp_ns: int
    channel: Any
    _flags: int
    _data: bytes | bytearray

    # What most frames lack; detailed_message.py has it where it is there.
    lost_before: int = 0
    """Frames that were lost directly before this one, as the kernel counts them."""
    hardware_timestamp_ns: int | None = None
    """The device's own time stamp, on the device's clock; None where there is none."""

    def __init__(
        self,
        timestamp: float = 0.0,
        arbitration_id: int = 0,
        is_extended_id: bool = True,
        is_remote_frame: bool = False,
        is_error_frame: bool = False,
        channel: Any = None,
        dlc: int | None = None,
        data: DataInput | None = None,
        is_fd: bool = False,
        is_rx: bool = True,
        bitrate_switch: bool = False,
        error_state_indicator: bool = False,
        check: bool = False,
        *,
        timestamp_ns: int | None = None,
    ) -> None:
        self.arbitration_id = arbitration_id
        self.channel = channel
        self.timestamp_ns = time_stamp(timestamp, timestamp_ns)
        flags = EFF if is_extended_id else 0
        if is_remote_frame:
            flags |= RTR
        if is_error_frame:
            flags |= ERR
        if is_fd:
            flags |= FDF
        if bitrate_switch:
            flags |= BRS
        if error_state_indicator:
            flags |= ESI
        if not is_rx:
            flags |= NOT_RX
        self._flags = flags
        self._data = _own_data(data)
        if is_remote_frame and self._data:
            self._drop_remote_data(check)
        self.dlc = len(self._data) if dlc is None else dlc
        if check:
            self.validate()

    def _drop_remote_data(self, check: bool) -> None:
        why = f"a remote frame carries no data, but {len(self._data)} bytes were given"
        if check:
            raise CanMessageError(why, hint="give dlc= to say how many bytes it asks for")
        warn(f"{why}; they are dropped (use dlc= instead)")
        self._data = bytearray()

    # -- views of the flag bits -------------------------------------------------------

    def _set(self, bit: int, value: object) -> None:
        self._flags = self._flags | bit if value else self._flags & ~bit

    @property
    def is_extended_id(self) -> bool:
        """The identifier has 29 bits."""
        return self._flags & EFF != 0

    @is_extended_id.setter
    def is_extended_id(self, value: bool) -> None:
        self._set(EFF, value)

    @property
    def is_remote_frame(self) -> bool:
        """A request for data (RTR)."""
        return self._flags & RTR != 0

    @is_remote_frame.setter
    def is_remote_frame(self, value: bool) -> None:
        self._set(RTR, value)

    @property
    def is_error_frame(self) -> bool:
        """A report of the controller, not a frame from the bus."""
        return self._flags & ERR != 0

    @is_error_frame.setter
    def is_error_frame(self, value: bool) -> None:
        self._set(ERR, value)

    @property
    def is_fd(self) -> bool:
        """A CAN FD frame."""
        return self._flags & FDF != 0

    @is_fd.setter
    def is_fd(self, value: bool) -> None:
        self._set(FDF, value)

    @property
    def is_xl(self) -> bool:
        """A CAN XL frame: an `XlMessage`."""
        return self._flags & XLF != 0

    @property
    def bitrate_switch(self) -> bool:
        """FD: the data phase runs at the data bitrate (BRS)."""
        return self._flags & BRS != 0

    @bitrate_switch.setter
    def bitrate_switch(self, value: bool) -> None:
        self._set(BRS, value)

    @property
    def error_state_indicator(self) -> bool:
        """FD: the sender was error-passive (ESI)."""
        return self._flags & ESI != 0

    @error_state_indicator.setter
    def error_state_indicator(self, value: bool) -> None:
        self._set(ESI, value)

    @property
    def is_rx(self) -> bool:
        """Received from another machine; False if it was sent from this one."""
        return self._flags & NOT_RX == 0

    @is_rx.setter
    def is_rx(self, value: bool) -> None:
        self._flags = self._flags & ~(NOT_RX | OWN) if value else self._flags | NOT_RX

    @property
    def origin(self) -> FrameOrigin:
        """Who sent it: another node, another program on this machine, or this very bus."""
        if self._flags & OWN:
            return FrameOrigin.OWN
        return FrameOrigin.LOCAL if self._flags & NOT_RX else FrameOrigin.WIRE

    @origin.setter
    def origin(self, value: FrameOrigin) -> None:
        own = OWN if value is FrameOrigin.OWN else 0
        self._flags = self._flags & ~(NOT_RX | OWN) | own
        self._set(NOT_RX, value is not FrameOrigin.WIRE)

    # -- data and time ----------------------------------------------------------------

    @property
    def data(self) -> bytearray:
        """The payload. Assigning copies, and sets `dlc` to the new length."""
        data = self._data
        if not isinstance(data, bytearray):  # a receiver stores bytes; most are never changed
            data = self._data = bytearray(data)
        return data

    @data.setter
    def data(self, value: DataInput) -> None:
        self._data = _own_data(value)
        self.dlc = len(self._data)

    @property
    def timestamp(self) -> float:
        """Seconds since the epoch. A float of today's date steps by 238 ns: see `timestamp_ns`."""
        return self.timestamp_ns / NS

    @timestamp.setter
    def timestamp(self, value: float) -> None:
        self.timestamp_ns = seconds_to_ns(value)

    @property
    def timestamp_source(self) -> TimestampSource:
        """What took the time stamp; NONE for a frame that was not received."""
        return TIMESTAMP_SOURCES[(self._flags & STAMP_MASK) >> STAMP_SHIFT]

    # -- behaviour --------------------------------------------------------------------

    def validate(self) -> None:
        """Raise CanMessageError if no such frame can exist on a CAN bus."""
        from canbus.frame_rules import validate

        validate(self)

    @classmethod
    def parse(cls, text: str) -> Message:
        """Read the compact notation of can-utils: ``123#DEADBEEF``, ``123##1DEADBEEF``, ``123#R``.

        Raises:
            CanMessageError: a ValueError that shows the place.
        """
        from canbus.notation import parse

        return parse(text)

    def equals(
        self,
        other: Message,
        timestamp_delta: float | None = 1.0e-6,
        check_channel: bool = True,
        check_direction: bool = True,
    ) -> bool:
        """Compare two frames field by field (`==` compares identity, as in python-can).

        Args:
            other: the frame to compare with.
            timestamp_delta: seconds by which the time stamps may differ; None ignores them.
            check_channel: the channels must be the same.
            check_direction: `is_rx` must be the same.
        """
        wire = ID_FLAGS | FD_FLAGS | XLF
        return self is other or (
            self.arbitration_id == other.arbitration_id
            and self._flags & wire == other._flags & wire
            and self.dlc == other.dlc
            and self._data == other._data
            and (not check_direction or self.is_rx == other.is_rx)
            and (not check_channel or self.channel == other.channel)
            and (
                timestamp_delta is None
                or abs(self.timestamp_ns - other.timestamp_ns) <= round(timestamp_delta * NS)
            )
        )

    def __len__(self) -> int:
        return self.dlc

    def __bool__(self) -> bool:
        return True  # an empty frame is a frame

    def __bytes__(self) -> bytes:
        return bytes(self._data)

    def __copy__(self) -> Message:
        return self._copy(lambda value: value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Message:
        from copy import deepcopy

        return self._copy(lambda value: deepcopy(value, memo))

    def _copy(self, copy_value: Callable[[Any], Any]) -> Message:
        """A copy that owns its data; `copy_value` copies what a subclass has added."""
        data = bytearray(self._data)
        if self.__class__ is Message:
            return received(
                self.arbitration_id, self._flags, data, self.dlc, self.timestamp_ns, self.channel
            )
        new: Message = object.__new__(type(self))
        state: Any = object.__getstate__(self)
        attributes, slots = state
        for name, value in {**slots, **(attributes or {})}.items():
            setattr(new, name, copy_value(value))
        new._data = data
        return new

    def __str__(self) -> str:
        from canbus.notation import describe

        return describe(self)

    def __repr__(self) -> str:
        from canbus.notation import represent

        return represent(self)

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if spec == "candump":
            from canbus.notation import compact

            return compact(self)
        raise ValueError(f"unknown format {spec!r} for a Message: use '' or 'candump'")


def received(
    arbitration_id: int,
    flags: int,
    data: bytes | bytearray,
    dlc: int,
    timestamp_ns: int,
    channel: Any,
) -> Message:
    """Build a Message from facts that the library itself decoded; nothing is checked or copied.

    Args:
        arbitration_id: identifier without flag bits.
        flags: the flag bits of this module.
        data: payload; turned into the user's bytearray when first asked for.
        dlc: length of the data, or the number asked for by a remote frame.
        timestamp_ns: nanoseconds since the epoch.
        channel: where it came through.
    """
    msg = _new(Message)
    msg.arbitration_id = arbitration_id
    msg._flags = flags
    msg._data = data
    msg.dlc = dlc
    msg.timestamp_ns = timestamp_ns
    msg.channel = channel
    return msg


_new = object.__new__
