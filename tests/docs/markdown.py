"""The code blocks of a Markdown page. No execution here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```(\w+)?([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HIDDEN = re.compile(r"^()<!-- (python|sh)\b([^\n]*)\n(.*?)^-->$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block: its language, the further words of its fence, its code and line."""

    language: str
    words: frozenset[str]
    code: str
    line: int


def pages() -> list[Path]:
    """Every page that a user reads."""
    folders = ("docs", "examples", "scripts")
    return sorted(
        [*ROOT.glob("*.md"), *(one for at in folders for one in ROOT.glob(f"{at}/**/*.md"))]
    )


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order: those in fences, and those in comments.

    A comment is for what a reader has on the table and a test has not, an adapter that is plugged
    in say: `<!-- python hardware`, the code, `-->`.
    """
    text = page.read_text()
    found = [*_FENCE.finditer(text), *_HIDDEN.finditer(text)]
    return [
        Block(
            match[2] or "",
            frozenset(match[3].split()),
            match[4],
            text.count("\n", 0, match.start()) + 1,
        )
        for match in sorted(found, key=lambda match: match.start())
    ]
