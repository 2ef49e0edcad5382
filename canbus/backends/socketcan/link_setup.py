"""The link under a bus: is it set up as the user says, or shall it be? Before any socket is open.

What has to be done to a link is decided in canbus.links; here, what a bus makes of the answer.
Imported only where a bus is opened with such a setting.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from canbus.link_config import LinkConfig, without
from canbus.link_info import LinkInfo
from canbus.links import Applied, LinkStep, apply, get_link, plan
from canbus.links.plan import VIRTUAL, unsupported
from canbus.plugin import (
    CanChannelNotFoundError,
    CanConfigError,
    CanError,
    CanInitializationError,
    CanLinkError,
    CanLinkNotFoundError,
    CanLinkPermissionError,
    CanPermissionError,
    CanUnsupportedError,
)
from canbus.warn import warn

_BIT_TIMING = {"bitrate": "bitrate", "sample_point": "sample_point", "sjw": "sjw"}
_BIT_TIMING_FD = {
    "nom_bitrate": "bitrate",
    "nom_sample_point": "sample_point",
    "nom_sjw": "sjw",
    "data_bitrate": "data_bitrate",
    "data_sample_point": "data_sample_point",
    "data_sjw": "data_sjw",
}
_OF_THE_BIT = frozenset(_BIT_TIMING_FD.values())


def link_settings(timing: object, **settings: object) -> dict[str, object]:
    """What is asked of the link: the settings that are given, and those of a timing object.

    Args:
        timing: python-can's BitTiming or BitTimingFd, or anything with their attributes.
        settings: names of `LinkConfig`; None where nothing is asked.

    Raises:
        CanConfigError: a ValueError; `timing` has no bit rate, or another one than is given.
    """
    asked = {name: value for name, value in settings.items() if value is not None}
    if timing is None:
        return asked
    for name, value in _timing_settings(timing).items():
        if asked.get(name, value) != value:
            raise CanConfigError(f"{name}={asked[name]!r} and timing ({value!r}) contradict")
        asked[name] = value
    return asked


def check_link(channel: str, asked: dict[str, object]) -> None:
    """Raise unless the link is set up as asked; warn where the kernel does not know.

    Raises:
        CanConfigError: a ValueError; it is set up otherwise; both are named.
        CanChannelNotFoundError: there is no such interface.
        CanUnsupportedError: `listen_only`, and it has no such mode.
    """
    wanted = LinkConfig(**asked)  # type: ignore[arg-type]  # it checks each
    shown = ", ".join(f"{name}={value!r}" for name, value in asked.items())
    if not channel:
        warn(f"{shown} not verified: a bus on all interfaces has no link of its own")
        return
    with _as_opening(channel):
        link = get_link(channel)
        open_to_doubt = _not_verifiable(link, wanted)
        verifiable = without(wanted, *open_to_doubt)
        differences = [step for step in plan(link, verifiable) if step.settings]
    if "listen_only" in open_to_doubt:
        raise CanUnsupportedError(f"{channel} has no listen_only: {open_to_doubt['listen_only']}")
    if open_to_doubt:
        warn(f"{channel}: {_doubts(open_to_doubt, asked)}")
    if differences:
        raise _mismatch(link, asked, differences)


def _doubts(found: dict[str, str], asked: dict[str, object]) -> str:
    """One sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in found.items():
        reasons.setdefault(why, []).append(f"{name}={asked[name]!r}")
    return "; ".join(f"{', '.join(names)} not verified: {why}" for why, names in reasons.items())


def _not_verifiable(link: LinkInfo, wanted: LinkConfig) -> dict[str, str]:
    """Settings that the kernel can say nothing about, and why: {name: why}."""
    found = {refusal.setting: refusal.why for refusal in unsupported(link, wanted)}
    timing = link.bit_timing
    is_known = link.bit_timing_limits is not None or (timing is not None and timing.is_known)
    if not is_known and link.kind not in VIRTUAL:
        why = "its driver does not tell the kernel (under slcand, the serial line has it)"
        found |= {name: why for name, _ in wanted.given() if name in _OF_THE_BIT}
    return found


def configure_link(channel: str, asked: dict[str, object]) -> Applied:
    """Set the link up as asked, and bring it up; warn of what its driver refuses.

    Raises:
        CanConfigError: a ValueError; a setting makes no sense, or one that it needs is missing.
        CanPermissionError: no CAP_NET_ADMIN.
        CanChannelNotFoundError: there is no such interface.
        CanInitializationError: the kernel refuses; says why, and what the controller can do.
    """
    if not channel:
        raise CanConfigError(
            "configure=True needs a bus on one interface, not on all",
            hint='open it with channel="can0"',
        )
    with _as_opening(channel):
        done = apply(channel, LinkConfig(**asked, up=True))  # type: ignore[arg-type]
    for refusal in done.refused:
        warn(f"{channel}: {refusal.setting}={refusal.value!r} was {refusal.outcome}: {refusal.why}")
    return done


def _timing_settings(timing: object) -> dict[str, object]:
    """What python-can's BitTiming and BitTimingFd say; their clock is the controller's own here."""
    for names in (_BIT_TIMING, _BIT_TIMING_FD):
        if hasattr(timing, next(iter(names))):
            found = {ours: getattr(timing, theirs, None) for theirs, ours in names.items()}
            break
    else:
        raise CanConfigError(
            f"timing={timing!r} has no bit rate", hint="BitTiming and BitTimingFd have"
        )
    if getattr(timing, "nof_samples", 1) == 3:
        found["triple_sampling"] = True
    return {name: value for name, value in found.items() if value is not None}


def _mismatch(
    link: LinkInfo, asked: dict[str, object], differences: list[LinkStep]
) -> CanConfigError:
    changes = {name for step in differences for name, _ in step.settings}
    wrong = [name for name in asked if name in changes and _in_force(link, name) != asked[name]]
    texts = [f"{name} is {_in_force(link, name)}, not {asked[name]!r}" for name in wrong]
    words = " ".join(_option(name, asked[name]) for name in wrong)
    return CanConfigError(
        f"{link.name} is set up otherwise: {'; '.join(texts)}",
        hint=f"Bus(..., configure=True) sets it, with the right to; or: canbus up {link.name} "
        f"{words}",
    )


def _option(name: str, value: object) -> str:
    """How `canbus up` is told of a setting."""
    word = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{word}" if value else f"--no-{word}"
    return f"--{word} {value}"


def _in_force(link: LinkInfo, name: str) -> object:
    """What a setting is now, in the words of the argument."""
    if name.endswith(("sample_point", "sjw")):
        timing = link.data_bit_timing if name.startswith("data_") else link.bit_timing
        if timing is None or not timing.is_known:
            return "not set"
        return timing.sample_point if name.endswith("point") else timing.sjw
    if name in {"bitrate", "data_bitrate", "restart_ms"}:
        value = getattr(link, name)
        return "not set" if value is None else value
    return name in link.modes


@contextmanager
def _as_opening(channel: str) -> Iterator[None]:
    """Errors of the link as those of opening a bus; what is no link at all is told then."""
    try:
        yield
    except CanLinkError as exc:
        raise _opening_error(channel, exc) from exc


def _opening_error(channel: str, exc: CanLinkError) -> CanError:
    kind: type[CanError] = CanInitializationError
    if isinstance(exc, CanLinkNotFoundError):
        kind = CanChannelNotFoundError
    elif isinstance(exc, CanLinkPermissionError):
        kind = CanPermissionError
    text = str(exc).split(" [Error Code")[0]
    return kind(f"{channel}: {text}", exc.error_code, hint=exc.hint)
