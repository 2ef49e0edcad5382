"""The numbers of an error frame, named as the kernel names them. Values only, no decoding.

Source: <linux/can/error.h>; tests/unit/codecs/test_error_header.py compares every one of its
macros with these. Where a bit is not in that header, the flags keep it as a number.
"""

from enum import IntEnum, IntFlag


class ErrorClass(IntFlag):
    """What an error frame is about: the bits of its identifier, and of the mask of a bus."""

    TX_TIMEOUT = 0x001
    """The driver gave up on a transmission."""
    LOST_ARBITRATION = 0x002
    CONTROLLER = 0x004
    """Error limits, overflows: `ControllerProblem`."""
    PROTOCOL = 0x008
    """A violation on the wire: `ProtocolViolation`."""
    TRANSCEIVER = 0x010
    NO_ACK = 0x020
    """Nobody acknowledged a transmission."""
    BUS_OFF = 0x040
    BUS_ERROR = 0x080
    """Every single error on the wire, where the controller reports them (may flood)."""
    RESTARTED = 0x100
    """The controller is started again after bus-off."""
    COUNTERS = 0x200
    """The frame has the error counters (CAN_ERR_CNT, kernel 6.0)."""


class ControllerProblem(IntFlag):
    """Status of the controller: data[1]."""

    RX_OVERFLOW = 0x01
    TX_OVERFLOW = 0x02
    RX_WARNING = 0x04
    TX_WARNING = 0x08
    RX_PASSIVE = 0x10
    TX_PASSIVE = 0x20
    ACTIVE = 0x40
    """Not a problem: back to error-active."""


class ProtocolViolation(IntFlag):
    """What was wrong on the wire: data[2]."""

    BIT = 0x01
    FORM = 0x02
    STUFF = 0x04
    BIT0 = 0x08
    BIT1 = 0x10
    OVERLOAD = 0x20
    ACTIVE = 0x40
    TX = 0x80
    """The error happened while sending."""


class ProtocolLocation(IntEnum):
    """Where in a frame it was: data[3]. The codes are those of the SJA1000's error capture."""

    UNSPEC = 0x00
    SOF = 0x03
    ID28_21 = 0x02
    ID20_18 = 0x06
    SRTR = 0x04
    IDE = 0x05
    ID17_13 = 0x07
    ID12_05 = 0x0F
    ID04_00 = 0x0E
    RTR = 0x0C
    RES1 = 0x0D
    RES0 = 0x09
    DLC = 0x0B
    DATA = 0x0A
    CRC_SEQ = 0x08
    CRC_DEL = 0x18
    ACK = 0x19
    ACK_DEL = 0x1B
    EOF = 0x1A
    INTERM = 0x12


class TransceiverStatus(IntEnum):
    """State of the wires: data[4], whose low half is CAN high and whose high half CAN low."""

    UNSPEC = 0x00
    CANH_NO_WIRE = 0x04
    CANH_SHORT_TO_BAT = 0x05
    CANH_SHORT_TO_VCC = 0x06
    CANH_SHORT_TO_GND = 0x07
    CANL_NO_WIRE = 0x40
    CANL_SHORT_TO_BAT = 0x50
    CANL_SHORT_TO_VCC = 0x60
    CANL_SHORT_TO_GND = 0x70
    CANL_SHORT_TO_CANH = 0x80
