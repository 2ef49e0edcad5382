"""fix(): do what a finding says may be done, and nothing else. What is safe, the checks decide."""

from __future__ import annotations

from collections.abc import Callable

from canbus.bringup.doctor.finding import Finding
from canbus.bringup.execution import perform
from canbus.bringup.machine import Machine
from canbus.bringup.steps import Context


def fix(
    finding: Finding,
    report: Callable[[str], None] = lambda line: None,
    machine: Machine | None = None,
) -> tuple[str, ...]:
    """Mend what was found.

    Args:
        finding: of `run()`; one without `fix` is left alone.
        report: called with what is done, in words.
        machine: where; None for this one.

    Returns:
        What was done, in words; nothing if it was so already.

    Raises:
        CanLinkError: it failed; what was done for this finding was undone.
        CanLinkPermissionError: a PermissionError; a right is missing, it says which.
    """
    context = Context(machine or Machine(), link=finding.channel, report=report)
    perform(finding.fix, context)
    return tuple(context.done)
