"""`canbus up` and `down` on virtual interfaces of a real kernel."""

from __future__ import annotations

import subprocess

import pytest

from canbus import links
from canbus.cli import main
from canbus.errors import CanLinkNotFoundError

NAME = "vcanup0"


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    if NAME in [link.name for link in links.list_links()]:
        links.delete_link(NAME)


def run(capsys, *words):
    status = main(list(words))
    said = capsys.readouterr()
    return status, said.out.splitlines(), said.err.splitlines()


def test_it_is_made_brought_up_and_removed_by_down(capsys):
    assert run(capsys, "up", NAME)[:2] == (
        0,
        [f"make the virtual interface {NAME}", f"bring {NAME} up", f"{NAME} is up"],
    )
    assert links.get_link(NAME).is_up
    assert run(capsys, "up", NAME)[:2] == (0, [f"{NAME} is up as asked, nothing to do"])
    assert run(capsys, "down", NAME)[:2] == (0, [f"{NAME} is removed"])
    with pytest.raises(CanLinkNotFoundError):
        links.get_link(NAME)
    status, _, complaints = run(capsys, "down", NAME)
    assert status == 1
    assert f"there is no interface {NAME}" in complaints[0]


def test_one_that_somebody_else_made_is_only_taken_down(capsys):
    subprocess.run(["ip", "link", "add", "dev", NAME, "type", "vcan"], check=True)
    assert run(capsys, "up", NAME)[0] == 0
    assert run(capsys, "down", NAME)[:2] == (0, [f"{NAME} is down"])
    assert not links.get_link(NAME).is_up


@pytest.mark.parametrize("words", [(), ("--no-fd",), ("--xl", "--txqueuelen", "99")])
def test_the_commands_of_a_dry_run_do_the_same_in_sh(capsys, words):
    _, lines, _ = run(capsys, "up", NAME, *words, "--dry-run")
    assert NAME not in [link.name for link in links.list_links()]
    done = subprocess.run(["sh", "-e"], input="\n".join(lines), text=True, capture_output=True)
    assert done.stderr == ""
    by_hand = links.get_link(NAME)
    links.delete_link(NAME)
    assert run(capsys, "up", NAME, *words)[0] == 0
    ours = links.get_link(NAME)
    assert (ours.mtu, ours.txqueuelen, ours.is_up) == (
        by_hand.mtu,
        by_hand.txqueuelen,
        by_hand.is_up,
    )


def test_a_bit_rate_is_reported_as_refused_and_it_comes_up(capsys):
    status, _, complaints = run(capsys, "up", NAME, "--bitrate", "500k")
    assert status == 0
    assert complaints == [
        f"canbus: warning: {NAME}: bitrate=500000 was refused: a vcan link has no controller"
    ]


def test_an_interface_that_is_not_can_is_left_alone(capsys):
    for words in (("up", "lo"), ("down", "lo")):
        status, _, complaints = run(capsys, *words)
        assert status == 1
        assert len(complaints) == 2, complaints
