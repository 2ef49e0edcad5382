"""Every code block that a user reads is run, in order, as the page gives it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from canbus.cli import main
from canbus.links import delete_link, list_links
from tests.docs.bench import Bench
from tests.docs.markdown import ROOT, blocks, pages

UNRUN = {"make", "by-hand"}
"""Words of blocks that are not run: the page says so."""

ids = [str(page.relative_to(ROOT)) for page in pages()]


def run_blocks(
    page: Path, capsys: pytest.CaptureFixture[str], kernel: bool, hardware: bool = False
) -> None:
    """Run the Python and shell blocks of a page; the Python ones share one namespace.

    Those marked `hardware` run in the guest of tests/hardware only; those marked `by-hand` need
    what no guest has (a reboot, a HAT, a system with systemd), and are text for a reader.
    """
    with Bench() as bench:
        _run_blocks(page, kernel, hardware, {"__name__": "__main__", "bench": bench})


def _run_blocks(page: Path, kernel: bool, hardware: bool, namespace: dict[str, object]) -> None:
    for block in blocks(page):
        if ("kernel" in block.words and not kernel) or ("hardware" in block.words and not hardware):
            continue
        if block.language == "python":
            code = "\n" * block.line + block.code
            exec(compile(code, str(page), "exec"), namespace)
        elif block.language == "sh" and not block.words & UNRUN:
            _run_sh(block.code, in_process=hardware)


def _run_sh(code: str, *, in_process: bool) -> None:
    """Run it as sh does; where starting Python takes seconds, `canbus` in this process."""
    if in_process and not re.search(r"[|&;<>$`\\(]", code):
        for line in code.splitlines():
            words = [] if line.startswith("#") else shlex.split(line)
            if words[:1] == ["canbus"]:
                assert main(words[1:]) == 0, line
            elif words:
                subprocess.run(words, check=True)
        return
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-eu", "-c", code], check=True, env={**os.environ, "PATH": path})


def has(page: Path, kernel: bool) -> bool:
    return any(
        block.language in {"python", "sh"}
        and not block.words & UNRUN
        and ("kernel" in block.words) is kernel
        and "hardware" not in block.words
        for block in blocks(page)
    )


@pytest.mark.parametrize("page", [p for p in pages() if has(p, kernel=False)], ids=str)
def test_blocks_that_need_no_kernel_run(page, capsys):
    run_blocks(page, capsys, kernel=False)


@pytest.mark.kernel
@pytest.mark.parametrize("page", [p for p in pages() if has(p, kernel=True)], ids=str)
def test_all_blocks_run_on_a_kernel_with_can(page, capsys):
    before = {link.name for link in list_links()}
    try:
        run_blocks(page, capsys, kernel=True)
    finally:
        for link in list_links():
            if link.name not in before:
                delete_link(link.name)


def test_no_block_is_of_a_kind_that_nobody_checks():
    for page in pages():
        for block in blocks(page):
            where = (page, block.line)
            assert block.language in {"python", "sh", "toml", "text"}, where
            assert block.words <= {"kernel", "hardware", *UNRUN}, where
            assert block.language != "text" or block.words == {"by-hand"}, where


def test_what_is_to_be_done_by_hand_is_right_as_far_as_a_shell_can_tell():
    for page in pages():
        for block in blocks(page):
            if block.language == "sh" and "by-hand" in block.words:
                done = subprocess.run(
                    ["sh", "-n"], input=block.code, text=True, stderr=subprocess.PIPE
                )
                assert done.stderr == "", (page, block.line)


def test_toml_blocks_parse():
    for page in pages():
        for block in blocks(page):
            if block.language == "toml":
                tomllib.loads(block.code)


def test_make_commands_on_the_pages_are_targets_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = [
        word
        for page in pages()
        for block in blocks(page)
        if "make" in block.words
        for word in re.findall(r"^make (\S+)", block.code, re.MULTILINE)
    ]
    assert shown
    assert set(shown) <= targets


def test_links_between_pages_lead_somewhere():
    for page in pages():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)
