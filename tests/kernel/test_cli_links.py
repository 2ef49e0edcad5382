"""`canbus list`, `show`, `stats`, `watch` and `restart` as processes, on real virtual links."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import canbus as can
from canbus import links
from canbus.cli.link_facts import link_facts

CHECKOUT = Path(__file__).parents[2]
CANBUS = (sys.executable, "-m", "canbus")
TIMEOUT = 60  # seconds; only a failure takes that long

# A user without any right, but for reading this checkout, wherever it is.
NO_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


def canbus(*words: str, rights: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*(() if rights else NO_RIGHTS), *CANBUS, *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*CANBUS, *words],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    """The next line; for `watch` without the time, which is two words."""
    assert process.stdout is not None
    text = process.stdout.readline()
    assert text, process.communicate()
    return text.rstrip("\n")


def text(process: subprocess.Popen[str]) -> str:
    return line(process).split("  ", 1)[1]


def test_list_needs_no_right_and_shows_links_that_are_down(vcan):
    links.set_down(vcan)
    with links.temporary_vcan() as other:
        words = ("ip", "link", "set", other.name, "alias", "two words")
        subprocess.run(words, check=True)
        done = canbus("list", rights=False)
        assert done.returncode == 0
        assert done.stderr.startswith("hint: `canbus doctor ")
        assert vcan in done.stderr
        rows = {row.split()[0]: row.split(maxsplit=1)[1] for row in done.stdout.splitlines()}
        assert rows[vcan].split("  ") == ["vcan", "down", "no bit rate"]
        assert "up" in rows[other.name]
        assert rows[other.name].endswith('alias "two words"')


def test_list_and_show_as_json_are_what_the_library_says(vcan):
    listed = json.loads(canbus("list", "--json", rights=False).stdout)
    assert listed == [link_facts(link) for link in links.list_links()]
    shown = json.loads(canbus("show", vcan, "--json", rights=False).stdout)
    assert shown == link_facts(links.get_link(vcan))


def test_show_has_what_a_virtual_link_has(vcan):
    done = canbus("show", vcan, rights=False)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{vcan}: up\n")
    assert re.search(r"^  kind +vcan$", done.stdout, re.MULTILINE)
    assert "classic CAN, CAN FD (MTU 72)\n" in done.stdout
    assert "bit rate" not in done.stdout


def test_where_there_is_no_link_list_says_what_to_check():
    done = subprocess.run(
        ["unshare", "--net", *CANBUS, "list"], cwd=CHECKOUT, capture_output=True, text=True,
        timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "no CAN interface was found" in done.stderr


def test_an_unknown_name_and_one_that_is_not_can(vcan):
    done = canbus("show", f"{vcan}x")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"canbus: there is no interface {vcan}x [Error Code 19]\n" in done.stderr
    assert f"hint: did you mean {vcan}? " in done.stderr
    done = canbus("show", "lo")
    assert (done.returncode, done.stdout) == (1, "")
    assert "canbus: lo is not a CAN interface" in done.stderr


def test_stats_count_the_frames_that_were_sent(vcan, open_bus):
    bus = open_bus()
    for _ in range(3):
        bus.send(can.Message.parse("123#1122"), 1)
    rows = canbus("stats", vcan, rights=False).stdout.splitlines()
    assert rows[0] == f"{vcan}: up"
    assert "  frames sent                3" in rows
    assert "  bytes sent                 6" in rows
    (facts,) = json.loads(canbus("stats", vcan, "--json").stdout)
    assert facts["statistics"]["tx_packets"] == 3


def test_stats_of_an_interval_are_the_frames_sent_in_it(vcan, open_bus):
    """The sums are exact whenever the frames are sent."""
    bus = open_bus()
    with running("stats", vcan, "--interval", "0.05", "--json") as process:
        line(process)  # from now on all are counted
        for _ in range(7):
            bus.send(can.Message.parse("123#1122"), 1)
        total = 0
        while total < 7:
            facts = json.loads(line(process))
            moved = facts["differences"]["tx_packets"]
            assert facts["rates"]["tx_packets"] == pytest.approx(moved / facts["seconds"])
            total += moved
        assert total == 7
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, complaints) == (130, "")


def test_stats_end_with_an_error_when_the_link_goes():
    with (
        links.temporary_vcan() as link,
        running("stats", link.name, "--interval", "0.05") as process,
    ):
        line(process)
        links.delete_link(link.name)
        _, complaints = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1
        assert complaints.startswith(f"canbus: {link.name} is gone\n")


def test_watch_tells_of_a_link_going_down_and_up_and_away_at_once():
    with links.temporary_vcan() as link, running("watch", link.name) as process:
        name = link.name
        assert text(process) == f"{name}: vcan, up, no bit rate"
        links.set_down(name)
        assert text(process) == f"{name}: down"
        links.set_up(name)
        assert text(process) == f"{name}: up"
        links.delete_link(name)
        assert text(process) == f"{name}: gone"
        links.create_vcan(name)
        assert text(process).startswith(f"{name}: appeared")
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=TIMEOUT)
        assert (process.returncode, complaints) == (130, "")


def test_watch_waits_for_a_link_that_is_not_there(vcan):
    name = f"{vcan}w"
    with running("watch", name, "--json") as process:
        assert json.loads(line(process))["kind"] == "absent"
        with links.temporary_vcan(name):
            facts = json.loads(line(process))
            assert (facts["kind"], facts["name"], facts["before"]) == ("appeared", name, None)
            assert facts["after"]["kind"] == "vcan"


def test_watch_ends_after_its_timeout(vcan):
    done = canbus("watch", vcan, "--timeout", "0.1", rights=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("rights", [True, False])
def test_what_cannot_be_restarted_is_an_error_and_a_hint(vcan, rights):
    done = canbus("restart", vcan, rights=rights)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"canbus: cannot restart {vcan}: a vcan link has no controller")
    assert "\nhint: " in done.stderr
