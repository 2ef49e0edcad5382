"""ReconnectPolicy: how soon, how often and how long to try to have a channel back."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from canbus.errors import CanConfigError


@dataclass(frozen=True)
class ReconnectPolicy:
    """How a lost channel is had back.

    The first try is at once. Where the system tells that a link has changed there is another
    at once, too; the delays are for what nobody tells of.

    Args:
        first_delay: seconds from the first try to the second.
        factor: each delay is so many times the one before.
        max_delay: seconds; no delay is longer.
        give_up_after: seconds from the loss, after which every call raises the first error;
            None never gives up.
        restart_bus_off: restart a controller that is bus-off, `first_delay` after it went off.
            On a link that needs CAP_NET_ADMIN. Otherwise it is waited for until somebody
            else does (`restart_ms` of the link, for instance).

    Raises:
        CanConfigError: a ValueError; one of them makes no sense.
    """

    first_delay: float = 0.1
    factor: float = 2.0
    max_delay: float = 5.0
    give_up_after: float | None = None
    restart_bus_off: bool = True

    def __post_init__(self) -> None:
        if not (isfinite(self.first_delay) and self.first_delay > 0):
            raise _wrong("first_delay", self.first_delay, "a number of seconds above 0")
        if not (isfinite(self.factor) and self.factor >= 1):
            raise _wrong("factor", self.factor, "1 or more")
        if not (isfinite(self.max_delay) and self.max_delay >= self.first_delay):
            raise _wrong("max_delay", self.max_delay, "first_delay or more seconds")
        if self.give_up_after is not None and not self.give_up_after >= 0:
            raise _wrong("give_up_after", self.give_up_after, "a number of seconds, or None")


def _wrong(name: str, value: object, wanted: str) -> CanConfigError:
    return CanConfigError(f"ReconnectPolicy: {name}={value!r} must be {wanted}")


class BackOff:
    """The delays of one bus, one after the other.

    A channel that is lost again before the next delay would have passed was not really back: the
    delays go on growing then, rather than begin anew.

    Args:
        policy: says how long they are.
    """

    def __init__(self, policy: ReconnectPolicy) -> None:
        self._policy = policy
        self._delay = policy.first_delay
        self._back_at: float | None = None

    def lost(self, now: float) -> bool:
        """The channel is lost; whether it had been really back, or never lost, before."""
        if self._back_at is not None and now - self._back_at < self._delay:
            return False
        self._delay = self._policy.first_delay
        return True

    def next(self) -> float:
        """Seconds to wait before the next try."""
        delay = self._delay
        self._delay = min(delay * self._policy.factor, self._policy.max_delay)
        return delay

    def back(self, now: float) -> None:
        """The channel is back."""
        self._back_at = now
