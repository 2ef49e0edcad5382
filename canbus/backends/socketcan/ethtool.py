"""Asking an interface's driver for its name and its time stamps (SIOCETHTOOL). Changes nothing.

Structures of <linux/ethtool.h>; no right is needed for these two.
"""

from __future__ import annotations

import array
import struct

from canbus.place import HERE, Place

_SIOCETHTOOL = 0x8946
_GDRVINFO, _GET_TS_INFO = 0x3, 0x41
_DRVINFO_SIZE, _NAME_AT, _NAME_SIZE = 196, 4, 32
_TS_INFO_SIZE, _CAPABILITIES_AT = 44, 4


def driver_of(channel: str, place: Place = HERE) -> str:
    """The name of the driver behind an interface; "" where the kernel does not tell."""
    try:
        answer = _ask(place, channel, _GDRVINFO, _DRVINFO_SIZE)
    except OSError:
        return ""  # virtual interfaces have none
    return answer[_NAME_AT : _NAME_AT + _NAME_SIZE].split(b"\0")[0].decode(errors="replace")


def timestamping_of(channel: str, place: Place = HERE) -> int:
    """SOF_TIMESTAMPING_* bits (<linux/net_tstamp.h>) of what an interface can stamp; 0 for none."""
    try:
        answer = _ask(place, channel, _GET_TS_INFO, _TS_INFO_SIZE)
    except OSError:
        return 0
    (capabilities,) = struct.unpack_from("=I", answer, _CAPABILITIES_AT)
    return int(capabilities)


def _ask(place: Place, channel: str, command: int, size: int) -> bytes:
    answer = array.array("B", struct.pack("=I", command).ljust(size, b"\0"))
    address, _ = answer.buffer_info()
    request = struct.pack("16sP", channel.encode(), address).ljust(40, b"\0")
    place.ask(_SIOCETHTOOL, request)
    return answer.tobytes()
