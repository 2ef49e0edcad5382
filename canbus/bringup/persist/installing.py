"""install(), installed(), remove(): the files of a plan on a disk, all of them or none.

Only files of ours are replaced or taken away, and only as they were written: one that somebody
has edited is refused. Every file appears under its name when it is complete.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from canbus.bringup.persist.changes import Changes, Report, leads_to, place_of, refused
from canbus.bringup.persist.files import FOLDERS, SHARED_OWNER, Head, PersistedFile, read_head
from canbus.errors import CanConfigError, CanLinkError

if TYPE_CHECKING:
    from canbus.bringup.persist.planning import Plan


@dataclass(frozen=True)
class InstalledFile:
    """A file of ours that is there, or should be.

    Attributes:
        path: below the root.
        state: "intact", "edited", "missing", or "disabled": the link that starts a unit is gone.
    """

    path: str
    state: str


@dataclass(frozen=True)
class Installed:
    """What is kept of one link.

    Attributes:
        link: its name; "intrepid-icsscand" for what those of Intrepid share.
        command: that has written it.
        files: all of them.
    """

    link: str
    command: str
    files: tuple[InstalledFile, ...]

    @property
    def is_intact(self) -> bool:
        """Whether all of it is as it was written."""
        return all(one.state == "intact" for one in self.files)


def installed(root: str = "/") -> list[Installed]:
    """What `install` has written below a root, by link. No right is needed."""
    sets: dict[str, dict[str, str]] = {}
    commands: dict[str, str] = {}
    for path, text, head in _ours(root):
        states = sets.setdefault(head.owner, {})
        commands.setdefault(head.owner, head.command)
        file = PersistedFile(path, text)
        is_enabled = all(leads_to(root, link, path) for link in file.symlinks)
        states[path] = "edited" if head.is_edited else "intact" if is_enabled else "disabled"
        for other in head.together:
            states.setdefault(other, "missing")
    found = {
        path for states in sets.values() for path, state in states.items() if state != "missing"
    }
    return [
        Installed(
            owner,
            commands[owner],
            tuple(
                InstalledFile(path, state)
                for path, state in sorted(states.items())
                if state != "missing" or path not in found  # a shared one is listed by itself
            ),
        )
        for owner, states in sorted(sets.items())
    ]


def install(
    plan: Plan, root: str = "/", *, force: bool = False, report: Report = lambda line: None
) -> tuple[str, ...]:
    """Write the files of a plan; what is so already is left alone, what is no longer of it goes.

    Args:
        plan: of `plan()`.
        root: where.
        force: replace files of ours that somebody has edited.
        report: called with what is done, in words.

    Returns:
        The paths, below the root, that are new, other, or gone.

    Raises:
        CanLinkError: a file is in the way that is not ours, or is edited; or it cannot be written.
            Then all is as it was.
        CanLinkPermissionError: a PermissionError; the rights are missing.
    """
    wanted = {one.path: one.text for one in plan.files}
    old = [path for path in paths_of(plan.link, root) if path not in wanted]
    changes = Changes(root, report)
    for path in [*wanted, *old]:
        _refuse_foreign(root, path, wanted.get(path), force=force)
    try:
        for path in old:
            changes.take_away(path)
        for file in plan.files:
            changes.put(file)
    except BaseException as exc:
        changes.undo(exc)
        raise
    return changes.paths


def check_rights(plan: Plan, root: str = "/") -> None:
    """See before somebody is asked whether the files can be written.

    Raises:
        CanLinkPermissionError: a PermissionError; the rights are missing.
    """
    for file in plan.files:
        place = place_of(root, file.path).parent
        while not place.exists():
            place = place.parent
        if not os.access(place, os.W_OK, effective_ids=True):
            raise refused(
                PermissionError(errno.EACCES, "Permission denied"), f"cannot write {place}"
            )


def remove(
    link: str, root: str = "/", *, force: bool = False, report: Report = lambda line: None
) -> tuple[str, ...]:
    """Take away what was written for a link, and nothing else. The link stays as it is now.

    Args:
        link: its name.
        root: where.
        force: also what somebody has edited.
        report: called with what is done, in words.

    Returns:
        The paths, below the root, that are gone.

    Raises:
        CanConfigError: a ValueError; nothing is kept of such a link.
        CanLinkError: a file is edited, or cannot be removed. Then all is as it was.
        CanLinkPermissionError: a PermissionError; the rights are missing.
    """
    ours = list(_ours(root))
    paths = [path for path, _, head in ours if head.owner == link]
    if not paths:
        names = sorted({head.owner for _, _, head in ours})
        raise CanConfigError(
            f"nothing is kept of {link}",
            hint=f"there is {', '.join(names)}" if names else "canbus persist --list",
        )
    users = sorted({head.owner for _, _, head in ours if set(paths) & set(head.together)} - {link})
    if link == SHARED_OWNER and users:
        raise CanConfigError(
            f"{', '.join(users)} needs it", hint=f"canbus persist --remove {users[0]} first"
        )
    paths += _orphans(link, ours)
    for path in paths:
        _refuse_foreign(root, path, None, force=force)
    changes = Changes(root, report)
    try:
        for path in paths:
            changes.take_away(path)
    except BaseException as exc:
        changes.undo(exc)
        raise
    return changes.paths


def paths_of(link: str, root: str = "/") -> list[str]:
    """The files of ours for a link that are there, below the root."""
    return [path for path, _, head in _ours(root) if head.owner == link]


def _orphans(link: str, ours: list[tuple[str, str, Head]]) -> list[str]:
    """What the link shares with others, if it is the last one that needs it."""
    if link == SHARED_OWNER:
        return []
    shared = {path for path, _, head in ours if head.owner == SHARED_OWNER}
    needed = {one for _, _, head in ours if head.owner != link for one in head.together}
    mine = {one for _, _, head in ours if head.owner == link for one in head.together}
    return sorted((shared & mine) - needed)


def _ours(root: str) -> Iterable[tuple[str, str, Head]]:
    """Path, text and head of each file of ours."""
    for folder in FOLDERS:
        try:
            names = sorted(os.listdir(place_of(root, folder)))  # noqa: PTH208 - names only
        except OSError:
            continue
        for name in names:
            place = place_of(root, folder) / name
            if "canbus-" in name and not place.is_symlink():
                with suppress(OSError):
                    text = place.read_text(encoding="utf-8", errors="replace")
                    head = read_head(text)
                    if head is not None:
                        yield f"{folder}/{name}", text, head


def _refuse_foreign(root: str, path: str, text: str | None, *, force: bool) -> None:
    """See that a file may be replaced by that text, or be taken away."""
    place = place_of(root, path)
    base = Path(root).resolve()
    if not place.parent.resolve().is_relative_to(base):
        raise CanLinkError(
            f"{place.parent} leads out of {root}, to {place.parent.resolve()}",
            hint="is that a link that is meant for the other machine? make it a relative one",
        )
    if place.is_symlink():
        raise CanLinkError(
            f"{place} is a link to {place.readlink()}, and none of ours",
            hint="somebody has masked or replaced it; take it away yourself, if it is not needed",
        )
    if not place.exists():
        return
    try:
        found = place.read_text(encoding="utf-8", errors="replace")
    except OSError as exc:
        raise refused(exc, f"cannot read {place}") from exc
    head = read_head(found)
    if head is None:
        raise CanLinkError(
            f"{place} is there, and canbus has not written it",
            hint=f"look at it; if it is not needed: sudo mv {place} /root/",
        )
    if head.is_edited and found != text and not force:
        raise CanLinkError(
            f"{place} was edited since canbus has written it",
            hint="--force replaces it, or takes it away, all the same",
        )
