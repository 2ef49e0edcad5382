"""Frames as the lines that a serial CAN adapter sends for its host. Nothing is validated.

`canbus.frame_rules.prepare` has seen all that is encoded: an FD frame has a length that the
wire knows, and a remote frame no data. The letters are explained in lawicel_frames.py.
"""

from __future__ import annotations

from binascii import hexlify

from canbus.errors import CanMessageError, CanUnsupportedError
from canbus.frame_flags import BRS, EFF, ERR, FDF, MAX_DLC, RTR, XLF
from canbus.frame_rules import FD_LENGTHS
from canbus.message import Message

_KIND = EFF | RTR | FDF | BRS | ERR | XLF
_FD_CODES = {length: code for code, length in enumerate(FD_LENGTHS)}
_FD_LINES = {
    FDF: b"d%03X%X%b\r",
    EFF | FDF: b"D%08X%X%b\r",
    FDF | BRS: b"b%03X%X%b\r",
    EFF | FDF | BRS: b"B%08X%X%b\r",
}
_DIGITS = [b"%d" % length for length in range(MAX_DLC + 1)]
_BEGINNINGS: dict[int, bytes] = {}  # of standard data frames: 2048 at most


def encode_frame(msg: Message, *, extended_x: bool = False) -> bytes:
    """Encode a frame that `prepare` returned, with its CR.

    The ESI flag is not encoded: no adapter takes it, as its controller knows it best.

    Args:
        msg: the frame.
        extended_x: extended data frames begin with `x`, as CANDapters want it.

    Raises:
        CanUnsupportedError: error frames and CAN XL frames have no such line.
        CanMessageError: a CAN FD frame of a length that the wire does not know.
    """
    kind = msg._flags & _KIND
    if not kind:  # a standard data frame
        arbitration_id = msg.arbitration_id
        try:
            beginning = _BEGINNINGS[arbitration_id]
        except KeyError:
            beginning = _BEGINNINGS[arbitration_id] = b"t%03X" % arbitration_id
        return beginning + _DIGITS[msg.dlc] + hexlify(msg._data).upper() + b"\r"
    if kind == EFF:
        line = b"x%08X%d%b\r" if extended_x else b"T%08X%d%b\r"
        return line % (msg.arbitration_id, msg.dlc, hexlify(msg._data).upper())
    if kind == RTR:
        return b"r%03X%d\r" % (msg.arbitration_id, msg.dlc)
    if kind == RTR | EFF:
        return b"R%08X%d\r" % (msg.arbitration_id, msg.dlc)
    fd_line = _FD_LINES.get(kind)
    if fd_line is None:
        what = "a CAN XL frame" if kind & XLF else "an error frame"
        raise CanUnsupportedError(f"{what} cannot be sent through a serial CAN adapter: {msg}")
    code = _FD_CODES.get(msg.dlc)
    if code is None:
        raise CanMessageError(f"CAN FD has no frame of {msg.dlc} bytes")
    return fd_line % (msg.arbitration_id, code, hexlify(msg._data).upper())
