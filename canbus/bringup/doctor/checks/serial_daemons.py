"""slcand, and what `canbus up serial` keeps running: dead, or alive and without its adapter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from canbus.bringup.doctor.finding import Finding, Likelihood, Severity
from canbus.bringup.doctor.hardware import SerialAdapter, serial_adapters
from canbus.bringup.doctor.system import Process, System
from canbus.bringup.keeper_files import SYSTEM

SLCAND = {"slcand", "slcan_attach"}
_WITH_VALUE = re.compile(r"-[a-zA-Z]*[sStb]")  # the options of slcand whose value may follow
_CAME, _WENT = (
    re.compile(r"^\S+: slcan on (\w+)\.?$"),
    re.compile(r"^(\S+)[^:]*: slcan off (\w+)\.?$"),
)


def look(system: System) -> Iterator[Finding]:
    """Each daemon, and each that is missing."""
    daemons = [one for one in system.processes if one.name in SLCAND]
    for process in daemons:
        yield from _without_tty(system, process)
    kept = list(_states(system))
    for name, state in kept:
        yield from _kept(system, name, state)
    if not daemons and not kept and not system.asked_links:
        yield from _ended(system)


def _without_tty(system: System, process: Process) -> Iterator[Finding]:
    folder = f"/proc/{process.pid}/fd"
    opened = [system.target(f"{folder}/{fd}") for fd in system.names(folder)]
    gone = [one for one in opened if one.startswith("/dev/") and one.endswith(" (deleted)")]
    named = tty_of(system, process)
    if (
        not gone
        and named
        and named.startswith("tty")
        and not system.exists(f"/sys/class/tty/{named}")
    ):
        gone = [f"/dev/{named}: there is no /sys/class/tty/{named}"]
    if gone and system.names("/sys/class/tty"):
        now = serial_adapters(system)
        yield Finding(
            name="slcand-holds-dead-port",
            severity=Severity.ERROR,
            what=f"slcand (process {process.pid}) holds a port whose adapter was unplugged",
            evidence=(f"process {process.pid}: {' '.join(process.words)}"[:100], gone[0]),
            meaning="It does not notice that the adapter is gone. Plugged in again, that gets "
            "another number, as the old one is in use, and nobody makes an interface of it.",
            commands=(f"sudo kill {process.pid}", *_up(now)),
        )


def tty_of(system: System, process: Process) -> str | None:
    """The tty that a slcand was started for; None where its command line does not tell."""
    words = iter(process.words[1:])
    for word in words:
        if _WITH_VALUE.fullmatch(word):
            next(words, None)
        elif not word.startswith("-"):
            path = word if word.startswith("/dev/") else f"/dev/{word}"
            target = system.target(path)  # of a link of udev's, by-id say
            return (target or path).rpartition("/")[2]
    return None


def _states(system: System) -> Iterator[tuple[str, dict[str, Any]]]:
    """What keepers of root's have noted: of those that run, and of those that were killed."""
    for name in system.names(str(SYSTEM)):
        if name.endswith(".json"):
            try:
                state = json.loads(system.text(f"{SYSTEM}/{name}"))
            except (ValueError, RecursionError):
                continue
            if isinstance(state, dict) and isinstance(state.get("pid"), int):
                yield name.removesuffix(".json"), state


def _kept(system: System, name: str, state: dict[str, Any]) -> Iterator[Finding]:
    if system.channel not in {None, name}:
        return
    care = state.get("care")
    what = str(care.get("what") if isinstance(care, dict) else "a daemon")[:80]
    last = system.lines(f"{SYSTEM}/{name}.log")[-2:]
    where = f"{SYSTEM}/{name}.json"
    if not system.exists(f"/proc/{state['pid']}"):
        yield Finding(
            name="keeper-dead",
            severity=Severity.ERROR,
            what=f"{name} is no longer kept up: what did so was killed",
            evidence=(f"{where}: {what}, process {state['pid']}, which is gone", *last),
            meaning="canbus kept a daemon running for it. Both are gone, and its interface, too.",
            commands=("# the same `canbus up ... --name " + name + "` again",),
        )
    elif not state.get("links") and not any(link.name == name for link in system.links):
        yield Finding(
            name="keeper-waits",
            severity=Severity.ERROR,
            what=f"{name} waits for its adapter: {what}",
            evidence=(f"{where}: no interface at the moment", *last),
            meaning="canbus brings it up by itself once the adapter is plugged in, and answers.",
            commands=(f"# plug it in; if it is: tail {SYSTEM}/{name}.log",),
            channel=name,
        )


def _ended(system: System) -> Iterator[Finding]:
    """A slcand that the kernel's log tells of, whose adapter is still there."""
    adapters = {one.tty: one for one in serial_adapters(system)}
    ended: dict[str, tuple[str, str]] = {}
    for line in system.kernel_log or ():
        came, went = _CAME.search(line), _WENT.search(line)
        if came:
            ended.pop(came[1], None)
        elif went:
            ended[went[2]] = went[1], line
    for tty, (name, line) in ended.items():
        if tty in adapters:
            yield Finding(
                name="slcand-ended",
                severity=Severity.ERROR,
                what=f"slcand made an interface of /dev/{tty}, and has ended",
                evidence=(line, str(adapters[tty]), "no process slcand"),
                meaning="The interface goes with slcand: killed, its terminal or service ended, or "
                "the adapter was plugged in anew.",
                commands=_up([adapters[tty]]),
                likelihood=Likelihood.LIKELY
                if system.channel in {None, name}
                else Likelihood.POSSIBLE,
            )


def _up(adapters: list[SerialAdapter]) -> tuple[str, ...]:
    port = f"/dev/{adapters[0].tty}" if adapters else "/dev/ttyACM0"
    return (f"sudo canbus up serial {port} --bitrate 500k",)
