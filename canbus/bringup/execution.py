"""Running the steps of a bring-up: in order, with progress, all or nothing. Knows no step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from canbus.bringup.steps import Context, Step, Undo
from canbus.errors import CanError
from canbus.link_info import LinkInfo
from canbus.links.plan import Refusal


class Outcome(NamedTuple):
    """What a bring-up has done.

    Attributes:
        link: the link as it is now.
        done: what was done, in words; empty if all was so already.
        refused: settings that the link does not take.
    """

    link: LinkInfo
    done: tuple[str, ...]
    refused: tuple[Refusal, ...]


def execute(steps: Sequence[Step], context: Context) -> Outcome:
    """Do what is to be done; what is done already is left alone.

    Args:
        steps: in order.
        context: of this bring-up; told of everything that is done.

    Raises:
        CanError: a step failed; those before it were undone, in reverse.
    """
    link: list[LinkInfo] = []

    def look() -> None:
        found = context.find()
        if found is None:
            raise CanError(f"{context.link} vanished while it was set up")
        link.append(found)

    perform(steps, context, look)
    return Outcome(link[0], tuple(context.done), tuple(context.refused))


def perform(
    steps: Sequence[Step], context: Context, check: Callable[[], None] = lambda: None
) -> None:
    """As `execute`, where no link need be there afterwards.

    Args:
        steps: in order.
        context: told of everything that is done.
        check: looks whether it is as it should be; what it raises undoes all.

    Raises:
        CanError: a step failed; those before it were undone, in reverse.
    """
    undoing: list[tuple[Step, Undo]] = []
    try:
        for step in steps:
            if step.is_done(context):
                continue
            if not step.tells_itself:
                context.tell(step.explain())
            undo = step.run(context)
            if undo is not None:
                undoing.append((step, undo))
        check()
    except BaseException as exc:  # Ctrl-C, too: nothing is left half done
        _undo_all(undoing, exc)
        raise


def _undo_all(undoing: list[tuple[Step, Undo]], failure: BaseException) -> None:
    for step, undo in reversed(undoing):
        try:
            undo()
        except CanError as exc:
            failure.add_note(f"could not be undone: {step.explain()}: {exc}")


def shell_lines(steps: Sequence[Step], context: Context) -> list[str]:
    """All that is to be done as lines for sh, each step with a comment in front.

    What is known not to be taken is in `context.refused` afterwards.
    """
    lines = []
    for step in steps:
        context.refused += step.refusals(context)
        commands = step.commands(context)
        if commands:
            lines += [f"# {step.explain()}", *commands]
    return lines
