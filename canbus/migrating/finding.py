"""Finding: a line that needs a thought, and Rule: why. Values only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple


class Rule(NamedTuple):
    """One difference that can be seen in source.

    Attributes:
        name: short, for `--json` and to look for.
        row: of the tables in docs/from-python-can.md: its first cell, word for word.
        why: what differs.
        do: what to do about it.
    """

    name: str
    row: str
    why: str
    do: str


class Finding(NamedTuple):
    """A line that a rule points at.

    Attributes:
        line: from 1.
        column: from 1.
        rule: which.
        about: what it is there, to stand before `rule.why`; "" if that says all.
        text: the line itself.
    """

    line: int
    column: int
    rule: Rule
    about: str = ""
    text: str = ""

    @property
    def why(self) -> str:
        """What differs, at this place."""
        return f"{self.about}: {self.rule.why}" if self.about else self.rule.why


Findings = Iterator[Finding]


def at(node: ast.expr | ast.stmt, rule: Rule, about: str = "") -> Finding:
    """A finding where a piece of source begins."""
    return Finding(node.lineno, node.col_offset + 1, rule, about)
