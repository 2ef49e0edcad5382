"""A kernel of LinkInfo values: encodes them as RTM_NEWLINK messages, and answers questions.

The encoder is the inverse of canbus/codecs/link_info.py (test_link_info.py holds them to each
other and to golden bytes). `FakeRouteKernel` stands behind canbus.links.route_socket.RouteSocket;
its twin is the real kernel in tests/kernel/test_links_read.py.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Iterable
from typing import Self

from canbus.codecs.link_attributes import (
    ARPHRD_CAN,
    BERR_COUNTER,
    BITTIMING,
    BITTIMING_CONST,
    CTRLMODE,
    DEVICE_STATS,
    IFF_LOWER_UP,
    IFF_UP,
    IFLA,
    IFLA_CAN,
    IFLA_CAN_CTRLMODE,
    IFLA_INFO,
    LINK_STATS64,
    S32,
    U16,
    U32,
)
from canbus.codecs.netlink import (
    NLM_F_DUMP,
    NLM_F_DUMP_INTR,
    NLM_F_MULTI,
    NLMSG_DONE,
    NLMSG_ERROR,
    RTM_GETLINK,
    RTM_NEWLINK,
    attribute,
    encode_attribute,
)
from canbus.link_info import MODES, LinkInfo, LinkTiming, TimingLimits

ETHERNET = 1


# -- encoding


def encode_message(kind: int, payload: bytes, *, sequence: int = 1, flags: int = 0) -> bytes:
    size = 16 + len(payload)
    return (struct.pack("=IHHII", size, kind, flags, sequence, 0) + payload).ljust(
        size + 3 & ~3, b"\0"
    )


def encode_refusal(code: int, sequence: int = 1) -> bytes:
    return encode_message(NLMSG_ERROR, struct.pack("=i", -code) + bytes(16), sequence=sequence)


def encode_done(sequence: int = 1, code: int = 0) -> bytes:
    return encode_message(
        NLMSG_DONE, struct.pack("=i", -code), sequence=sequence, flags=NLM_F_MULTI
    )


def encode_link(
    link: LinkInfo,
    *,
    hardware: int = ARPHRD_CAN,
    kind: int = RTM_NEWLINK,
    sequence: int = 1,
    flags: int = 0,
) -> bytes:
    """One message about one link; `device` cannot be told in it."""
    bits = IFF_UP if link.is_up else 0
    bits |= IFF_LOWER_UP if link.has_carrier else 0
    head = struct.pack("=BxHiII", 0, hardware, link.index, bits, 0)
    payload = head + encode_link_attributes(link)
    return encode_message(kind, payload, sequence=sequence, flags=flags)


def encode_link_attributes(link: LinkInfo) -> bytes:
    info = b""
    if link.kind is not None:
        info += encode_attribute(IFLA_INFO.KIND, _text(link.kind))
    if link.statistics.bus_errors is not None:
        info += encode_attribute(IFLA_INFO.XSTATS, DEVICE_STATS.pack(*link.statistics[10:]))
    if link.kind == "can":
        info += encode_attribute(IFLA_INFO.DATA, encode_controller(link), nested=True)
    stats = bytearray(LINK_STATS64.pack(*link.statistics[:10]))
    parts = [
        encode_attribute(IFLA.IFNAME, _text(link.name)),
        encode_attribute(IFLA.TXQLEN, U32.pack(link.txqueuelen)),
        encode_attribute(IFLA.MTU, U32.pack(link.mtu)),
        encode_attribute(IFLA.STATS64, bytes(stats) + bytes(56)),
        encode_attribute(IFLA.LINKINFO, info, nested=True),
    ]
    if link.alias is not None:
        parts.append(encode_attribute(IFLA.IFALIAS, _text(link.alias)))
    if link.qdisc is not None:
        parts.append(encode_attribute(IFLA.QDISC, _text(link.qdisc)))
    if link.peer is not None:
        parts.append(encode_attribute(IFLA.LINK, U32.pack(link.peer)))
    return b"".join(parts)


def encode_controller(link: LinkInfo) -> bytes:
    """What is in IFLA_INFO_DATA."""
    can = IFLA_CAN
    found: list[tuple[int, bytes | None]] = [
        (can.BITTIMING, _timing(link.bit_timing)),
        (can.BITTIMING_CONST, _limits(link.bit_timing_limits)),
        (can.CLOCK, U32.pack(link.clock or 0)),
        (can.STATE, None if link.state is None else S32.pack(link.state)),
        (can.CTRLMODE, CTRLMODE.pack(0, _modes(link.modes))),
        (can.RESTART_MS, None if link.restart_ms is None else U32.pack(link.restart_ms)),
        (can.BERR_COUNTER, _counters(link)),
        (can.DATA_BITTIMING, _timing(link.data_bit_timing)),
        (can.DATA_BITTIMING_CONST, _limits(link.data_bit_timing_limits)),
        (can.TERMINATION, None if link.termination is None else U16.pack(link.termination)),
        (can.TERMINATION_CONST, _list("H", link.termination_choices)),
        (can.BITRATE_CONST, _list("I", link.bitrate_choices)),
        (can.DATA_BITRATE_CONST, _list("I", link.data_bitrate_choices)),
        (can.BITRATE_MAX, U32.pack(link.bitrate_max)),
    ]
    if link.supported_modes is not None:
        supported = U32.pack(_modes(link.supported_modes))
        found.append((can.CTRLMODE_EXT, encode_attribute(IFLA_CAN_CTRLMODE.SUPPORTED, supported)))
    return b"".join(encode_attribute(kind, data) for kind, data in found if data is not None)


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape") + b"\0"


def _timing(timing: LinkTiming | None) -> bytes | None:
    if timing is None:
        return None
    return BITTIMING.pack(timing.bitrate, round(timing.sample_point * 10), *timing[2:])


def _limits(limits: TimingLimits | None) -> bytes | None:
    return None if limits is None else BITTIMING_CONST.pack(limits.name.encode(), *limits[1:])


def _counters(link: LinkInfo) -> bytes | None:
    if link.tx_errors is None or link.rx_errors is None:
        return None
    return BERR_COUNTER.pack(link.tx_errors, link.rx_errors)


def _modes(modes: Iterable[str]) -> int:
    return sum(MODES[name] for name in modes)


def _list(code: str, numbers: tuple[int, ...]) -> bytes | None:
    return struct.pack(f"={len(numbers)}{code}", *numbers) if numbers else None


# -- answering


class FakeRouteKernel:
    """Links by name; what `RouteSocket` talks to.

    Attributes:
        links: those that there are; change them at will.
        others: names of interfaces that are not CAN.
        refusals: errno for the next questions, one each; 0 answers.
        interruptions: so many of the next dumps are interrupted by changes.
        lost: so many of the next dumps end with ENOBUFS.
        is_mute: does not answer.
        while_waiting: called by a socket that waits without anything there, with the seconds;
            may change links and `announce` them.
        open_sockets: how many are.
    """

    def __init__(self, *links: LinkInfo) -> None:
        self.links = {link.name: link for link in links}
        self.others: dict[str, LinkInfo] = {}
        self.refusals: list[int] = []
        self.interruptions = 0
        self.lost = 0
        self.is_mute = False
        self.while_waiting: Callable[[float | None], None] = lambda _: None
        self.sockets: list[FakeRouteSocket] = []

    def add_other(self, name: str, index: int = 1) -> None:
        self.others[name] = LinkInfo(name, index, None, is_up=True, mtu=1500)

    @property
    def open_sockets(self) -> int:
        return len(self.sockets)

    def open(self, groups: int = 0) -> FakeRouteSocket:
        return FakeRouteSocket(self, groups)

    def announce(self, message: bytes | OSError = b"") -> None:
        """Let an event arrive at all that listen."""
        for each in self.sockets:
            if each.groups:
                each.arrived.append(message)

    def answer(self, request: bytes) -> list[bytes | OSError]:
        _, kind, flags, sequence, _ = struct.unpack_from("=IHHII", request)
        assert kind == RTM_GETLINK
        code = self.refusals.pop(0) if self.refusals else 0
        if self.is_mute:
            return []
        if code:
            return [encode_refusal(code, sequence)]
        if flags & NLM_F_DUMP == NLM_F_DUMP:
            return self._dump(sequence)
        (index,) = struct.unpack_from("=i", request, 20)
        name = attribute(request[32:], IFLA.IFNAME)
        for hardware, links in ((ARPHRD_CAN, self.links), (ETHERNET, self.others)):
            for link in links.values():
                if _text(link.name) == name or (name is None and link.index == index):
                    return [encode_link(link, hardware=hardware, sequence=sequence)]
        return [encode_refusal(errno.ENODEV, sequence)]

    def _dump(self, sequence: int) -> list[bytes | OSError]:
        """Two messages in a datagram, so that there are several datagrams of several."""
        flags = NLM_F_MULTI
        if self.interruptions:
            self.interruptions -= 1
            flags |= NLM_F_DUMP_INTR
        messages = [
            encode_link(link, hardware=hardware, sequence=sequence, flags=flags)
            for hardware, links in ((ETHERNET, self.others), (ARPHRD_CAN, self.links))
            for link in links.values()
        ]
        pairs: list[bytes | OSError] = [
            b"".join(messages[at : at + 2]) for at in range(0, len(messages), 2)
        ]
        if self.lost:
            self.lost -= 1
            return [*pairs[:1], OSError(errno.ENOBUFS, "No buffer space available")]
        return [*pairs, encode_done(sequence)]


class FakeRouteSocket:
    """What `RouteSocket` is, on a `FakeRouteKernel`."""

    def __init__(self, kernel: FakeRouteKernel, groups: int) -> None:
        self._kernel = kernel
        self.groups = groups
        self.arrived: list[bytes | OSError] = []
        kernel.sockets.append(self)

    def send(self, request: bytes) -> None:
        self.arrived += self._kernel.answer(request)

    def receive(self) -> bytes:
        if not self.arrived:
            raise TimeoutError("timed out")
        first = self.arrived.pop(0)
        if isinstance(first, OSError):
            raise first
        return first

    def wait(self, timeout: float | None) -> bool:
        if not self.arrived:
            self._kernel.while_waiting(timeout)
        return bool(self.arrived)

    def close(self) -> None:
        self._kernel.sockets.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
