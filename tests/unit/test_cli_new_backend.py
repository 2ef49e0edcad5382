"""`canbus new-backend`: what it writes can be installed anywhere, and its tests pass."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import venv
from fnmatch import fnmatch
from pathlib import Path

import pytest

from canbus.cli import main
from canbus.cli.backend_files import TEXTS, names_for
from tests.unit.plugins import ROOT
from tests.unit.test_example_plugin import needs_setuptools

BAD_NAMES = {
    "Dongle": "'dongle'",
    "my dongle": "'my-dongle'",
    "9lives": "'lives'",
    "a--b": "'a-b'",
    "x-": "'x'",
    "": "mydongle",
    "x" * 41: "'" + "x" * 40 + "'",
    "python-can:pcan": "'python-can-pcan'",
    "slcan": "'my-slcan'",
    "../up": "'up'",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused_and_a_good_one_near_it_is_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-backend", "--into", str(tmp_path), "--", name]) == 2
    err = capsys.readouterr().err
    assert repr(name) in err
    assert BAD_NAMES[name] in err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x", "usb2can", "my-dongle", "my_dongle2"])
def test_the_names_that_follow(name: str) -> None:
    names = names_for(name)
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*Bus", names.bus)
    assert names.module.isidentifier()
    assert names.distribution == f"canbus-{name.replace('_', '-')}"


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path.symlink_to("nowhere")])
def test_nothing_is_overwritten(make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path / "canbus-mine")
    before = list(tmp_path.rglob("*"))
    assert main(["new-backend", "mine", "--into", str(tmp_path)]) == 2
    assert "there already" in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == before


def test_a_folder_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-backend", "mine", "--into", str(tmp_path / "gone")]) == 2
    assert "mkdir" in capsys.readouterr().err


def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TEXTS, "$module/deeper/and_deeper/bus.py", "bus.py.in")
    assert main(["new-backend", "mine", "--into", str(tmp_path)]) == 1
    assert "cannot be written: No such file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command has written."""
    into = tmp_path_factory.mktemp("into")
    assert main(["new-backend", "my-dongle", "--into", str(into)]) == 0
    return into / "canbus-my-dongle"


def test_the_files_are_named_and_nothing_of_the_template_is_left(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(str(path.relative_to(written)) for path in written.rglob("*") if path.is_file())
    assert files == [
        "README.md",
        "canbus_my_dongle/__init__.py",
        "canbus_my_dongle/bus.py",
        "pyproject.toml",
        "tests/test_conformance.py",
    ]
    for path in files:
        text = (written / path).read_text()
        assert "$" not in text
        assert "my-dongle" in text or "my_dongle" in text
        if path.endswith(".py"):
            assert ast.get_docstring(ast.parse(text))
    project = tomllib.loads((written / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["canbus.backends"] == {
        "my-dongle": "canbus_my_dongle"
    }


def test_the_template_is_installed_with_the_library() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["canbus"]
    for text in TEXTS.values():
        assert any(fnmatch(f"cli/backend_template/{text}", pattern) for pattern in patterns)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory, written: Path) -> Path:
    """The interpreter of a fresh environment with the package, and with what it needs."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    if not python.exists():
        python = home / "Scripts" / "python.exe"
    (site,) = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").split()
    # pytest, setuptools and canbus itself are those of here: nothing is fetched.
    ours = [path for path in sys.path if path.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({path!r})" for path in ours] + [str(ROOT)]
    (Path(site) / "ours.pth").write_text("\n".join(lines))
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    _run(python, "-m", "pip", "install", *options, str(written))
    return python


def _run(python: Path, *words: str, cwd: Path | None = None) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [python, *words],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout


@needs_setuptools
def test_it_is_listed_and_opened_by_its_name(python: Path) -> None:
    listed = _run(python, "-m", "canbus", "backends").splitlines()
    assert any(line.split()[:2] == ["my-dongle", "canbus-my-dongle"] for line in listed)
    code = "import canbus as can; can.Bus('a', interface='my-dongle', rx_queue_size=5).shutdown()"
    assert _run(python, "-W", "error", "-c", code) == ""


@needs_setuptools
def test_its_tests_pass_as_they_are(python: Path, written: Path) -> None:
    out = _run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=written)
    passed = re.search(r"(\d+) passed", out)
    assert passed
    assert int(passed[1]) > 200
