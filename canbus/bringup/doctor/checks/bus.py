"""The bus, as the controller's state and counters tell of it: who hears whom, and how well.

What a counter usually means is from ISO 11898-1 (fault confinement): a transmitter that nobody
acknowledges stops counting at 128, in error-passive, and never leaves the bus; one that meets
other errors goes on to 256, which is bus-off.
"""

from __future__ import annotations

from collections.abc import Iterator

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.movement import moved
from canbus.bringup.doctor.restart_step import RestartLink
from canbus.bringup.doctor.system import System
from canbus.link_info import LinkInfo
from canbus.state import CanState

_PASSIVE = 128
_WARNING = 96
_NO_RESTART = frozenset({"gs_usb", "slcan"})  # as in link.py
_RESISTANCE = (
    "# power off, measure between CAN_H and CAN_L: 60 ohm is right, 120 is one terminator, less "
    "than 50 too many or a short"
)


def look(system: System) -> Iterator[Finding]:
    """Each interface that is up and has a controller."""
    for link in system.asked_links:
        if link.is_up and link.state is not None:
            yield from _look(system, link)


def _look(system: System, link: LinkInfo) -> Iterator[Finding]:
    heard = moved(system, link, "rx_packets")
    if link.state is CanState.BUS_OFF or moved(system, link, "restarts"):
        yield from _bus_off(system, link)
    elif not heard and _nobody_acknowledges(link):
        yield _alone(link)
    elif not heard and _hears_nonsense(system, link):
        yield _wrong_bitrate(system, link)
    elif heard and (moved(system, link, "bus_errors") or _is_troubled(link)):
        yield _disturbed(system, link)
    elif _is_troubled(link):
        yield _troubled(link)
    elif system.earlier and not heard:
        yield _silent(link)


def _counters(link: LinkInfo) -> tuple[str, ...]:
    words = [f"state {link.state.name.lower().replace('_', '-')}" if link.state else ""]
    for name, value in (("transmit", link.tx_errors), ("receive", link.rx_errors)):
        if value is not None:
            words.append(f"{name} error counter {value}")
    return (f"{', '.join(filter(None, words))} (netlink)",)


def _movement(system: System, link: LinkInfo, *names: str) -> tuple[str, ...]:
    return tuple(
        f"{name}: {moved(system, link, name):+d} while this was looked at"
        for name in names
        if moved(system, link, name)
    )


def _is_troubled(link: LinkInfo) -> bool:
    return link.state in {CanState.ERROR_WARNING, CanState.ERROR_PASSIVE}


def _nobody_acknowledges(link: LinkInfo) -> bool:
    sent, received = link.tx_errors or 0, link.rx_errors or 0
    return _is_troubled(link) and sent >= _WARNING and sent <= _PASSIVE + 7 and received < _WARNING


def _hears_nonsense(system: System, link: LinkInfo) -> bool:
    if (link.rx_errors or 0) >= _WARNING and (link.tx_errors or 0) < _WARNING:
        return True
    return moved(system, link, "bus_errors") > 0 and not moved(system, link, "tx_packets")


def _bus_off(system: System, link: LinkInfo) -> Iterator[Finding]:
    driver = link.device.driver if link.device is not None else None
    restarts = bool(link.restart_ms)
    again = f"canbus restart {link.name}"
    if driver in _NO_RESTART:
        again = f"canbus down {link.name} && canbus up {link.name}"
    has_restart = not restarts and driver not in _NO_RESTART
    yield Finding(
        name="bus-off-again" if restarts else "bus-off",
        severity=Severity.ERROR,
        what=f"{link.name} is thrown off the bus again and again"
        if restarts
        else f"{link.name} is bus-off, and nothing brings it back",
        evidence=(
            *_counters(link),
            f"restart_ms {link.restart_ms or 0}, bus-off so far: {link.statistics.bus_off} times",
            *_movement(system, link, "bus_off", "restarts", "bus_errors"),
        ),
        meaning="Whatever it sends meets errors: CAN_H and CAN_L are swapped or shorted, the bit "
        "rate is not that of the bus, or there is no terminator at all.",
        commands=(
            _RESISTANCE,
            "# is CAN_H joined to CAN_H, and CAN_L to CAN_L, at every node?",
            f"canbus show {link.name}   # is that the bus's bit rate?",
            *(() if restarts else (again,)),
        ),
        channel=link.name,
        fix=(RestartLink(),) if has_restart else (),
    )


def _alone(link: LinkInfo) -> Finding:
    return Finding(
        name="alone-on-the-bus",
        severity=Severity.ERROR,
        what=f"nobody acknowledges what {link.name} sends: it is alone on the bus",
        evidence=(*_counters(link), f"{link.statistics.rx_packets} frames received in all"),
        meaning="A missing acknowledgement is the one error that counts no further than 128. No "
        "other node is connected or switched on, all others run at another bit rate or only "
        "listen, or one of the two wires is open.",
        commands=(
            "# is another node connected, powered, up, and not listen-only?",
            _RESISTANCE,
            f"canbus show {link.name}   # do both have this bit rate?",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _wrong_bitrate(system: System, link: LinkInfo) -> Finding:
    return Finding(
        name="wrong-bitrate",
        severity=Severity.ERROR,
        what=f"{link.name} hears a bus and understands nothing: its bit rate is another",
        evidence=(
            *_counters(link),
            f"it runs at {link.bitrate or 'an unknown number of'} bit/s",
            *_movement(system, link, "bus_errors", "rx_errors", "error_passive"),
        ),
        meaning="Errors come and no frame does. As a rule the bit rate is wrong; with a HAT the "
        "crystal in config.txt may be; a bus of CAN FD looks the same to a classic controller.",
        commands=(f"canbus detect {link.name}", f"canbus up {link.name} --bitrate 250k"),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _disturbed(system: System, link: LinkInfo) -> Finding:
    return Finding(
        name="disturbed-bus",
        severity=Severity.WARNING,
        what=f"{link.name} receives frames, and errors among them",
        evidence=(*_counters(link), *_movement(system, link, "rx_packets", "bus_errors")),
        meaning="Most nodes understand each other: one is faulty or has another bit rate or sample "
        "point, a terminator is missing, or the cable is too long for the bit rate.",
        commands=(
            _RESISTANCE,
            "# unplug one node after the other until the errors stop",
            f"canbus stats {link.name} --interval 1",
        ),
        likelihood=Likelihood.LIKELY,
        channel=link.name,
    )


def _troubled(link: LinkInfo) -> Finding:
    unknown = link.tx_errors is None and link.rx_errors is None
    return Finding(
        name="error-passive" if link.state is CanState.ERROR_PASSIVE else "error-warning",
        severity=Severity.ERROR if link.state is CanState.ERROR_PASSIVE else Severity.WARNING,
        what=f"{link.name} has met many errors, and no frame came while this was looked at",
        evidence=(
            *_counters(link),
            *(("its driver does not tell the error counters",) if unknown else ()),
        ),
        meaning="Nobody acknowledges what it sends, or what it hears makes no sense: it is alone, "
        "has another bit rate, or a wire is open.",
        commands=(
            "# is another node connected, powered and up?",
            _RESISTANCE,
            f"canbus detect {link.name}",
        ),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )


def _silent(link: LinkInfo) -> Finding:
    ever = link.statistics.rx_packets
    return Finding(
        name="quiet-bus" if ever else "silent-bus",
        severity=Severity.NOTE if ever else Severity.WARNING,
        what=f"nothing comes in on {link.name}, and there are no errors either",
        evidence=(*_counters(link), f"{ever} frames received in all"),
        meaning="Nobody sends just now."
        if ever
        else "Nobody sends; or CAN_H or CAN_L is open, so that nothing is heard at all.",
        commands=(
            "# is another node sending? is the plug in, and on the right channel?",
            f"canbus dump {link.name}",
            _RESISTANCE,
        ),
        likelihood=Likelihood.POSSIBLE,
        channel=link.name,
    )
