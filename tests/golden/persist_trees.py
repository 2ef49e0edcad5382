"""What `canbus persist` writes for each family and manager, as folders in tests/golden/persist.

.venv/bin/python -m tests.golden.persist_trees     writes them anew

Links that start units are lines of the file `symlinks`, what is said and run lines of `told`.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from canbus.bringup import Request
from canbus.bringup.persist import Plan, plan
from canbus.link_config import LinkConfig
from tests.unit.persist.sites import CANDLELIGHT, HAT, PCAN, channel_files, serial_files, site

TREES = Path(__file__).with_name("persist")


class Case(NamedTuple):
    """A request, and the machine that it is for."""

    request: Request
    facts: dict[str, Any]
    manager: str


def _link(**facts: Any) -> dict[str, Any]:
    name = str(facts.get("name", "can0"))
    return {"link": [{"name": name, "is_up": False, **facts}], "files": channel_files(name)}


_TO_500K = LinkConfig(bitrate=500_000, up=True)
_HSCAN = {
    "link": [
        {
            "name": "can0",
            "alias": "hscan_61777",
            "is_up": False,
            "limits": None,
            "bitrate_choices": (125_000, 250_000, 500_000, 1_000_000),
        }
    ]
}
_PAIRS: dict[str, tuple[Request, dict[str, Any]]] = {
    "can0": (Request(target="can0", config=_TO_500K), {}),
    "pcan": (
        Request(
            target="pcan",
            config=LinkConfig(
                bitrate=250_000, sample_point=87.5, restart_ms=100, txqueuelen=1000, up=True
            ),
        ),
        _link(device=PCAN),
    ),
    "candlelight": (
        Request(
            target="candlelight",
            name="can_front",
            config=LinkConfig(bitrate=1_000_000, termination=120, txqueuelen=128, up=True),
        ),
        _link(device=CANDLELIGHT),
    ),
    "pihat": (
        Request(
            target="pihat",
            name="can_hat",
            config=LinkConfig(
                bitrate=500_000,
                sample_point=80,
                data_bitrate=2_000_000,
                fd=True,
                berr_reporting=True,
                restart_ms=200,
                up=True,
            ),
        ),
        _link(device=HAT),
    ),
    "intrepid": (Request(target="intrepid", name="can_hs", config=_TO_500K), _HSCAN),
    "vcan": (Request(target="vcan0", config=LinkConfig(fd=True, txqueuelen=50, up=True)), {}),
}
CASES = {
    f"{name}-{manager}": Case(request, facts, manager)
    for name, (request, facts) in _PAIRS.items()
    for manager in ("networkd", "unit")
} | {
    "serial-usb": Case(
        Request(target="serial", port="/dev/ttyACM0", name="can0", config=_TO_500K),
        serial_files(),
        "unit",
    ),
    "serial-uart": Case(
        Request(
            target="serial",
            port="/dev/ttyAMA0",
            name="slcan0",
            config=LinkConfig(bitrate=125_000, listen_only=True, up=True),
            options={"tty_baudrate": 1_000_000},
        ),
        {},
        "unit",
    ),
}


def plan_of(case: Case, root: Path) -> Plan:
    """What is planned, on its machine; `root` is an empty folder."""
    return plan(case.request, site=site(root, networkd=case.manager == "networkd", **case.facts))


def tree_of(made: Plan) -> dict[str, str]:
    """The texts of a golden folder by path in it."""
    tree = {file.path.lstrip("/"): file.text for file in made.files}
    links = [f"{link} -> {file.path}" for file in made.files for link in file.symlinks]
    tree["symlinks"] = "".join(f"{line}\n" for line in links)
    told = [
        *(f"note: {note}" for note in made.notes),
        *(" ".join(words) for words in made.commands),
    ]
    tree["told"] = "".join(f"{line}\n" for line in told)
    return {path: text for path, text in tree.items() if text}


def read_tree(name: str) -> dict[str, str]:
    """The texts of a golden folder as they are on disk."""
    folder = TREES / name
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_all() -> None:
    """Write all folders anew."""
    shutil.rmtree(TREES, ignore_errors=True)
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as root:
            tree = tree_of(plan_of(case, Path(root)))
        for path, text in tree.items():
            place = TREES / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)


if __name__ == "__main__":
    write_all()
