"""PersistedFile: a file that `canbus persist` writes, and how it is known again. No file is opened.

The first lines say for which link it is, by which command it came, and what belongs to it, and
have a digest of all the rest: so a file of ours that somebody has edited since is told from one
that is as it was written, without a list that could get lost.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

_MARK = "# Written by canbus persist for "
_TOGETHER = "# Together with: "
_DIGEST = "# As written: "
_HEAD = re.compile(
    rf"{re.escape(_MARK)}(?P<owner>\S+): (?P<command>[^\n]*)\n"
    rf"(?P<notes>(?:# [^\n]*\n)*?){re.escape(_DIGEST)}(?P<digest>[0-9a-f]{{16}})\n"
)
_WANTED_BY = re.compile(r"^WantedBy=(\S+)$", re.MULTILINE)

UNITS = "/etc/systemd/system"
NETWORK = "/etc/systemd/network"
RULES = "/etc/udev/rules.d"
MODULES = "/etc/modules-load.d"
FOLDERS = (UNITS, NETWORK, RULES, MODULES)
"""Where our files are, and nowhere else."""

SHARED_OWNER = "intrepid-icsscand"
"""Of what several links share. Longer than the name of any link: no link can be called so."""


@dataclass(frozen=True)
class PersistedFile:
    """A file as it shall be.

    Attributes:
        path: below the root, beginning with "/".
        text: all of it.
    """

    path: str
    text: str

    @property
    def symlinks(self) -> tuple[str, ...]:
        """Where `systemctl enable` would make links to it, below the root."""
        if not self.path.startswith(f"{UNITS}/"):
            return ()
        name = self.path.rpartition("/")[2]
        return tuple(f"{UNITS}/{who}.wants/{name}" for who in _WANTED_BY.findall(self.text))


class Head(NamedTuple):
    """What the first lines of a file of ours say.

    Attributes:
        owner: name of the link that it is for; SHARED_OWNER for what several links share.
        command: that has written it, with "canbus".
        together: paths of the files that belong to it.
        is_edited: it is not as it was written.
    """

    owner: str
    command: str
    together: tuple[str, ...]
    is_edited: bool


class Part(NamedTuple):
    """A file before it has a head.

    Attributes:
        path: below the root, beginning with "/".
        body: what it is for; ends in a newline.
        is_shared: others than this link need it, too.
    """

    path: str
    body: str
    is_shared: bool = False


def with_heads(parts: Iterable[Part], owner: str, command: str) -> tuple[PersistedFile, ...]:
    """The files, each with its head.

    Args:
        parts: in the order in which they are shown.
        owner: name of the link.
        command: that writes them.
    """
    listed = list(parts)
    paths = [part.path for part in listed]
    return tuple(
        _shared(part)
        if part.is_shared
        else _make(part, owner, command, [path for path in paths if path != part.path])
        for part in listed
    )


def _shared(part: Part) -> PersistedFile:
    """The same for whichever link it was written."""
    return _make(part, SHARED_OWNER, "canbus persist intrepid", [])


def _make(part: Part, owner: str, command: str, together: list[str]) -> PersistedFile:
    advice = f"# Changed by doing that again, taken away by: canbus persist --remove {owner}\n"
    if part.is_shared:
        advice = "# Taken away with the last of the links that need it.\n"
    head = f"{_MARK}{owner}: {command}\n{advice}"
    head += "".join(f"{_TOGETHER}{path}\n" for path in together)
    return PersistedFile(part.path, f"{head}{_DIGEST}{_digest(head, part.body)}\n{part.body}")


def read_head(text: str) -> Head | None:
    """What a file says of itself; None if it is not ours."""
    found = _HEAD.match(text)
    if found is None:
        return None
    head = text[: found.start("digest") - len(_DIGEST)]
    together = [
        line.removeprefix(_TOGETHER)
        for line in found["notes"].splitlines()
        if line.startswith(_TOGETHER)
    ]
    is_edited = found["digest"] != _digest(head, text[found.end() :])
    return Head(found["owner"], found["command"], tuple(together), is_edited)


def body_of(text: str) -> str:
    """A file of ours without its head."""
    found = _HEAD.match(text)
    return text if found is None else text[found.end() :]


def _digest(head: str, body: str) -> str:
    return hashlib.sha256((head + body).encode()).hexdigest()[:16]


def section(name: str, *lines: str) -> str:
    """One section of a unit or of networkd's files; lines that are empty are left out."""
    return "\n".join((f"[{name}]", *filter(None, lines))) + "\n"


def sections(*parts: str) -> str:
    """Sections below each other; empty ones are left out."""
    return "\n".join(part for part in parts if part)
