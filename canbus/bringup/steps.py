"""Step: one thing to do to bring an adapter up. Shown, explained, done, undone, repeated.

The shape of a step only. The kinds that every family uses are in common_steps.py, what one
family alone needs is in its own file; running them is execution.py's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from shlex import quote

from canbus.bringup.machine import Machine
from canbus.link_info import LinkInfo
from canbus.links.plan import Refusal

Undo = Callable[[], None]
Report = Callable[[str], None]

UNKNOWN_LINK = "$LINK"
"""What a link is called in commands for sh before its name is known."""


@dataclass
class Context:
    """What the steps of one bring-up share.

    Attributes:
        machine: where it happens.
        link: name of the link, as soon as it is known.
        refused: settings that the link did not take.
        report: called with what is done, in words.
        done: all of that.
    """

    machine: Machine
    link: str | None = None
    refused: list[Refusal] = field(default_factory=list)
    report: Report = lambda line: None
    done: list[str] = field(default_factory=list)

    def tell(self, line: str) -> None:
        """Say what is done."""
        self.done.append(line)
        self.report(line)

    def find(self) -> LinkInfo | None:
        """The link as it is now, if it is there."""
        found = [link for link in self.machine.list_links() if link.name == self.link]
        return found[0] if found else None

    @property
    def shell_name(self) -> str:
        """The link's name for sh."""
        return f'"{UNKNOWN_LINK}"' if self.link is None else quote(self.link)


class Step(ABC):
    """One thing to do."""

    @abstractmethod
    def explain(self) -> str:
        """In words: "load the kernel module peak_usb"."""

    @abstractmethod
    def commands(self, context: Context) -> list[str]:
        """The same for sh, a line each; nothing if it is done already."""

    @abstractmethod
    def run(self, context: Context) -> Undo | None:
        """Do it, and say how to undo it; None if there is nothing to undo.

        Raises:
            CanError: it failed; nothing of it is left behind.
        """

    def is_done(self, context: Context) -> bool:
        """Whether there is nothing to do."""
        return not self.commands(context)

    def refusals(self, context: Context) -> list[Refusal]:
        """Settings that are known beforehand not to be taken; most steps have none."""
        del context
        return []

    @property
    def tells_itself(self) -> bool:
        """Whether `run` tells what it does, rather than `explain` beforehand."""
        return False
