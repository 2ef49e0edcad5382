"""A controller in the words of findings: its counters as evidence, and what to measure."""

from __future__ import annotations

from canbus.link_info import LinkInfo

_RESISTANCE = (
    "# power off, measure between CAN_H and CAN_L: 60 ohm is right; 120: one of the two "
    "terminators is missing; much more: both, or an open wire; less than 50: too many, or a short"
)


def counter_evidence(link: LinkInfo) -> tuple[str, ...]:
    """State and error counters: "state error-passive, transmit error counter 128 (netlink)"."""
    words = []
    if link.state is not None:
        words.append(f"state {link.state.name.lower().replace('_', '-')}")
    for name, value in (("transmit", link.tx_errors), ("receive", link.rx_errors)):
        if value is not None:
            words.append(f"{name} error counter {value}")
    if link.tx_errors is None and link.rx_errors is None:
        words.append("the driver does not tell the error counters")
    return (f"{', '.join(words)} (netlink)",)


def check_the_wire(link: LinkInfo) -> tuple[str, ...]:
    """What to measure; and the adapter's own terminator, if it has one that is off."""
    if link.termination == 0 and any(link.termination_choices):
        ohms = max(link.termination_choices)
        switch = f"canbus up {link.name} --termination {ohms}"
        return (_RESISTANCE, f"{switch}   # the adapter's own, if it is at an end of the cable")
    return (_RESISTANCE,)
