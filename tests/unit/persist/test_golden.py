"""What is written for each family, word by word: tests/golden/persist.

After a change that is meant: .venv/bin/python -m tests.golden.persist_trees
"""

from __future__ import annotations

import shlex

import pytest

from canbus.bringup.persist import plan
from canbus.bringup.persist.files import FOLDERS, SHARED_OWNER, read_head
from canbus.cli.parser import parse
from canbus.cli.request_arguments import request_of
from tests.golden.persist_trees import CASES, TREES, plan_of, read_tree, tree_of
from tests.unit.persist.sites import site


@pytest.mark.parametrize("name", CASES)
def test_the_files_are_those_that_were_looked_at(name, tmp_path):
    assert tree_of(plan_of(CASES[name], tmp_path)) == read_tree(name)


def test_no_golden_folder_is_of_a_case_that_is_gone():
    assert {path.name for path in TREES.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_files_are_where_systemd_and_udev_look_and_know_who_wrote_them(name, tmp_path):
    made = plan_of(CASES[name], tmp_path)
    for file in made.files:
        assert file.path.startswith(FOLDERS)
        head = read_head(file.text)
        assert head is not None
        assert head.owner in {made.link, SHARED_OWNER}
        assert not head.is_edited


@pytest.mark.parametrize("name", CASES)
def test_the_command_in_a_file_writes_the_same_again(name, tmp_path):
    case = CASES[name]
    made = plan_of(case, tmp_path)
    own = [
        head for file in made.files if (head := read_head(file.text)) and head.owner == made.link
    ]
    args = parse(shlex.split(own[0].command)[1:])
    folder = tmp_path / "again"
    there = site(folder, networkd=case.manager == "networkd", **case.facts)
    again = plan(request_of(args), manager=args.manager, way=args.by, site=there)
    assert again == made


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith("-networkd")])
def test_networkd_never_waits_for_a_can_link_to_be_online(name):
    texts = [text for path, text in read_tree(name).items() if path.endswith(".network")]
    assert texts
    assert all("\n[Link]\nRequiredForOnline=no\n" in text for text in texts)


@pytest.mark.parametrize("name", CASES)
def test_nothing_of_python_is_needed_at_boot(name):
    for text in read_tree(name).values():
        lines = [line for line in text.splitlines() if line.startswith("Exec")]
        assert not [line for line in lines if "python" in line or "bin/canbus" in line]
