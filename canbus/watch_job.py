"""WatchJob: what a watch was asked to look for, checked once. Nothing is received here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from canbus.arguments import check_number
from canbus.cyclic_job import period_to_ns
from canbus.errors import CanConfigError
from canbus.frame_flags import EFF_MASK, MAX_DLC, MAX_DLC_FD, SFF_MASK

MAX_PAGES = 256
"""Pages of a multiplexed frame; the kernel's limit (net/can/bcm.c, MAX_NFRAMES)."""
_MAX_SELECTOR = 8
"""Bytes within which a multiplexer lies, also that of a CAN FD frame (bcm_rx_handler)."""
_MANY = 10**9  # periods


class WatchJob(NamedTuple):
    """What to look for.

    Attributes:
        arbitration_id: of the frame.
        is_extended_id: whether that has 29 bits.
        is_fd: whether it is a CAN FD frame; the other kind of the same id is not looked at.
        timeout_ns: nanoseconds without a frame after which it is missing; 0 for never.
        throttle_ns: nanoseconds from one told change to the next; 0 for no limit.
        masks: bits whose change is told, as long as the data may be: one for all frames, or
            the multiplexer's bits first and then one for each page, its value included.
        check_length: whether a change of length is told, too.
        channel: on a bus on all interfaces, where to look; None everywhere.
    """

    arbitration_id: int
    is_extended_id: bool
    is_fd: bool
    timeout_ns: int
    throttle_ns: int
    masks: tuple[bytes, ...]
    check_length: bool
    channel: Any

    @property
    def shown(self) -> str:
        """The frame, for people."""
        return f"{self.arbitration_id:0{8 if self.is_extended_id else 3}X}"


def make_job(
    arbitration_id: int,
    is_extended_id: bool,
    is_fd: bool,
    period: float | None,
    missing_after: float,
    mask: bytes | None,
    multiplex: Mapping[bytes, bytes] | None,
    multiplex_mask: bytes,
    throttle: float | None,
    channel: Any,
) -> WatchJob:
    """Check what was asked for; the arguments are those of `BusABC.watch`.

    Raises:
        CanConfigError: a ValueError; something makes no sense.
    """
    check_number(
        "arbitration_id",
        arbitration_id,
        0,
        EFF_MASK if is_extended_id else SFF_MASK,
        "11 bits; 29 with is_extended_id=True",
    )
    timeout_ns = 0 if period is None else _timeout(period, missing_after)
    throttle_ns = 0 if throttle is None else period_to_ns(throttle, "throttle")
    if timeout_ns and throttle_ns >= timeout_ns:
        raise CanConfigError(
            f"throttle={throttle} s is not shorter than the {timeout_ns / 10**9} s after which "
            "the frame is missing: the kernel would forget a change that it holds back",
            hint="a shorter throttle, or a longer period or missing_after",
        )
    size = MAX_DLC_FD if is_fd else MAX_DLC
    is_all = mask is None and period is None
    if multiplex is not None:
        if not isinstance(multiplex, Mapping):
            raise CanConfigError(
                f"multiplex must be a dictionary, not {type(multiplex).__name__}",
                hint='value of the multiplexer: mask, e.g. {b"\\x01": b"\\x00\\xff"}',
            )
        if mask is not None:
            raise CanConfigError("mask and multiplex exclude each other", hint="give one of them")
        masks = _pages(multiplex, multiplex_mask, size)
        is_all = False
    else:
        masks = (
            _sized("mask", (b"\xff" * size if is_all else b"") if mask is None else mask, size),
        )
    return WatchJob(
        arbitration_id, is_extended_id, is_fd, timeout_ns, throttle_ns, masks, is_all, channel
    )


def _timeout(period: float, missing_after: float) -> int:
    if not 1 <= missing_after < _MANY:
        raise CanConfigError(
            f"missing_after={missing_after} is no number of periods", hint="1 or more, e.g. 3"
        )
    return round(period_to_ns(period) * missing_after)


def _pages(multiplex: Mapping[bytes, bytes], over: bytes, size: int) -> tuple[bytes, ...]:
    """The multiplexer's mask, then each page: its value there, the bits to look at elsewhere."""
    selector = _sized("multiplex_mask", over, size)
    if any(selector[_MAX_SELECTOR:]):
        raise CanConfigError(
            f"multiplex_mask has bits beyond byte {_MAX_SELECTOR - 1}",
            hint=f"a multiplexer lies within the first {_MAX_SELECTOR} bytes, in CAN FD, too",
        )
    if not any(selector):
        raise CanConfigError(
            "multiplex_mask has no bits: nothing tells the pages apart", hint='e.g. b"\\xff"'
        )
    if not 1 <= len(multiplex) <= MAX_PAGES:
        raise CanConfigError(
            f"multiplex has {len(multiplex)} pages", hint=f"1 to {MAX_PAGES} pages to a watch"
        )
    pages: dict[bytes, bytes] = {}
    for value, mask in multiplex.items():
        number = _sized("multiplex value", value, size)
        bits = _sized("multiplex mask", mask, size)
        if any(n & ~s & 0xFF for n, s in zip(number, selector, strict=True)):
            raise CanConfigError(
                f"page {value.hex()} has bits that multiplex_mask {over.hex()} has not",
                hint="the value of a page is what the bits of multiplex_mask are",
            )
        if number in pages:
            raise CanConfigError(f"page {value.hex()} is there twice")
        pages[number] = bytes(
            n | b & ~s & 0xFF for n, b, s in zip(number, bits, selector, strict=True)
        )
    return (selector, *pages.values())


def _sized(what: str, value: bytes, size: int) -> bytes:
    """The value with zeros up to the longest data."""
    if not isinstance(value, bytes | bytearray):
        raise CanConfigError(f"{what} must be bytes, not {value!r}", hint='e.g. b"\\xff\\x00\\x0f"')
    if len(value) > size:
        raise CanConfigError(
            f"{what} has {len(value)} bytes, and the frame at most {size}",
            hint="is_fd=True watches CAN FD frames" if size == MAX_DLC else None,
        )
    return bytes(value).ljust(size, b"\0")
