"""The files of a new backend: their names, where they go, and writing all of them or none.

The texts are in the folder backend_template, with `$name` and the like in them.
"""

from __future__ import annotations

import re
import tempfile
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import NamedTuple

from canbus.errors import CanConfigError, CanError

TEXTS = {
    "pyproject.toml": "pyproject.toml.in",
    "README.md": "README.md.in",
    "$module/__init__.py": "__init__.py.in",
    "$module/bus.py": "bus.py.in",
    "tests/test_conformance.py": "test_conformance.py.in",
}
"""Where each text goes."""

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_LONGEST = 40


class Names(NamedTuple):
    """What is called how.

    Attributes:
        name: the backend: `interface=`.
        distribution: what pip installs.
        module: what is imported.
        bus: the class.
    """

    name: str
    distribution: str
    module: str
    bus: str


def names_for(name: str) -> Names:
    """All names that follow from that of the backend.

    Raises:
        CanConfigError: it is no name for a backend, or one that is taken; says which would do.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        near = "-".join(re.findall(r"[a-z0-9]+", name.lower())).lstrip("0123456789-")[:_LONGEST]
        raise CanConfigError(
            f"{name!r} cannot be the name of a backend: small letters, digits, and single - or _ "
            f"between them; a letter first; at most {_LONGEST}",
            hint=f"{near.rstrip('-')!r} would do" if near else "name it after the device: mydongle",
        )
    _check_free(name)
    words = re.split("[-_]", name)
    bus = "".join(word[0].upper() + word[1:] for word in words) + "Bus"
    return Names(name, f"canbus-{'-'.join(words)}", f"canbus_{'_'.join(words)}", bus)


def _check_free(name: str) -> None:
    """Two of one name could not be told apart, so that neither could be used."""
    from canbus.registry import list_backends

    for row in list_backends():
        if row.name == name:
            raise CanConfigError(
                f"there is a backend {name!r} already ({row.source}), and two of one name cannot "
                "be used",
                hint=f"{f'my-{name}'!r} would do",
            )


def place_for(names: Names, into: Path) -> Path:
    """The folder to make.

    Raises:
        CanConfigError: there is no folder to make it in, or something is there already.
    """
    if not into.is_dir():
        raise CanConfigError(f"--into {into}: there is no such folder", hint="mkdir it first")
    place = into / names.distribution
    if place.is_symlink() or place.exists():
        raise CanConfigError(
            f"{place} is there already, and nothing is overwritten",
            hint="choose another NAME or --into, or move it away",
        )
    return place


def write(names: Names, place: Path) -> list[Path]:
    """Write all files, or none.

    Returns:
        Their paths.

    Raises:
        CanError: they cannot be written; it says why.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".new-backend-", dir=place.parent) as beside:
            draft = Path(beside) / "draft"
            draft.mkdir()
            written = [_write_one(names, draft, *each) for each in TEXTS.items()]
            draft.rename(place)  # refused if somebody has made it meanwhile, and put something in
    except OSError as exc:
        raise CanError(
            f"{place} cannot be written: {exc.strerror}", exc.errno, hint="try another --into"
        ) from exc
    return [place / path for path in written]


def _write_one(names: Names, folder: Path, where: str, text: str) -> Path:
    values = names._asdict()
    path = Path(Template(where).substitute(values))
    template = files("canbus.cli").joinpath("backend_template", text).read_text("utf-8")
    whole = folder / path
    whole.parent.mkdir(exist_ok=True)
    whole.write_text(Template(template).substitute(values), "utf-8")
    return path
