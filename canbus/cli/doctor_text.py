"""What `canbus doctor` has found, as lines to read. Nothing is looked at or printed here."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from canbus.cli.link_words import plain

if TYPE_CHECKING:
    from canbus.bringup.doctor import Finding

_LABEL = 8  # characters; what is said comes after it
_LEAST, _MOST = 50, 100  # characters of a line that can be read


def finding_lines(finding: Finding, width: int) -> Iterator[str]:
    """One finding: its cause, then what was seen, what that means, and what to do.

    Args:
        finding: of `run()`.
        width: of the terminal, in characters. Commands are never broken: they are to be copied.
    """
    width = min(max(width, _LEAST), _MOST)
    yield from _block(finding.severity.name, [f"{_cause(finding)}  [{_tag(finding)}]"], width)
    yield from _block("  seen", finding.evidence, width)
    yield from _block("  means", [finding.meaning] if finding.meaning else [], width)
    label = "  do"
    for command in finding.commands:
        is_by_hand = command.startswith("#")
        parts = _wrapped(command.lstrip("# "), width - 2) if is_by_hand else [plain(command)]
        for part in parts:
            yield f"{label:{_LABEL}}{'# ' if is_by_hand else ''}{part}"
            label = ""
    if finding.fix:
        where = f" {plain(finding.channel)}" if finding.channel else ""
        yield f"{'':{_LABEL}}# or let it be done: sudo canbus doctor{where} --fix"


def summary_line(found: list[Finding]) -> str:
    """Say "1 error, 2 notes: begin with the first one", or that all is well."""
    from canbus.bringup.doctor import Severity

    counts = []
    for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE):
        number = sum(finding.severity is severity for finding in found)
        if number:
            counts.append(f"{number} {severity.name.lower()}{'s' if number > 1 else ''}")
    worst = max(finding.severity for finding in found)
    if worst is Severity.OK:
        return "nothing is wrong"
    if worst is Severity.NOTE:
        return f"{', '.join(counts)}: nothing is wrong"
    is_one = sum(finding.severity > Severity.NOTE for finding in found) == 1
    return ", ".join(counts) + ("" if is_one else ": begin with the first one, then look again")


def _cause(finding: Finding) -> str:
    """With the interface in front, unless it is named anyway."""
    if finding.channel is None or finding.channel in finding.what:
        return finding.what
    return f"{finding.channel}: {finding.what}"


def _tag(finding: Finding) -> str:
    """The name, and how sure it is where it is not."""
    from canbus.bringup.doctor import Likelihood, Severity

    is_sure = finding.likelihood is Likelihood.CERTAIN
    if is_sure or finding.severity < Severity.WARNING:
        return finding.name
    return f"{finding.name}, {finding.likelihood.name.lower()}"


def _block(label: str, texts: list[str] | tuple[str, ...], width: int) -> Iterator[str]:
    for text in texts:
        for part in _wrapped(text, width):
            yield f"{label:{_LABEL}}{part}"
            label = ""


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(plain(text), width - _LABEL, break_long_words=False, break_on_hyphens=False) or [""]
