"""Evidence: what was heard at one bit rate; and the tally that gathers it. No I/O, no verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from canbus.codecs.error_frame import CAN_ERR_DLC, decode_error_frame
from canbus.codecs.phantom_error import phantom_error
from canbus.error_flags import ControllerProblem, ErrorClass, ProtocolViolation
from canbus.error_frame import ErrorFrame
from canbus.link_info import LinkInfo
from canbus.message import Message
from canbus.state import CanState

_VIOLATIONS = {
    ProtocolViolation.STUFF: "stuff",
    ProtocolViolation.FORM: "form",
    ProtocolViolation.BIT: "bit",
    ProtocolViolation.BIT0: "bit",
    ProtocolViolation.BIT1: "bit",
    ProtocolViolation.OVERLOAD: "overload",
}
_LEVELS = {ControllerProblem.RX_WARNING: "warning", ControllerProblem.RX_PASSIVE: "passive"}
"""Those of the receiver: of what cannot be sent, the bit rate is not the usual cause."""

_WORSE = frozenset({CanState.ERROR_WARNING, CanState.ERROR_PASSIVE})
_WARNING = 96
"""The error counter at which a controller warns (ISO 11898-1)."""

_PEAK = {"peak_usb", "pcan_usb"}
"""How its driver calls itself in sysfs, and in what it can do (pcan_usb.c)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was heard at one bit rate, at one visit.

    Attributes:
        bitrate: bit/s.
        seconds: that were listened.
        data_frames: frames that other nodes sent, and that came whole.
        error_frames: reports of an error on the wire, or of a worse state of the receiver.
        kinds: how many of these told of each kind: "stuff", "form", "bit", "overload",
            "unspecified", "warning", "passive".
        bus_errors: how many the driver has counted meanwhile; None if it does not count.
        rx_errors: the controller's receive error counter at the end; None if it is not told.
        rx_errors_risen: by how much that rose at least, as the counter or the state shows.
        state: of the controller, at the end; None if it is not told.
    """

    bitrate: int
    seconds: float = 0.0
    data_frames: int = 0
    error_frames: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    bus_errors: int | None = None
    rx_errors: int | None = None
    rx_errors_risen: int = 0
    state: CanState | None = None

    @property
    def errors(self) -> int:
        """How many errors these are; the three ways to tell of one are not added up."""
        return max(self.error_frames, self.bus_errors or 0, self.rx_errors_risen)


class Tally:
    """Gathers evidence of one visit.

    Args:
        bitrate: bit/s.
        link: as it was when listening began.
        is_fresh: it was brought up just now, only to listen: then it is error-active, with its
            counters at zero, unless it has received errors since.
    """

    def __init__(self, bitrate: int, link: LinkInfo, *, is_fresh: bool = False) -> None:
        self._is_fresh = is_fresh
        self._bitrate = bitrate
        self._before = self._now = link
        self._kinds: Counter[str] = Counter()
        self._data_frames = self._error_frames = 0
        names = {link.device.driver if link.device is not None else None}
        names |= {link.bit_timing_limits.name if link.bit_timing_limits is not None else None}
        self._has_phantoms = bool(names & _PEAK)

    def hear(self, frames: Iterable[Message]) -> None:
        """Count frames. What programs of this machine send proves nothing, and is passed over."""
        for msg in frames:
            error = self._error_of(msg)
            if error is not None:
                kinds = set(_kinds_of(error))
                self._kinds.update(kinds)
                self._error_frames += bool(kinds)
            elif msg.is_rx and not msg.is_error_frame:
                self._data_frames += 1

    def look(self, link: LinkInfo) -> None:
        """Take what the kernel tells of the link now."""
        self._now = link

    def evidence(self, seconds: float) -> Evidence:
        """All of it, by now."""
        before, now = self._before, self._now
        bus_errors = _difference(before.statistics.bus_errors, now.statistics.bus_errors)
        risen = _difference(before.rx_errors, now.rx_errors)
        return Evidence(
            bitrate=self._bitrate,
            seconds=seconds,
            data_frames=self._data_frames,
            error_frames=self._error_frames,
            kinds=dict(self._kinds),
            bus_errors=bus_errors,
            rx_errors=now.rx_errors,
            rx_errors_risen=max(0, risen or 0, _WARNING if self._has_warned() else 0),
            state=now.state,
        )

    def _has_warned(self) -> bool:
        """Whether it is known to have counted that far: not all drivers tell the counters."""
        is_worse = self._is_fresh and self._now.state in _WORSE
        return is_worse or any(word in self._kinds for word in _LEVELS.values())

    def _error_of(self, msg: Message) -> ErrorFrame | None:
        if not msg.is_error_frame:
            return phantom_error(msg) if self._has_phantoms else None
        # Programs can send others than the kernel's own (over the loopback of a link).
        return decode_error_frame(msg) if len(bytes(msg)) == CAN_ERR_DLC else None


def _kinds_of(error: ErrorFrame) -> Iterable[str]:
    """What an error frame tells that a wrong bit rate may be the cause of; maybe nothing.

    Not so: overflows, a lost arbitration, what cannot be sent, a restart, a better state.
    """
    if error.classes & ErrorClass.CONTROLLER:
        yield from (word for bit, word in _LEVELS.items() if error.controller & bit)
    if error.classes & (ErrorClass.PROTOCOL | ErrorClass.BUS_ERROR):
        words = [word for bit, word in _VIOLATIONS.items() if error.protocol & bit]
        yield from words or ["unspecified"]


def _difference(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None else now - before
