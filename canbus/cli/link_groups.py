"""All about one link, as groups of labelled values with units. What is not known is left out."""

from __future__ import annotations

from canbus.cli.link_words import (
    Row,
    clock_words,
    controller_words,
    counter_rows,
    error_counter_rows,
    has_unknown_bitrate,
    plain,
    rate_words,
)
from canbus.link_info import LinkDevice, LinkInfo, LinkTiming, TimingLimits

Group = tuple[str, list[Row]]


def link_groups(info: LinkInfo) -> list[Group]:
    """The groups that have something in them, each with its title."""
    groups = [
        ("link", _link(info)),
        ("state", _state(info)),
        ("bit timing", _arbitration(info)),
        ("bit timing of the data phase", _timing(info.data_bit_timing)),
        ("limits", _limits(info, "")),
        ("limits of the data phase", _limits(info, "data_")),
        ("modes", _modes(info)),
        ("restart", _restart(info)),
        ("termination", _termination(info)),
        ("counters since it was made", counter_rows(info)),
        ("device", _device(info.device)),
    ]
    return [group for group in groups if group[1]]


def _link(info: LinkInfo) -> list[Row]:
    frames = "classic CAN"
    frames += ", CAN FD" if info.fd else ""
    frames += ", CAN XL" if info.xl else ""
    return _known(
        ("index", info.index),
        ("kind", info.kind),
        ("frames", f"{frames} (MTU {info.mtu})"),
        ("queue length", f"{info.txqueuelen} frames"),
        ("queue discipline", info.qdisc and plain(info.qdisc)),
        ("alias", info.alias and plain(info.alias)),
        ("peer", info.peer and f"interface {info.peer}, in its own network namespace"),
    )


def _state(info: LinkInfo) -> list[Row]:
    rows = _known(
        ("up", _yes(info.is_up)),
        ("carrier", None if info.has_carrier is None else _yes(info.has_carrier)),
        ("controller", None if info.state is None else controller_words(info.state)),
    )
    return rows + error_counter_rows(info)


def _arbitration(info: LinkInfo) -> list[Row]:
    rows = _timing(info.bit_timing)
    if rows or info.kind != "can":
        return rows
    return [("bit rate", "unknown" if has_unknown_bitrate(info) else "not set")]


def _timing(timing: LinkTiming | None) -> list[Row]:
    if timing is None or not timing.is_known:
        return []
    rows = [("bit rate", rate_words(timing.bitrate))]
    if timing.tq:  # drivers with a list of bit rates keep the rest to themselves
        rows += [
            ("sample point", f"{timing.sample_point:g} %"),
            ("time quantum", f"{timing.tq} ns"),
            ("propagation segment", _quanta(timing.prop_seg)),
            ("phase segment 1", _quanta(timing.phase_seg1)),
            ("phase segment 2", _quanta(timing.phase_seg2)),
            ("jump width (sjw)", _quanta(timing.sjw)),
            ("prescaler", str(timing.brp)),
        ]
    return rows


def _limits(info: LinkInfo, prefix: str) -> list[Row]:
    limits: TimingLimits | None = getattr(info, f"{prefix}bit_timing_limits")
    choices: tuple[int, ...] = getattr(info, f"{prefix}bitrate_choices")
    rows: list[tuple[str, object]] = [("bit rates", ", ".join(map(rate_words, choices)))]
    if not prefix:
        rows.append(("clock", clock_words(info.clock) if info.clock else None))
        if info.bitrate_max:
            rows.append(("transceiver", f"up to {rate_words(info.bitrate_max)}"))
    if limits is not None:
        rows += [
            ("controller", plain(limits.name)),
            ("before the sample point", f"{limits.tseg1_min} to {_quanta(limits.tseg1_max)}"),
            ("after the sample point", f"{limits.tseg2_min} to {_quanta(limits.tseg2_max)}"),
            ("jump width (sjw)", f"up to {_quanta(limits.sjw_max)}"),
            ("prescaler", f"{limits.brp_min} to {limits.brp_max} in steps of {limits.brp_inc}"),
        ]
    return _known(*rows)


def _modes(info: LinkInfo) -> list[Row]:
    if info.kind != "can":  # then nobody has said that there are none
        return []
    supported = info.supported_modes
    return _known(
        ("on", ", ".join(sorted(info.modes)) or "none"),
        ("the driver has", None if supported is None else ", ".join(sorted(supported)) or "none"),
    )


_WITHOUT_RESTART = frozenset({"gs_usb"})
"""Netlink does not say; no do_set_mode in drivers/net/can/usb/gs_usb.c."""


def _restart(info: LinkInfo) -> list[Row]:
    if info.restart_ms is None:
        return []
    how = "by `canbus restart` only"
    if info.restart_ms:
        how = f"by itself in {info.restart_ms} ms"
    elif info.device is not None and info.device.driver in _WITHOUT_RESTART:
        how = "by taking it down and up: its driver has no restart"
    return [("after bus-off", how)]


def _termination(info: LinkInfo) -> list[Row]:
    return _known(
        ("switched in", None if info.termination is None else _ohms(info.termination)),
        ("can be", ", ".join(map(_ohms, info.termination_choices))),
    )


def _device(device: LinkDevice | None) -> list[Row]:
    if device is None:
        return []
    rows = _known(
        ("driver", device.driver),
        ("bus", device.bus),
        ("path", device.path),
        ("USB id", device.usb_id),
        ("serial number", device.serial_number),
        ("product", device.product),
        ("channel", device.channel),
    )
    return [(label, plain(text)) for label, text in rows]


def _known(*rows: tuple[str, object]) -> list[Row]:
    """Those that have a value."""
    return [(label, str(value)) for label, value in rows if value is not None and value != ""]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _quanta(number: int) -> str:
    return "1 quantum" if number == 1 else f"{number} quanta"


def _ohms(number: int) -> str:
    return f"{number} ohms" if number else "none"
