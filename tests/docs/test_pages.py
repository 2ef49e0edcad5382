"""Every code block that a user reads is run, in order, as the page gives it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from canbus.links import delete_link, list_links
from tests.docs.markdown import ROOT, blocks, pages

ids = [str(page.relative_to(ROOT)) for page in pages()]


def run_blocks(
    page: Path, capsys: pytest.CaptureFixture[str], kernel: bool, hardware: bool = False
) -> None:
    """Run the Python and shell blocks of a page; the Python ones share one namespace.

    Those marked `hardware` run in the guest of tests/hardware only.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        if ("kernel" in block.words and not kernel) or ("hardware" in block.words and not hardware):
            continue
        if block.language == "python":
            code = "\n" * block.line + block.code
            exec(compile(code, str(page), "exec"), namespace)
        elif block.language == "sh" and "make" not in block.words:
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            subprocess.run(
                ["sh", "-eu", "-c", block.code], check=True, env={**os.environ, "PATH": path}
            )


def has(page: Path, kernel: bool) -> bool:
    return any(
        block.language in {"python", "sh"}
        and "make" not in block.words
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
            assert block.language in {"python", "sh", "toml"}, (page, block.line)
            assert block.words <= {"kernel", "hardware", "make"}, (page, block.line)


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
