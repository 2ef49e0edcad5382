"""A file's source, and every check on it, in the order of its lines."""

from __future__ import annotations

import ast
import io
import re
import tokenize

from canbus.errors import CanConfigError
from canbus.migrating import frames, imports, listening, opening, use
from canbus.migrating.finding import Finding
from canbus.migrating.names import names_of

_CHECKS = (imports.check, opening.check, frames.check, use.check, listening.check)


def findings_in(source: str | bytes, name: str = "<source>") -> list[Finding]:
    """The lines that need a thought.

    Args:
        source: of a Python file; bytes where its own first lines name its encoding.
        name: of the file, for errors.

    Raises:
        CanConfigError: it is no Python that this Python can read.
    """
    try:
        tree = ast.parse(source, name)
    except (SyntaxError, ValueError) as exc:  # ValueError: null bytes
        where = f"{name}:{exc.lineno}" if isinstance(exc, SyntaxError) else name
        raise CanConfigError(f"{where}: not Python: {exc.args[0]}") from exc
    names = names_of(tree)
    if not names.modules:
        return []  # not a word of CAN
    found = {one for check in _CHECKS for one in check(tree, names)}
    # As Python counts lines, which form feeds and the like do not end.
    lines = re.split("\r\n|\r|\n", source if isinstance(source, str) else _decoded(source))
    return [
        one._replace(text=lines[one.line - 1].strip())
        for one in sorted(found, key=lambda one: (one.line, one.column, one.rule.name))
    ]


def _decoded(source: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return source.decode(encoding)
