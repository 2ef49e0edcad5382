"""supervise(): opens a channel that is had back when it is lost. How is supervision/'s."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from canbus.bus import BusABC
from canbus.errors import CanConfigError
from canbus.interface import Bus
from canbus.supervision import Gap, ReconnectPolicy, SupervisedBus


def supervise(
    channel: Any = None,
    interface: str | None = None,
    *,
    policy: ReconnectPolicy | None = None,
    on_gap: Callable[[Gap], object] | None = None,
    reopen: Callable[[], BusABC] | None = None,
    **options: Any,
) -> SupervisedBus:
    """Open a channel, or take an open bus, and have the channel back whenever it is lost.

    Args:
        channel: what to open, as of `can.Bus`; or an open bus, which is shut down with this one.
        interface: name of the backend.
        policy: how soon, how often and how long to try; None: `ReconnectPolicy()`.
        on_gap: called with each gap when it is over, or was given up, by a thread of the bus.
        reopen: opens the bus anew; needed for an open bus whose backend has no `reopen()`.
            With arguments of `can.Bus` it is opened by them.
        **options: the others of `can.Bus`.

    Returns:
        A bus. Its subscriptions, filters, cyclic tasks, watches and answers go on after a gap.

    Raises:
        CanConfigError: a ValueError; options for a bus that is open, or `policy` is none.
        CanUnsupportedError: this open bus cannot be opened anew.
        CanError: as `can.Bus`: nothing is waited for in the beginning.
    """
    if policy is not None and not isinstance(policy, ReconnectPolicy):
        raise CanConfigError(f"policy={policy!r} must be a ReconnectPolicy")
    policy = policy or ReconnectPolicy()
    if isinstance(channel, BusABC):
        if interface is not None or options:
            given = ", ".join(["interface"] * (interface is not None) + list(options))
            raise CanConfigError(
                f"{channel} is open already: it cannot be given {given}",
                hint="give supervise() the arguments of can.Bus, and no bus",
            )
        return SupervisedBus(channel, policy, reopen, on_gap=on_gap)
    again = partial(Bus, channel, interface, **options)
    bus = again()
    try:
        sets_up = bool(options.get("configure")) and reopen is None
        return SupervisedBus(bus, policy, reopen or again, sets_up=sets_up, on_gap=on_gap)
    except BaseException:
        bus.shutdown()
        raise
