"""The code blocks of the pages that need emulated controllers: the fence says `hardware`."""

from __future__ import annotations

import pytest

from tests.docs.bench import machine_as_new
from tests.docs.markdown import blocks, pages
from tests.docs.test_pages import run_blocks

PAGES = [page for page in pages() if any("hardware" in block.words for block in blocks(page))]


@pytest.mark.timeout(400)  # each command starts Python, which takes seconds in the guest
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_all_blocks_run(page, capsys):
    with machine_as_new():
        run_blocks(page, capsys, kernel=True, hardware=True)
